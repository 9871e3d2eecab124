package casefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

// globs makes a case whose i-th source has the i-th name and glob; its files:
// stands on line 10, 20, and so on.
func globs(pairs ...string) *pipeline.Case {
	c := &pipeline.Case{Path: "case.yaml"}
	for i := 0; i < len(pairs); i += 2 {
		c.Sources = append(c.Sources, pipeline.Source{Name: pairs[i], Files: pairs[i+1], FilesLine: 10 + 5*i})
	}
	return c
}

// inbox makes a folder with empty files; "a -> b" is a symbolic link.
func inbox(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		name, target, link := strings.Cut(name, " -> ")
		p := filepath.Join(dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(p), 0o755)
		if link {
			err = errors.Join(err, os.Symlink(target, p))
		} else {
			err = errors.Join(err, os.WriteFile(p, []byte(name), 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func match(t *testing.T, c *pipeline.Case, fsys fs.FS, wantErr string) *Matched {
	t.Helper()
	m, err := Match(c, fsys)
	got := ""
	if err != nil {
		got = err.Error()
	}
	if diff := cmp.Diff(wantErr, got); diff != "" {
		t.Errorf("error: -want +got\n%s", diff)
	}
	if m == nil {
		t.Fatal("no result")
	}
	return m
}

func expect(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: -want +got\n%s", what, diff)
	}
}

func TestMatch(t *testing.T) {
	fsys := fstest.MapFS{
		"b/2.csv": {}, "b/1.csv": {}, "b/1.txt": {}, "b/sub/3.csv": {}, "b-x/0.csv": {}, "a.csv": {}, "b/dir.csv/x": {},
	}
	m := match(t, globs("one", "b/*.csv", "two", "*/*/*.csv", "three", "b?x/[0-9].csv"), fsys, "")
	expect(t, "files", map[string][]string{"one": {"b/1.csv", "b/2.csv"}, "two": {"b/sub/3.csv"}, "three": {"b-x/0.csv"}}, m.Files)
	expect(t, "unclaimed", []string{"a.csv", "b/1.txt", "b/dir.csv/x"}, m.Unclaimed)
	expect(t, "refused", []Refused(nil), m.Refused)
}

// Names that break shells, line-based lists and SQL texts are names like others.
func TestMatchNames(t *testing.T) {
	odd := []string{"d/a b.csv", "d/it's.csv", "d/\"q\".csv", "d/new\nline.csv", "d/$(id).csv", "d/..csv", "d/-rf.csv", "d/한글.csv", "d/[x].csv", "d/a;b|c.csv", "d/\u202eevil.csv"}
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such names")
	}
	m := match(t, globs("s", "d/*.csv"), os.DirFS(inbox(t, odd...)), "")
	slices.Sort(odd)
	expect(t, "files", odd, m.Files["s"])
	m = match(t, globs("s", `d/\[x\].csv`), os.DirFS(inbox(t, odd...)), "")
	expect(t, "escaped", []string{"d/[x].csv"}, m.Files["s"])
}

// macOS writes Hangul decomposed; case.yaml has it composed, or the other way.
func TestMatchDecomposedHangul(t *testing.T) {
	const composed, decomposed = "\ud55c/\uae00.csv", "\u1112\u1161\u11ab/\u1100\u1173\u11af.csv"
	for _, x := range []struct{ glob, file string }{{composed, decomposed}, {decomposed, composed}} {
		m := match(t, globs("s", x.glob), fstest.MapFS{x.file: {}}, "")
		expect(t, "files", []string{x.file}, m.Files["s"])
	}
}

func TestMatchNothing(t *testing.T) {
	c := globs("one", "a/*.csv", "two", "A/*.csv", "three", "a/x.csv/y")
	c.Sources[0].Control = &pipeline.ControlTotals{Files: "a/*.ctl", Records: 1, Line: 12}
	m := match(t, c, fstest.MapFS{"a/x.csv": {}, "A": {}}, `case.yaml:12: control_totals of source "one": "a/*.ctl" matches no file (paths are relative to the inbox, in upper and lower case as they stand there)
case.yaml:20: files of source "two": "A/*.csv" matches no file (paths are relative to the inbox, in upper and lower case as they stand there)
case.yaml:30: files of source "three": "a/x.csv/y" matches no file (paths are relative to the inbox, in upper and lower case as they stand there)`)
	expect(t, "the others", map[string][]string{"one": {"a/x.csv"}, "two": {}, "three": {}}, m.Files)
}

func TestMatchOverlaps(t *testing.T) {
	fsys := fstest.MapFS{"a/1.csv": {}, "a/2.csv": {}, "a/1.ctl": {}}
	c := globs("one", "a/*.csv", "two", "*/*.csv", "three", "a/2*")
	match(t, c, fsys, `case.yaml:20: overlapping sources: files of "one" and files of "two" both match "a/1.csv" and 1 more (narrow one of the globs)
case.yaml:30: overlapping sources: files of "one" and files of "three" both match "a/2.csv" (narrow one of the globs)
case.yaml:30: overlapping sources: files of "two" and files of "three" both match "a/2.csv" (narrow one of the globs)`)
	c = globs("one", "a/*")
	c.Sources[0].Control = &pipeline.ControlTotals{Files: "a/*.ctl", Records: 1, Line: 12}
	match(t, c, fsys, `case.yaml:12: overlapping sources: files of "one" and control_totals of "one" both match "a/1.ctl" (narrow one of the globs)`)
}

func TestMatchControl(t *testing.T) {
	fsys := fstest.MapFS{"a/1.csv.gz": {}, "a/1.ctl": {}, "a/2.csv.gz": {}, "b/1.csv.gz": {}, "b/1.ctl": {}, "b/9.ctl": {}, "ctl/1.txt": {}, "ctl/2.txt": {}, "ctl/2.old.txt": {}}
	c := globs("near", "a/*.gz", "far", "b/*.gz")
	c.Sources[0].Control = &pipeline.ControlTotals{Files: "a/*.ctl"}
	c.Sources[1].Control = &pipeline.ControlTotals{Files: "ctl/*.txt"}
	m := match(t, c, fsys, "")
	expect(t, "control", map[string]map[string]string{"near": {"a/1.csv.gz": "a/1.ctl"}, "far": {"b/1.csv.gz": "ctl/1.txt"}}, m.Control)
	expect(t, "alone", []string{"ctl/2.old.txt", "ctl/2.txt"}, m.Alone)
	expect(t, "refused", []Refused{{"far", "ctl/2.txt", `a second control file beside "ctl/2.old.txt"`}}, m.Refused)
	expect(t, "unclaimed", []string{"b/1.ctl", "b/9.ctl"}, m.Unclaimed)

	c = globs("both", "*/*.gz") // the same folder part: never across folders
	c.Sources[0].Control = &pipeline.ControlTotals{Files: "*/*.ctl"}
	m = match(t, c, fsys, "")
	expect(t, "control", map[string]map[string]string{"both": {"a/1.csv.gz": "a/1.ctl", "b/1.csv.gz": "b/1.ctl"}}, m.Control)
	expect(t, "alone", []string{"b/9.ctl"}, m.Alone)
}

func TestMatchLinks(t *testing.T) {
	outside := inbox(t, "secret.csv", "deep/x.csv")
	dir := inbox(t, "in/real.csv", "in/a.csv -> real.csv", "in/up.csv -> ../in/./real.csv", "in/out.csv -> ../../secret.csv",
		"in/abs.csv -> "+outside+"/secret.csv", "in/gone.csv -> nowhere.csv", "in/round.csv -> round.csv", "in/folder.csv -> .",
		"there -> in", "away -> "+outside+"/deep", "up -> ..", "loop1 -> loop2", "loop2 -> loop1")
	m := match(t, globs("s", "in/*.csv"), os.DirFS(dir), "")
	expect(t, "files", []string{"in/a.csv", "in/real.csv", "in/up.csv"}, m.Files["s"])
	const leaves, circle, none = "a symbolic link that leaves the inbox", "a symbolic link that leads in a circle", "a symbolic link to nothing"
	expect(t, "refused", []Refused{{"s", "in/abs.csv", leaves}, {"s", "in/gone.csv", none}, {"s", "in/out.csv", leaves}, {"s", "in/round.csv", circle}}, m.Refused)

	m = match(t, globs("s", "*/real.csv"), os.DirFS(dir), "")
	expect(t, "through a linked folder", []string{"in/real.csv", "there/real.csv"}, m.Files["s"])
	expect(t, "refused folders", []Refused{{"s", "away", leaves}, {"s", "loop1", circle}, {"s", "loop2", circle}, {"s", "up", leaves}}, m.Refused)

	match(t, globs("one", "in/real.csv", "two", "there/real.csv"), os.DirFS(dir),
		`case.yaml:20: overlapping sources: files of "one" and files of "two" both match "there/real.csv" (narrow one of the globs)`)
	m = match(t, globs("s", "away/*.csv"), os.DirFS(dir), "")
	expect(t, "nothing of the outside", []string{}, m.Files["s"])
}

// The folders that exhibit writes are not evidence, where the inbox is the
// case's folder; in an inbox of its own they are folders like others.
func TestMatchOwnFolder(t *testing.T) {
	yaml := readTestdata(t, "small.yaml")
	c, err := Parse([]byte(yaml), "x/case.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c.Sources = []pipeline.Source{{Name: "all", Files: "*/*.csv", FilesLine: 7}, {Name: "lake", Files: "lake/x.csv", FilesLine: 9}}
	fsys := fstest.MapFS{"case.yaml": {Data: []byte(yaml)}, "lake/x.csv": {}, "runs/x.csv": {}, "custody/x.csv": {}, "sql/x.csv": {}, "daily/x.csv": {}, "README": {},
		"link": {Data: []byte("lake"), Mode: fs.ModeSymlink}}
	m := match(t, c, fsys, `x/case.yaml:9: files of source "lake": "lake/x.csv" matches no file (the folders that exhibit writes are not part of the inbox)`)
	expect(t, "files", map[string][]string{"all": {"daily/x.csv"}, "lake": {}}, m.Files)
	expect(t, "unclaimed", []string{"README", "link"}, m.Unclaimed)

	fsys["case.yaml"] = &fstest.MapFile{Data: []byte("a delivered file of that name")}
	c.Sources = c.Sources[:1]
	m = match(t, c, fsys, "")
	expect(t, "files", []string{"custody/x.csv", "daily/x.csv", "lake/x.csv", "link/x.csv", "runs/x.csv", "sql/x.csv"}, m.Files["all"])
}

func TestMatchUnreadable(t *testing.T) {
	if _, err := Match(globs("s", "*"), os.DirFS(filepath.Join(t.TempDir(), "none"))); !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "inbox: ") {
		t.Errorf("no inbox: %v", err)
	}
	fsys := fstest.MapFS{"d/\xb0\xa1.csv": {}, "d/pipe.csv": {Mode: fs.ModeNamedPipe}, "d/ok.csv": {}}
	m := match(t, globs("s", "d/*.csv"), fsys, "")
	expect(t, "files", []string{"d/ok.csv"}, m.Files["s"])
	expect(t, "refused", []Refused{{"s", "d/pipe.csv", "no regular file"}, {"s", "d/\xb0\xa1.csv", "its name is no UTF-8 text"}}, m.Refused)
}

// A name that is no UTF-8, as a Windows archive leaves it, costs only itself.
func TestMatchForeignName(t *testing.T) {
	dir := inbox(t, "d/ok.csv")
	if err := os.WriteFile(filepath.Join(dir, "d", "\xb0\xa1.csv"), nil, 0o600); err != nil {
		t.Skip("this file system has only UTF-8 names")
	}
	if err := os.Mkdir(filepath.Join(dir, "\xb0\xa2"), 0o700); err != nil {
		t.Fatal(err)
	}
	m := match(t, globs("s", "*/*.csv"), os.DirFS(dir), "")
	expect(t, "files", []string{"d/ok.csv"}, m.Files["s"])
	const reason = "its name is no UTF-8 text"
	expect(t, "refused", []Refused{{"s", "d/\xb0\xa1.csv", reason}, {"s", "\xb0\xa2", reason}}, m.Refused)
}

// lockedFS is an inbox in which the folder b may not be read.
type lockedFS struct{ fstest.MapFS }

func (l lockedFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == "b" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.MapFS.ReadDir(name)
}

// A folder that may not be read is told, and costs only itself.
func TestMatchLockedFolder(t *testing.T) {
	inbox := lockedFS{fstest.MapFS{"a/x.csv": {}, "b/x.csv": {}}}
	m := match(t, globs("s", "*/*.csv"), inbox, "")
	expect(t, "files", []string{"a/x.csv"}, m.Files["s"])
	expect(t, "refused", []Refused{{"s", "b", "permission denied"}}, m.Refused)
	m = match(t, globs("s", "a/*.csv"), inbox, "")
	expect(t, "refused, of no source", []Refused{{"", "b", "permission denied"}}, m.Refused)
}
