package casefile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"exhibit/pipeline"
)

// Matched is what the globs of a case find in its inbox. Paths are
// slash-separated, relative to the inbox, and sorted.
type Matched struct {
	Files     map[string][]string          // source → its data files
	Control   map[string]map[string]string // source → data file → its control file
	Alone     []string                     // control files without a data file
	Refused   []Refused                    // what a glob matches and cannot be read as a file
	Unclaimed []string                     // files that no source names; links and devices too
}

// Refused is something in the inbox that is not followed or read.
type Refused struct {
	Source string // "" where no source names it
	Path   string
	Reason string
}

// own is what exhibit itself writes into a case's folder.
var own = []string{"lake", "custody", "runs", "sql", "case.yaml"}

// Match resolves the globs of every source in the inbox, with the syntax of
// [path.Match]; folders and names are compared in Unicode's composed form, so
// that a name typed in Hangul matches one that macOS wrote decomposed.
//
// Only regular files are matched, and symbolic links to them that stay inside
// the inbox; what else a glob matches, other than folders, is refused, one
// entry each. Where the inbox is the case's own folder, which is told by the
// case.yaml in it, the folders that exhibit writes are left out.
//
// A control file belongs to the data file whose base name is the same up to the
// first dot: in the same folder where both globs have the same folder part,
// and anywhere otherwise.
//
// The error is [Errors] where a glob matches nothing or two sources match the
// same file; the rest of the result holds then, and such a file stands with
// both. Any other error means that the inbox cannot be read, with no result.
func Match(c *pipeline.Case, inbox fs.FS) (*Matched, error) {
	m := newMatcher(c.Path, inbox)
	if _, err := m.list("."); err != nil {
		return nil, fmt.Errorf("inbox: %w", cause(err))
	}
	m.ownFolder = isCaseFolder(c, inbox)
	out := &Matched{Files: map[string][]string{}, Control: map[string]map[string]string{}}
	paired, controls := map[string]bool{}, map[string]bool{}
	var all []claim
	for i := range c.Sources {
		s := &c.Sources[i]
		files := m.glob(s.Name, s.Files)
		out.Files[s.Name] = names(files)
		m.nothing(files, s, "files", s.Files, s.FilesLine)
		all = append(all, claim{s.Name, "files", s.FilesLine, files})
		if s.Control == nil {
			continue
		}
		ctl := m.glob(s.Name, s.Control.Files)
		m.nothing(ctl, s, "control_totals", s.Control.Files, s.Control.Line)
		all = append(all, claim{s.Name, "control_totals", s.Control.Line, ctl})
		out.Control[s.Name] = m.pair(s, names(files), names(ctl))
		for _, f := range names(ctl) {
			controls[f] = true
		}
		for _, f := range out.Control[s.Name] {
			paired[f] = true
		}
	}
	for f := range controls {
		if !paired[f] {
			out.Alone = append(out.Alone, f)
		}
	}
	slices.Sort(out.Alone)
	m.overlaps(all)
	var err error
	if out.Unclaimed, err = m.unclaimed(); err != nil {
		return nil, fmt.Errorf("inbox: %w", cause(err))
	}
	out.Refused = m.sortedRefused()
	return out, m.r.err()
}

// claim is what one glob of a source matches.
type claim struct {
	source, key string
	line        int
	files       []found
}

// found is a matched file: its path, and where it lies once links are followed.
type found struct{ path, real string }

func names(files []found) []string {
	all := make([]string, len(files))
	for i, f := range files {
		all[i] = f.path
	}
	return all
}

// isCaseFolder says whether the inbox is the folder of the case itself.
func isCaseFolder(c *pipeline.Case, inbox fs.FS) bool {
	info, err := fs.Stat(inbox, "case.yaml")
	if err != nil || !info.Mode().IsRegular() || info.Size() > MaxBytes {
		return false
	}
	data, err := fs.ReadFile(inbox, "case.yaml")
	if err != nil {
		return false
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]) == c.SHA256
}

// nothing reports a glob that matches no file, not even one that is refused.
func (m *matcher) nothing(files []found, s *pipeline.Source, key, glob string, line int) {
	if len(files) > 0 || m.refusedOf[s.Name+"\x00"+glob] {
		return
	}
	hint := "paths are relative to the inbox, in upper and lower case as they stand there"
	if first, _, _ := strings.Cut(glob, "/"); m.ownFolder && slices.Contains(own, first) {
		hint = "the folders that exhibit writes are not part of the inbox"
	}
	m.r.failAt(line, 0, hint, "%s of source %s: %s matches no file", key, quote(s.Name), quote(glob))
}

// pair finds the control file of each data file.
func (m *matcher) pair(s *pipeline.Source, files, controls []string) map[string]string {
	sameFolder := path.Dir(s.Files) == path.Dir(s.Control.Files)
	key := func(p string) string {
		stem, _, _ := strings.Cut(norm.NFC.String(path.Base(p)), ".")
		if sameFolder {
			return path.Dir(p) + "/" + stem
		}
		return stem
	}
	byKey, out := map[string]string{}, map[string]string{}
	for _, c := range controls {
		if first, dup := byKey[key(c)]; dup {
			m.refuse(Refused{s.Name, c, fmt.Sprintf("a second control file beside %q", first)})
			continue
		}
		byKey[key(c)] = c
	}
	for _, f := range files {
		if c, ok := byKey[key(f)]; ok && c != f {
			out[f] = c
		}
	}
	return out
}

// overlaps reports each pair of globs that match the same file, once.
func (m *matcher) overlaps(all []claim) {
	type pair struct{ a, b int }
	first := map[string][]int{}
	shared := map[pair][]string{}
	var order []pair
	for i, c := range all {
		for _, f := range c.files {
			for _, j := range first[f.real] {
				// One source may reach a file by two names, and one folder of
				// control files may serve several sources.
				if j == i || all[j].key == "control_totals" && c.key == "control_totals" {
					continue
				}
				p := pair{j, i}
				if shared[p] == nil {
					order = append(order, p)
				}
				shared[p] = append(shared[p], f.path)
			}
			if before := first[f.real]; len(before) == 0 || before[len(before)-1] != i {
				first[f.real] = append(before, i)
			}
		}
	}
	for _, p := range order {
		a, b := all[p.a], all[p.b]
		what := fmt.Sprintf("overlapping sources: %s of %s and %s of %s", a.key, quote(a.source), b.key, quote(b.source))
		if n := len(shared[p]); n > 1 {
			m.r.failAt(b.line, 0, "narrow one of the globs", "%s both match %s and %d more", what, quote(shared[p][0]), n-1)
		} else {
			m.r.failAt(b.line, 0, "narrow one of the globs", "%s both match %s", what, quote(shared[p][0]))
		}
	}
}

// cause is an error without the path that its place names already.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
