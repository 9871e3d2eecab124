package tally

import (
	"slices"
	"sort"
)

// parts splits the accounts from ≤ account_key < end into parts of at most
// width. It gives the first account of each part, and the end of the last:
// where a row group of the files begins if that can be, as each is read for
// every part of which it has an account. What is counted does not depend on it.
func parts(files []source, from, end, width int64) []int64 {
	var groups []int64
	for _, f := range files {
		for _, g := range f.groups {
			groups = append(groups, g.from)
		}
	}
	slices.Sort(groups)
	out := []int64{from}
	for from < end {
		to := min(from+max(width, 1), end)
		if i := sort.Search(len(groups), func(i int) bool { return groups[i] > to }); to < end && i > 0 && groups[i-1] > from {
			to = groups[i-1]
		}
		out, from = append(out, to), to
	}
	return out
}

// widthOf is the width of a part where atOnce accounts are added up at a time, by
// so many workers.
func widthOf(accounts, atOnce int64, workers int) int64 {
	n := int64(workers)
	return min((accounts+n-1)/n, atOnce/n)
}
