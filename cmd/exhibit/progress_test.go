package main

import (
	"bytes"
	"testing"
	"time"
)

// Where nobody watches, a line comes after a while and not with every step.
func TestPlainProgress(t *testing.T) {
	var out bytes.Buffer
	p := newTalk(&out, "")
	for _, c := range []struct {
		stage   string
		total   int
		records int64
		want    string
	}{
		{"ingest", 5, 1234, "ingest: 2 of 5 files, 1,234 records\n"},
		{"derive", 90, 0, "derive: 2 of 90\n"},
	} {
		out.Reset()
		p.Stage(c.stage, c.total)
		p.Step(1, 0)
		if out.Len() > 0 {
			t.Errorf("said at once: %q", out.String())
		}
		p.told = time.Now().Add(-quiet)
		p.Step(1, c.records)
		if out.String() != c.want {
			t.Errorf("said %q, not %q", out.String(), c.want)
		}
		out.Reset()
		p.told = time.Now().Add(-quiet)
		p.tick() // a step that takes long
		if out.String() != c.want {
			t.Errorf("after a while said %q, not %q", out.String(), c.want)
		}
	}
	p.done()
}
