// Package strength measures how well the scrambled identifiers of a sender
// resist: which recipe, if any, turns known or enumerable values (mobile
// numbers, account numbers) into the delivered texts, and for how many of a
// uniform sample of them.
//
// It promises counts and nothing else. A candidate lives in one buffer per
// worker that the next candidate overwrites; a hit is a bit over positions of
// the sample; no candidate, known value or delivered text reaches a result, an
// error, a panic or a file, and the package overwrites its buffers with zeros
// when it is done with them. It imports nothing that could write any of them;
// a test holds the list of its imports.
//
// It refuses samples of fewer than MinSample values, and it never calls an
// identifier strong: "not reversed by these recipes" says that other recipes
// were not tried.
//
// Results are a function of the values, the seed and the options: order,
// repetition and the number of workers do not change them. Speeds are measured
// and stand apart.
package strength
