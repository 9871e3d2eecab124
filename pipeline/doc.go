// Package pipeline holds the nouns of an inspection (case, source, file,
// receipt, query, figure, run) and the order of work from a delivered file to
// a published number.
//
// It promises that nothing vanishes (records = accepted + rejected for every
// file), that no value is invented, and that equal inputs give equal results
// whatever the threads, the memory or the order of the files. It imports the
// standard library only: engines, file formats and the command line live in
// the packages below and beside it, and meet here through types and Parquet.
package pipeline
