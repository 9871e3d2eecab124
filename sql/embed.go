// Package sql holds the built-in queries of exhibit, each beside its worked
// example. It holds no Go but this line: a new figure is two files.
package sql

import "embed"

// Files are the folders of queries, as package catalog reads them.
//
//go:embed rollup check figure finding table
var Files embed.FS
