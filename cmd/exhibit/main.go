// Exhibit turns the files that an inspected institution hands over into
// numbers that can be defended.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
