package casefile

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxLinks is how many symbolic links a path may lead through.
const maxLinks = 40

// matcher walks one inbox.
type matcher struct {
	inbox     fs.FS
	r         reader
	ownFolder bool // the inbox is the case's own folder
	dirs      map[string][]fs.DirEntry
	claimed   map[string]bool // every path that a glob led to, and where it really lies
	refused   map[Refused]bool
	refusedOf map[string]bool // source NUL glob
}

func newMatcher(casePath string, inbox fs.FS) *matcher {
	return &matcher{inbox: inbox, r: reader{path: casePath}, dirs: map[string][]fs.DirEntry{}, claimed: map[string]bool{},
		refused: map[Refused]bool{}, refusedOf: map[string]bool{}}
}

func (m *matcher) refuse(x Refused) { m.refused[x] = true }

func (m *matcher) sortedRefused() []Refused {
	return slices.SortedFunc(maps.Keys(m.refused), func(a, b Refused) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Reason, b.Reason))
	})
}

// list reads a folder once.
func (m *matcher) list(dir string) ([]fs.DirEntry, error) {
	if entries, ok := m.dirs[dir]; ok {
		return entries, nil
	}
	entries, err := fs.ReadDir(m.inbox, dir)
	if err != nil {
		return nil, err
	}
	m.dirs[dir] = entries
	return entries, nil
}

// glob finds the files of a source that a glob matches, sorted by path.
func (m *matcher) glob(source, glob string) []found {
	g := &globbing{matcher: m, source: source}
	g.expand(".", ".", strings.Split(glob, "/"))
	if g.refusedAny {
		m.refusedOf[source+"\x00"+glob] = true
	}
	slices.SortFunc(g.files, func(a, b found) int { return cmp.Compare(a.path, b.path) })
	return g.files
}

// globbing is one glob on its way through the inbox.
type globbing struct {
	*matcher
	source     string
	files      []found
	refusedAny bool
}

// expand matches the entries of a folder against the first part of a glob; dir
// is its path as named, real its path without links.
func (g *globbing) expand(dir, real string, parts []string) {
	entries, err := g.list(real)
	if err != nil {
		g.reject(dir, cause(err).Error())
		return
	}
	part := norm.NFC.String(parts[0])
	for _, e := range entries {
		name := e.Name()
		if g.isOwn(path.Join(real, name)) || !matches(parts[0], name) && !matches(part, norm.NFC.String(name)) {
			continue
		}
		p := path.Join(dir, name)
		at, info, err := g.resolve(path.Join(real, name), e)
		switch {
		case err != nil:
			g.reject(p, err.Error())
		case g.isOwn(at):
		case info.IsDir():
			if len(parts) > 1 {
				g.claimed[p] = true
				g.expand(p, at, parts[1:])
			}
		case len(parts) > 1:
		case !info.IsRegular():
			g.reject(p, "no regular file")
		default:
			g.claimed[p], g.claimed[at] = true, true
			g.files = append(g.files, found{p, at})
		}
	}
}

func (g *globbing) reject(p, reason string) {
	g.claimed[p] = true
	g.refusedAny = true
	g.refuse(Refused{g.source, p, reason})
}

// matches is path.Match for a glob that was checked when case.yaml was read.
func matches(glob, name string) bool {
	ok, err := path.Match(glob, name)
	return ok && err == nil
}

// isOwn says whether a path without links is exhibit's own.
func (m *matcher) isOwn(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return m.ownFolder && slices.Contains(own, first)
}

var (
	errLeaves = errors.New("a symbolic link that leaves the inbox")
	errLinks  = errors.New("a symbolic link that leads in a circle")
	errNoLink = errors.New("a symbolic link to nothing")
	errName   = errors.New("its name is no UTF-8 text")
)

// resolve follows the links of an entry, of a folder without links, and gives
// where it really lies and what it is.
func (m *matcher) resolve(p string, e fs.DirEntry) (string, fs.FileMode, error) {
	if !utf8.ValidString(p) {
		return "", 0, errName
	}
	if e.Type()&fs.ModeSymlink == 0 {
		return p, e.Type(), nil
	}
	done, rest, mode := ".", strings.Split(p, "/"), fs.ModeDir
	for links := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			if done == "." {
				return "", 0, errLeaves
			}
			done, mode = path.Dir(done), fs.ModeDir
			continue
		}
		at := path.Join(done, part)
		info, err := fs.Lstat(m.inbox, at)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return "", 0, errNoLink
		case err != nil:
			return "", 0, cause(err)
		case info.Mode()&fs.ModeSymlink == 0:
			done, mode = at, info.Mode().Type()
			continue
		}
		if links++; links > maxLinks {
			return "", 0, errLinks
		}
		target, err := fs.ReadLink(m.inbox, at)
		if err != nil {
			return "", 0, cause(err)
		}
		// An absolute target may lie inside, but only the machine could tell.
		if path.IsAbs(target) {
			return "", 0, errLeaves
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return done, mode, nil
}

// unclaimed lists the files that no glob led to.
func (m *matcher) unclaimed() ([]string, error) {
	var all []string
	err := fs.WalkDir(m.inbox, ".", func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil && e == nil:
			return err
		case m.isOwn(p):
			if e.IsDir() {
				return fs.SkipDir
			}
		case err != nil:
			if !m.claimed[p] {
				m.refuse(Refused{"", p, cause(err).Error()})
			}
			return fs.SkipDir
		case !e.IsDir() && !m.claimed[p]:
			all = append(all, p)
		}
		return nil
	})
	slices.Sort(all)
	return all, err
}
