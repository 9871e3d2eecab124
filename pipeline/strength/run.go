package strength

import (
	"context"
	"errors"
	"runtime"
	"time"
)

// ErrOptions: an option is out of its range.
var ErrOptions = errors.New("strength: option out of range")

// Options says what is tried. The zero value tries every number 010 and eight
// digits, on all cores.
type Options struct {
	Workers     int   // 0: one a core
	OldPrefixes bool  // also 011 and 016 to 019, with seven and eight digits
	Numbers     int64 // account numbers 1 … Numbers; 0: none; at most 10^15
	// MobileLimit keeps the digits behind each prefix below it, for a trial
	// of a part of the space; 0: all.
	MobileLimit int64
	Known       []Known // test A; none: left out
	KnownOnly   bool    // leaves test B out
	// Progress is told, after some candidates of test B, how many of how many
	// are done. Calls do not overlap. It may be nil.
	Progress func(done, total int64)
	// ProcessorTime gives the processor time that the process has used, for
	// the estimate of Speed.WholeSpaceSeconds on a machine with other work.
	// If it is nil, the time that the workers were at it is taken instead.
	ProcessorTime func() time.Duration
}

// maxNumbers bounds Options.Numbers.
const maxNumbers = 1_000_000_000_000_000

// Run tests the samples: against known values (test A) and against every value
// of the enumerable spaces (test B), each space once per hash for all fields
// together. A sample of fewer than MinSample values is refused in its result
// and costs only itself. Errors are those of this package or of the context,
// and hold no value; a panic on the way, in a callback too, becomes ErrFault.
// The samplers stay the caller's to close.
func Run(ctx context.Context, samples []*Sampler, o Options) (report *Report, err error) {
	if o.Workers < 0 || o.Numbers < 0 || o.Numbers > maxNumbers || o.MobileLimit < 0 {
		return nil, ErrOptions
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	err = guarded(func() error {
		t := newTrial(samples, o)
		defer t.close()
		if err := t.run(ctx); err != nil {
			return err
		}
		report = t.finish()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return report, nil
}

// trial is the state of one Run.
type trial struct {
	Options
	fields      []*fieldTrial
	indexes     []*index // by hash; nil: no token can be of it
	speeds      []Speed
	done, total int64
}

// fieldTrial is the state of one field.
type fieldTrial struct {
	sample  *kept
	evident []encoding // by hash
	plain   bool       // some token is written like a number
	given   []uint64   // the positions that some recipe gave
	result  FieldResult
}

func newTrial(samples []*Sampler, o Options) *trial {
	t := &trial{Options: o, indexes: make([]*index, len(hashes))}
	targets := make([][]target, len(hashes))
	values := 0
	for _, s := range samples {
		values += s.Len()
	}
	for i, s := range samples {
		f := newFieldTrial(s.kept())
		t.fields = append(t.fields, f)
		if !f.result.Refused {
			f.read(int32(i), targets, values, len(o.Known) > 0)
		}
	}
	for h, list := range targets {
		if len(list) > 0 {
			t.indexes[h] = newIndex(hashes[h].size, list)
		}
	}
	return t
}

func newFieldTrial(k *kept) *fieldTrial {
	n := len(k.entries)
	f := &fieldTrial{sample: k, evident: make([]encoding, len(hashes)), given: make([]uint64, (n+63)/64)}
	f.result = FieldResult{Field: k.field, Refused: n < MinSample, AllValues: !k.more, Shapes: []ShapeCount{}, Recipes: []RecipeResult{}}
	return f
}

// read classifies the tokens of field i and adds what they can be to the
// targets of each hash: of at most so many values, and as they are if known
// values will be compared with them.
func (f *fieldTrial) read(i int32, targets [][]target, values int, known bool) {
	shapes := map[string]int{}
	seen := make([][]encoding, len(hashes))
	add := func(h, position int, e encoding, digest *[maxDigest]byte) {
		if targets[h] == nil {
			targets[h] = make([]target, 0, values) // once, so that no outgrown copy stays behind
		}
		targets[h] = append(targets[h], target{i, int32(position), e, *digest})
		seen[h] = append(seen[h], e)
	}
	for position, e := range f.sample.entries {
		var digest [maxDigest]byte
		s := shapeOf(e.token, &digest)
		shapes[s.form]++
		if s.hash != plain {
			add(s.hash, position, s.encoding, &digest)
		}
		f.plain = f.plain || s.form == formMobile || s.form == formNumber
		if known && e.token != nil {
			sumSHA256(&digest, e.token)
			add(plain, position, asIs, &digest)
		}
		clear(digest[:])
	}
	for h := range hashes {
		f.evident[h] = evident(seen[h])
	}
	for _, name := range shapeNames() {
		if shapes[name] > 0 {
			f.result.Shapes = append(f.result.Shapes, ShapeCount{name, shapes[name]})
		}
	}
}

func (t *trial) run(ctx context.Context) error {
	for _, known := range t.Known {
		if err := t.testKnown(ctx, known); err != nil {
			return err
		}
	}
	if t.KnownOnly {
		return ctx.Err()
	}
	for _, f := range t.fields {
		if f.plain {
			t.testForm(f)
		}
	}
	passes := t.passes()
	for _, p := range passes {
		t.total += candidates(p.space)
	}
	for _, p := range passes {
		if err := t.testSpace(ctx, p); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// testKnown is test A with one stream of known values.
func (t *trial) testKnown(ctx context.Context, known Known) error {
	k := newKnownPairs(known, t.indexes)
	defer k.close()
	if err := k.run(ctx); err != nil {
		return err
	}
	for h, x := range t.indexes {
		for form, n := range k.tried {
			if x == nil || n == 0 {
				continue
			}
			t.count(h, form, k.hits[h][form], RecipeResult{Test: TestKnown, Known: known.Identifies, Candidates: n},
				func(f *fieldTrial) bool { return same(f.result.Identifies, known.Identifies) })
		}
	}
	return nil
}

// passes are the spaces to enumerate: every form through every hash that some
// token can be of.
func (t *trial) passes() []*pass {
	var out []*pass
	for h, x := range t.indexes {
		if h == plain || x == nil {
			continue
		}
		for form := range forms {
			if space := t.space(form, t.MobileLimit); space != nil {
				out = append(out, &pass{hash: h, sum: hashes[h].sum, form: form, space: space, index: x, workers: t.Workers, step: t.step})
			}
		}
	}
	return out
}

// space is what a form enumerates; nil for forms of known values.
func (t *trial) space(form int, limit int64) []segment {
	switch {
	case form < len(mobileForms):
		return mobileSpace(mobileForms[form], t.OldPrefixes, limit)
	case form == accountForm:
		return numberSpace(t.Numbers)
	}
	return nil
}

func (t *trial) step(n int64) {
	t.done += n
	if t.Progress != nil {
		t.Progress(t.done, t.total)
	}
}

func (t *trial) processorTime() time.Duration {
	if t.ProcessorTime == nil {
		return 0
	}
	return t.ProcessorTime()
}

// testSpace is test B with one space and one hash.
func (t *trial) testSpace(ctx context.Context, p *pass) error {
	hits := p.index.newHits()
	defer clear(hits)
	begun, used := time.Now(), t.processorTime()
	busy, err := p.run(ctx, hits)
	if err != nil {
		return err
	}
	if t.ProcessorTime != nil {
		busy = t.processorTime() - used
	}
	n := candidates(p.space)
	seconds := max(time.Since(begun).Seconds(), 1e-9)
	t.speeds = append(t.speeds, Speed{
		Hash: hashes[p.hash].name, Form: formNames()[p.form], Candidates: n, Workers: p.workers, Seconds: seconds,
		CandidatesPerSecond: int64(float64(n) / seconds),
		WholeSpaceSeconds:   busy.Seconds() / float64(n) * float64(candidates(t.space(p.form, 0))),
	})
	t.count(p.hash, p.form, hits, RecipeResult{Test: TestEnumeration, Candidates: n}, func(*fieldTrial) bool { return true })
	return nil
}

// count adds one row per encoding to each of the fields that are wanted and
// have tokens of the hash.
func (t *trial) count(h, form int, hits []uint64, row RecipeResult, wanted func(*fieldTrial) bool) {
	counts := make([][8]int, len(t.fields))
	t.indexes[h].each(hits, func(g *target) {
		if f := t.fields[g.field]; wanted(f) {
			f.given[g.position/64] |= 1 << (g.position % 64)
			for bit := range 8 {
				counts[g.field][bit] += int(g.encoding >> bit & 1)
			}
		}
	})
	for i, f := range t.fields {
		for bit := range 8 {
			if e := encoding(1) << bit; f.evident[h]&e != 0 && wanted(f) {
				row.Recipe, row.Rate = recipe(h, e, formNames()[form]), rateOf(counts[i][bit], len(f.sample.entries))
				f.result.Recipes = append(f.result.Recipes, row)
			}
		}
	}
}

// testForm counts the plain tokens that lie in a space as they stand.
func (t *trial) testForm(f *fieldTrial) {
	for form := range forms {
		space := t.space(form, t.MobileLimit)
		if space == nil {
			continue
		}
		n := 0
		for position, e := range f.sample.entries {
			if t.lies(e.token, form) {
				n++
				f.given[position/64] |= 1 << (position % 64)
			}
		}
		f.result.Recipes = append(f.result.Recipes, RecipeResult{Test: TestForm, Recipe: recipe(plain, asIs, formNames()[form]),
			Candidates: candidates(space), Rate: rateOf(n, len(f.sample.entries))})
	}
}

// finish counts what any recipe gave and words the verdicts.
func (t *trial) finish() *Report {
	r := &Report{Speeds: t.speeds, Result: Result{Fields: []FieldResult{}}}
	for _, f := range t.fields {
		if f.result.Refused {
			f.result.Verdict = VerdictRefused
		} else {
			f.result.Rate = rateOf(ones(f.given), len(f.sample.entries))
			f.result.Verdict = verdict(&f.result)
		}
		r.Result.Fields = append(r.Result.Fields, f.result)
	}
	return r
}

func (t *trial) close() {
	for _, x := range t.indexes {
		if x != nil {
			x.close()
		}
	}
	for _, f := range t.fields {
		clear(f.given)
	}
}
