package pipeline

import (
	"runtime"
	"runtime/debug"
)

// giveBackFrom is from how much memory on it is worth the time to give it back.
const giveBackFrom = 256 << 20

// manyRows are so many that the engine needs memory to sort them.
const manyRows = 1 << 22

// giveBack gives the memory that Go keeps for later use back to the system.
func giveBack() {
	var m runtime.MemStats
	if runtime.ReadMemStats(&m); m.HeapSys-m.HeapReleased >= giveBackFrom {
		debug.FreeOSMemory()
	}
}
