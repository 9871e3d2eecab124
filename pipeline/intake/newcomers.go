package intake

import (
	"math"

	"exhibit/pipeline"
)

// inMemory is how many entries of a staged list, and how many values of a unique
// field, are held in memory.
const inMemory = 4 << 20

// newcomers gives what a delivery makes known (accounts, recipients) places in a
// staged list. It remembers the last limit of them at most: an entry may stand
// in the list again after very many others, and whoever numbers the list knows
// it by its name.
type newcomers struct {
	limit  int32
	before int32 // places that are forgotten
	held   *pipeline.Registry
}

// place gives the place of an entry, from 0; added says that it has to be
// appended to the list.
func (n *newcomers) place(scope string, name []byte) (place int32, added bool, err error) {
	switch {
	case n.held == nil:
		n.held = pipeline.NewRegistry()
	case n.held.Len() == n.limit:
		n.before += n.held.Len()
		n.held = pipeline.NewRegistry()
	}
	if n.before > math.MaxInt32-n.limit-n.limit {
		return 0, false, refusal("more accounts or recipients than an INTEGER can number")
	}
	key, added, err := n.held.Add(scope, name)
	return n.before + key, added, err
}

// len is the number of places.
func (n *newcomers) len() int32 {
	if n.held == nil {
		return 0
	}
	return n.before + n.held.Len()
}
