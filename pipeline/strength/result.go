package strength

import "math/bits"

// Result is what the tests found, in counts; it is the same for the same
// values, seed and options.
type Result struct {
	Fields []FieldResult `json:"fields"` // in the order of the samplers
}

// FieldResult is how the values of one field resisted.
type FieldResult struct {
	Field
	Refused   bool           `json:"refused"`    // fewer than MinSample distinct values; nothing was tested
	AllValues bool           `json:"all_values"` // the sample holds every distinct value delivered
	Shapes    []ShapeCount   `json:"shapes"`     // add up to Tested
	Rate                     // of the values that some recipe gave
	Verdict   string         `json:"verdict"`
	Recipes   []RecipeResult `json:"recipes"` // those tried, whether they gave a value or not
}

// ShapeCount counts the values of the sample by length and alphabet.
type ShapeCount struct {
	Shape  string `json:"shape"`
	Values int    `json:"values"`
}

// RecipeResult is how one recipe did on the sample of one field.
type RecipeResult struct {
	Test       string `json:"test"`            // known pairs | enumeration | form
	Known      string `json:"known,omitempty"` // of known pairs: what the known values are
	Recipe     string `json:"recipe"`          // one of Recipes()
	Candidates int64  `json:"candidates"`
	Rate
}

// The tests. Form is for plain values: one that is written like a mobile
// number lies in the space without enumerating it. An encryption that keeps
// the form of its input looks the same; known pairs tell the two apart.
const (
	TestKnown       = "known pairs"
	TestEnumeration = "enumeration"
	TestForm        = "form"
)

// Speed is how fast one space was enumerated. It differs from run to run and
// belongs in no sealed result.
type Speed struct {
	Hash                string  `json:"hash"`
	Form                string  `json:"form"`
	Candidates          int64   `json:"candidates"`
	Workers             int     `json:"workers"`
	Seconds             float64 `json:"seconds"`
	CandidatesPerSecond int64   `json:"candidates_per_second"`
	// WholeSpaceSeconds estimates the time for the whole space of the form on
	// one core; see Options.ProcessorTime.
	WholeSpaceSeconds float64 `json:"whole_space_seconds_one_core"`
}

// Report is a result and, apart from it, how fast it was reached.
type Report struct {
	Result Result  `json:"result"`
	Speeds []Speed `json:"speeds"`
}

// The verdicts; the first is followed by the recipe that gave the most values.
const (
	VerdictReversed    = "reversed by recipe "
	VerdictNotReversed = "not reversed by these recipes"
	VerdictNoRecipe    = "no recipe here makes values of these forms"
	VerdictRefused     = "refused: fewer than 10 distinct values"
)

func verdict(f *FieldResult) string {
	best := 0
	out := VerdictNotReversed
	if len(f.Recipes) == 0 {
		out = VerdictNoRecipe
	}
	for _, r := range f.Recipes {
		if r.Recovered > best {
			best, out = r.Recovered, VerdictReversed+r.Recipe
		}
	}
	return out
}

// recipe names a recipe.
func recipe(h int, e encoding, form string) string {
	if h == plain {
		return hashes[plain].name + " " + form
	}
	return hashes[h].name + " " + encodingNames[bits.TrailingZeros8(uint8(e))] + " of " + form
}

// Recipes is the closed list of recipe names, in the order of results.
func Recipes() []string {
	var out []string
	for h := range hashes {
		for _, f := range formNames() {
			if h == plain {
				out = append(out, recipe(h, asIs, f))
				continue
			}
			for i := range encodingNames {
				out = append(out, recipe(h, 1<<i, f))
			}
		}
	}
	return out
}

// same says whether two kinds of identifier can hold the same value: an
// account number can be made from anything.
func same(field, known string) bool {
	return field == known || field == "account"
}
