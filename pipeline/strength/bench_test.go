package strength

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"
)

// BenchmarkEnumerate gives candidates per second of one worker, by the clock
// and by the processor time of the process (for machines with other work).
// -benchtime=100000000x enumerates the whole space.
func BenchmarkEnumerate(b *testing.B) {
	for h := range hashes {
		if h == plain {
			continue
		}
		for _, form := range []int{0, 1} {
			b.Run(hashes[h].name+"/"+mobileForms[form].name, func(b *testing.B) { enumerate(b, h, form) })
		}
	}
}

func enumerate(b *testing.B, h, form int) {
	targets := make([]target, DefaultSample)
	for i := range targets {
		hashes[h].sum(&targets[i].digest, fmt.Append(nil, "elsewhere", i))
		targets[i].position = int32(i)
	}
	x := newIndex(hashes[h].size, targets)
	hits := x.newHits()
	space := mobileSpace(mobileForms[form], false, 0)
	space[0].to = min(space[0].to, int64(b.N))
	p := &pass{sum: hashes[h].sum, space: space, index: x, workers: 1, step: func(int64) {}}
	b.ReportAllocs()
	b.ResetTimer()
	before := processorTime(b)
	if _, err := p.run(context.Background(), hits); err != nil {
		b.Fatal(err)
	}
	n := float64(candidates(space))
	b.ReportMetric(n/b.Elapsed().Seconds()/1e6, "Mcand/s")
	b.ReportMetric(n/(processorTime(b)-before).Seconds()/1e6, "Mcand/cpu-s")
	if ones(hits) != 0 {
		b.Error("hits")
	}
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Nothing is allocated per candidate.
func TestNoAllocationPerCandidate(t *testing.T) {
	for h := range hashes {
		w := &worker{sum: hashes[h].sum, index: newIndex(hashes[h].size, []target{{}})}
		hits := w.index.newHits()
		space := mobileSpace(mobileForms[3], false, 0)
		if n := testing.AllocsPerRun(3, func() { w.scan(&space[0], 0, 1000, hits) }); n != 0 {
			t.Errorf("%s: %v allocations for 1,000 candidates", hashes[h].name, n)
		}
	}
}
