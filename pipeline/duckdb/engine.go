package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"exhibit/pipeline"
)

var _ pipeline.Engine = (*Engine)(nil)

// Options are the machine's side of an engine. None of them changes a result.
type Options struct {
	MemoryBytes int64  // of the engine's buffers; 0: the engine's default
	Threads     int    // 0: one a core
	TempDir     string // where the private spill folder is made; "": the system's
}

// Engine is one in-memory DuckDB. Select, Export, Mount and Unmount run beside
// one another, on a few connections that are all set up alike; every other
// method runs alone, on the first of them, which holds the temporary tables.
type Engine struct {
	link
	mu       sync.RWMutex // held for reading by what runs beside others
	db       *sql.DB
	links    chan link // those that are free, under mu held for reading
	temp     *tempDir
	started  chan struct{} // closed when version is known, or never will be
	version  string
	mounting sync.Map        // table → *sync.Mutex, held by Mount and Unmount
	mounted  mounts          // what is visible to everybody
	builtins map[string]bool // views that the engine brings along
	volatile map[string]bool // functions that are not pure
	locked   bool            // see Lock
	results  int             // ad-hoc results so far, for their names
	memory   int64           // limit in bytes; 0 the engine's own
	broken   error           // what the self-test says, under mu
}

// link is one connection. Settings of a session and temporary tables belong to
// it, so the connections are a fixed few and no pool, which would lose them.
type link struct{ conn *sql.Conn }

// manyLinks is how many statements run beside one another, at most.
const manyLinks = 4

// knownVersions are the engine versions whose traps have been measured.
var knownVersions = []string{"v1.5.5"}

// Open begins to start an engine, with its spill files in a folder of its own
// that Close removes, and to test the behaviour that this package builds on.
// Whoever uses the engine first waits for both, and gets their error.
func Open(ctx context.Context, o Options) (*Engine, error) {
	temp, err := newTempDir(o.TempDir)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	e := &Engine{temp: temp, memory: o.MemoryBytes, started: make(chan struct{})}
	e.mu.Lock()
	go func() {
		defer e.mu.Unlock()
		e.broken = e.start(ctx, o)
		close(e.started)
		if e.broken != nil {
			return
		}
		if err := e.selfTest(ctx); err != nil {
			e.broken = fmt.Errorf("engine: self-test: %w", err)
		}
	}()
	return e, nil
}

func (e *Engine) start(ctx context.Context, o Options) error {
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	e.db = sql.OpenDB(connector)
	if e.conn, err = e.db.Conn(ctx); err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	if err := e.configure(ctx, o); err != nil {
		return fmt.Errorf("engine: settings: %w", err)
	}
	if err := e.connect(ctx, o); err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	return nil
}

// alone waits until nobody else uses the engine, which done ends.
func (e *Engine) alone() (done func(), err error) {
	e.mu.Lock()
	if e.broken != nil {
		e.mu.Unlock()
		return nil, e.broken
	}
	return e.mu.Unlock, nil
}

// sessionSettings are those that every connection needs for itself.
var sessionSettings = []string{"SET TimeZone = 'UTC'", "SET enable_progress_bar = false"}

// connect opens the other connections.
func (e *Engine) connect(ctx context.Context, o Options) error {
	n := o.Threads
	if n == 0 {
		n = runtime.GOMAXPROCS(0)
	}
	n = min(n, manyLinks)
	e.links = make(chan link, n)
	e.db.SetMaxOpenConns(n)
	e.links <- e.link
	for range n - 1 {
		conn, err := e.db.Conn(ctx)
		if err != nil {
			return err
		}
		l := link{conn}
		e.links <- l
		for _, s := range sessionSettings {
			if err := l.exec(ctx, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// take waits for a free connection, which done gives back.
func (e *Engine) take() (l link, done func(), err error) {
	e.mu.RLock()
	if e.broken != nil {
		e.mu.RUnlock()
		return l, nil, e.broken
	}
	l = <-e.links
	return l, func() {
		e.links <- l
		e.mu.RUnlock()
	}, nil
}

// configure makes the settings, those against the network first.
func (e *Engine) configure(ctx context.Context, o Options) error {
	set := []string{
		"SET autoinstall_known_extensions = false",
		"SET autoload_known_extensions = false",
		"SET allow_community_extensions = false",
		"SET allow_persistent_secrets = false",
		"SET temp_directory = " + quote(e.temp.path),
		"SET preserve_insertion_order = true",
		"CREATE MACRO bitwise_and(a, b) AS CAST(a AS BIGINT) & CAST(b AS BIGINT)",
		"CREATE MACRO popcount(x) AS CAST(bit_count(CAST(x AS BIGINT)) AS BIGINT)",
	}
	if o.MemoryBytes > 0 {
		set = append(set, fmt.Sprintf("SET memory_limit = '%dB'", o.MemoryBytes))
	}
	if o.Threads > 0 {
		set = append(set, fmt.Sprintf("SET threads = %d", o.Threads))
	}
	for _, s := range append(set, sessionSettings...) {
		if err := e.exec(ctx, s); err != nil {
			return err
		}
	}
	return e.conn.QueryRowContext(ctx, "SELECT version()").Scan(&e.version)
}

// Version names the engine and its version, for the manifest; of an engine that
// did not start, no version.
func (e *Engine) Version() string {
	<-e.started
	return "duckdb " + e.version
}

// Ready waits until the engine can be used, and says why it cannot.
func (e *Engine) Ready() error {
	_, done, err := e.take()
	if err == nil {
		done()
	}
	return err
}

// Close ends the engine and removes its spill folder.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var errs []error
	for len(e.links) > 0 {
		if l := <-e.links; l != e.link {
			errs = append(errs, l.conn.Close())
		}
	}
	if e.conn != nil {
		errs = append(errs, e.conn.Close())
	}
	if e.db != nil {
		errs = append(errs, e.db.Close())
	}
	e.conn, e.db = nil, nil
	errs = append(errs, e.temp.remove())
	return errors.Join(errs...)
}

// exec runs one statement of this package.
func (l link) exec(ctx context.Context, text string) error {
	_, err := l.conn.ExecContext(ctx, text)
	return withoutValues(ctx, err)
}

// quote is the only way by which a text becomes part of a statement.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// ident is the only way by which a name becomes part of a statement.
func ident(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// quotePath makes a path absolute, so that no scheme (s3://), no ~ and no
// working folder decides which file is meant.
func quotePath(path string) (string, error) {
	if strings.ContainsRune(path, 0) {
		return "", errors.New("a path holds a NUL byte")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return quote(abs), nil
}

// removeLeftover takes away what a statement that ended in err left at path.
func removeLeftover(path string, err error) error {
	if rm := os.Remove(path); rm != nil && !errors.Is(rm, os.ErrNotExist) {
		return errors.Join(err, rm)
	}
	return err
}
