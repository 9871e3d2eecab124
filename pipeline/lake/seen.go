package lake

import (
	"os"
	"path/filepath"
	"syscall"
)

const seenName = "seen.json"

// seen spares an unchanged file its second reading. It is a convenience, not
// evidence: deleting it costs time and changes nothing.
type seen map[string]sight

// sight is a file as it was when its SHA-256 was taken.
type sight struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	MTime  int64  `json:"mtime"` // ns
	CTime  int64  `json:"ctime"` // ns; a file whose mtime was set back still changes this
	Inode  uint64 `json:"inode"`
}

func look(path string) (sight, bool) {
	info, err := os.Stat(path)
	if err != nil {
		return sight{}, false
	}
	s := sight{Size: info.Size(), MTime: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.CTime, s.Inode = st.Ctim.Nano(), st.Ino
	}
	return s, true
}

// key is the absolute path: a case is the same from wherever it is worked on.
func key(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

func (l *Lake) loadSeen() error {
	l.seen = seen{}
	return l.loadJSON(seenName, &l.seen)
}

// Seen gives the SHA-256 of a file that is as it was when Watch recorded it.
func (l *Lake) Seen(path string) (string, bool) {
	was, ok := l.seen[key(path)]
	if !ok {
		return "", false
	}
	now, ok := look(path)
	now.SHA256 = was.SHA256
	return was.SHA256, ok && now == was
}

// Watch notes the state of a file before it is read, and gives what records
// its SHA-256 afterwards. A file that changed meanwhile is not recorded: its
// SHA-256 is that of bytes that are there no more.
func (l *Lake) Watch(path string) func(sha256 string) {
	before, ok := look(path)
	return func(sha256 string) {
		if after, still := look(path); ok && still && after == before {
			before.SHA256 = sha256
			l.seen[key(path)] = before
		}
	}
}

// SaveSeen puts the records on disk.
func (l *Lake) SaveSeen() error { return l.saveJSON(seenName, l.seen) }
