package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// quiet is how long passes between two plain lines of progress.
const quiet = 30 * time.Second

// talk tells on stderr how far the work is: a bar on a terminal, otherwise a
// plain line now and then, or one JSON object an event. It also keeps what it
// said for the run's log. What it is told holds no value of a delivered file.
type talk struct {
	mu      sync.Mutex
	w       io.Writer
	json    bool
	bar     *progressbar.ProgressBar
	tty     bool
	stage   string
	steps   int
	total   int
	records int64
	begun   time.Time
	told    time.Time
	again   *time.Timer // ends the quiet
	events  bytes.Buffer
}

func newTalk(w io.Writer, format string) *talk {
	t := &talk{w: w, json: format == "json"}
	if f, ok := w.(*os.File); ok {
		t.tty = term.IsTerminal(int(f.Fd())) && !t.json
	}
	return t
}

// Stage begins a stage.
func (t *talk) Stage(name string, total int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.endBar()
	if name == t.stage {
		return
	}
	t.stage, t.total, t.steps, t.records = name, total, 0, 0
	t.begun, t.told = time.Now(), time.Now()
	t.event("stage", map[string]any{"stage": name, "total": total}, t.json)
	if t.again == nil && !t.tty {
		t.again = time.AfterFunc(quiet, t.tick)
	}
	if t.tty && total > 0 {
		t.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(t.w), progressbar.OptionSetDescription(name),
			progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionFullWidth())
	}
}

// Step says that n more steps are done, and so many records more were read.
func (t *talk) Step(n int, records int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.steps += n
	t.records += records
	if t.bar != nil {
		rate := float64(t.records) / max(time.Since(t.begun).Seconds(), 1e-3)
		if t.records > 0 {
			t.bar.Describe(fmt.Sprintf("%s  %s records  %s/s", t.stage, grouped(t.records), grouped(int64(rate))))
		}
		if err := t.bar.Add(n); err != nil {
			t.bar = nil // a bar is no reason to end a batch
		}
		return
	}
	t.tellWhere()
}

// tick tells how far the work is also while a step takes long.
func (t *talk) tick() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.again != nil {
		t.tellWhere()
		t.again.Reset(max(quiet-time.Since(t.told), time.Second))
	}
}

func (t *talk) tellWhere() {
	if time.Since(t.told) < quiet {
		return
	}
	t.told = time.Now()
	text := fmt.Sprintf("%s: %d of %d", t.stage, t.steps, t.total)
	if t.records > 0 {
		text += fmt.Sprintf(" files, %s records", grouped(t.records))
	}
	t.line(text, map[string]any{"stage": t.stage, "done": t.steps, "total": t.total, "records": t.records})
}

// Say writes a line.
func (t *talk) Say(text string, fields map[string]any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.line(text, fields)
}

func (t *talk) line(text string, fields map[string]any) {
	t.event(text, fields, t.json)
	if t.json {
		return
	}
	if t.bar != nil {
		if err := t.bar.Clear(); err != nil {
			t.bar = nil
		}
	}
	fmt.Fprintln(t.w, printable(text))
}

// event keeps an event for the log, and tells it if asked to.
func (t *talk) event(text string, fields map[string]any, tell bool) {
	e := maps.Clone(fields)
	if e == nil {
		e = map[string]any{}
	}
	e["time"], e["event"] = time.Now().UTC().Format(time.RFC3339Nano), text
	data, err := json.Marshal(e)
	if err != nil {
		return
	}
	t.events.Write(append(data, '\n'))
	if tell {
		fmt.Fprintf(t.w, "%s\n", data)
	}
}

func (t *talk) endBar() {
	if t.bar != nil {
		if err := t.bar.Finish(); err != nil {
			fmt.Fprintln(t.w)
		}
		t.bar = nil
	}
}

func (t *talk) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.endBar()
	if t.again != nil {
		t.again.Stop()
		t.again = nil
	}
}

// log gives what was said so far, one JSON object a line.
func (t *talk) log() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.events.Bytes())
}
