package pipeline

import (
	"slices"
	"testing"
)

func TestLongestFirst(t *testing.T) {
	query := func(name string, needs ...string) *Query { return &Query{Name: name, Kind: RollupQuery, Needs: needs} }
	sums := query("account_totals", "months")
	sums.Variants = map[string]string{mergeVariant: "SELECT 1"}
	rollups := []*Query{query("days"), query("months"), query("alone", "months"), sums, query("flows", "days"),
		query("consents", "months", "flows"), query("breaches", "consents")}
	var order []string
	for _, q := range longestFirst(rollups) {
		order = append(order, q.Name)
	}
	want := []string{"days", "months", "flows", "consents", "account_totals", "alone", "breaches"}
	if !slices.Equal(order, want) {
		t.Errorf("order %v, not %v", order, want)
	}
}
