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
// Memory is bounded: a few fixed buffers, one record of at most MaxRecord
// bytes, one row group, and 16 to 20 bytes for each account that is new and for
// each value of a field that is declared unique.
package intake
