// Package intake turns the bytes of a delivered file into staged Parquet.
//
// One pass: SHA-256 of the raw bytes, decompression verified to the last byte,
// decoding with every undecodable byte found, records taken apart, every field
// checked against the layout, and what passes written with its exact type.
//
// It promises that records = accepted + rejected for every file, by two counts
// that share no code; that every byte and every physical line belongs to
// exactly one piece (skipped line, header, blank line, comment, record); that a
// bad record costs only itself; and that nothing is padded, trimmed, rounded,
// replaced or guessed. A file that cannot be trusted as a whole is refused with
// a reason. No value of a file stands in a reason or an error.
//
// CSV, JSON Lines, fixed width, Parquet and, for the small tables, XLSX are read
// by siblings that each take a file apart into records of texts (jsonLines,
// fixedLines, parquetRecords, sheetRows say how); from there on types,
// constraints, roles, rejects and accounts are the same code. Parquet and XLSX
// are not read from first to last byte: Parquet is hashed first and every block
// held against its hash when it is read, XLSX is held in memory whole. Their
// records have no physical lines and offsets: a row's number stands for its
// line, and its offset is 0.
//
// The records of a CSV file are found by one goroutine, checked by several and
// settled by one, in the order of the file (see crew). How many there are, and
// where one's part ends, changes neither the receipt nor a staged byte.
//
// Memory is bounded: a few fixed buffers, one record of at most MaxRecord
// bytes, one row group, and what is remembered of new accounts and of the values
// of unique fields, some 100 MB of each; beyond that, accounts are staged twice,
// and values lie on disk, with 12 bits of each in memory. Parquet takes up to 640 MiB
// where its pages are that large, and a workbook's parts up to 128 MiB.
package intake
