// Package duckdb runs the SQL of a case on an embedded DuckDB: it mounts
// Parquet files as typed tables, sorts staged rows into lake files, and
// answers SELECTs.
//
// It promises exact values (what has no exact Go value is an error, never a
// rounded number), output files whose bytes depend on nothing but their input,
// and errors without a delivered value in them. It refuses an engine version
// whose traps nobody has measured. DESIGN.md tells why.
package duckdb
