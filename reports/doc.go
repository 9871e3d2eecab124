// Package reports renders a sealed run as one HTML page, and nothing else.
//
// It promises that every number on the page comes from a file whose SHA-256
// the run's manifest names: what is not sealed cannot be printed. The page
// needs no network and no script, equal runs give equal bytes, every text is
// escaped, and no identifier of a person stands in it. It computes no figure;
// it only adds up what it draws.
package reports
