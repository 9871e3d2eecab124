package intake

import (
	"fmt"
	"runtime"
)

// guard is the one boundary at which a crash of the reading code (ours or a
// library's) becomes the refusal of one file, so that the batch goes on. Only a
// runtime error is quoted: any other value might hold bytes of the file.
func guard(f func() error) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case refusal: // of an allocator, which has no other way out
			err = v
		case runtime.Error:
			err = refusal(fmt.Sprintf("reader crash: %s", v.Error()))
		default:
			err = refusal("reader crash")
		}
	}()
	return f()
}
