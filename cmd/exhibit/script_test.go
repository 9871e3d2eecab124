package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// asExhibit in the environment makes the test binary the program itself, so
// that a test can kill it.
const asExhibit = "EXHIBIT_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asExhibit) != "" {
		main()
	}
	testscript.Main(m, map[string]func(){
		"exhibit": func() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// Every verb as its users meet it: the program itself, its streams and its
// exit codes.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			// A user file of the machine must not reach the tests.
			env.Setenv("XDG_CONFIG_HOME", env.WorkDir+"/.config")
			env.Setenv("HOME", env.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"flip":    flip,
			"replace": replace,
		},
	})
}
