package pipeline

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Plan is what a run would do, estimated before it starts.
type Plan struct {
	Files         int      `json:"files"`           // to read
	Bytes         int64    `json:"bytes"`           // as delivered
	Records       int64    `json:"records"`         // estimated
	Seconds       int64    `json:"seconds"`         // estimated, for the reading
	DiskBytes     int64    `json:"disk_bytes"`      // estimated: what the lake grows by, and staging at its highest
	DiskFreeBytes int64    `json:"disk_free_bytes"` // where the lake lies; -1 unknown
	MemoryBytes   int64    `json:"memory_bytes"`    // estimated: engine, registries and readers
	Advice        []string `json:"advice"`          // where another plan is wiser
}

// What is assumed of a source of which nothing was read yet.
const (
	bytesARecord     = 190         // of delivered text
	expansion        = 5           // of compressed files
	bytesASecond     = 120 << 20   // of text, read by one worker
	lakeShare        = 0.15        // of the text, as Parquet
	registryBytes    = 22          // an account, with the room to grow
	bytesAReader     = 48 << 20    // buffers of one worker
	bytesARow        = 20          // of a row that waits to be put in order
	bytesOfRows      = 352 << 20   // of all of them, at most
	fewRecordsAFile  = 1000        // below it, files are the cost and not records
	manyFiles        = 10_000      // so many are worth a word
	longRun          = 6 * 60 * 60 // seconds
	stagingShare     = 0.5         // of the text of the files that are read at a time
	comfortableSpace = 1.5         // times the estimate
)

// Plan estimates the next Ingest. memory is the engine's limit, free the free
// space of the lake's disk (-1 unknown).
func (in *Inspection) Plan(memory, free int64) (Plan, error) {
	groups, total, err := in.plan()
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Files: total, DiskFreeBytes: free}
	largest, text, most := int64(0), int64(0), int64(0)
	for _, g := range groups {
		for _, f := range g {
			info, err := os.Stat(in.path(f.path))
			if err != nil {
				return Plan{}, err
			}
			size := info.Size()
			p.Bytes += size
			t := in.textBytes(f, size)
			text += t
			largest = max(largest, t)
			records := t / in.recordBytes(f.source)
			p.Records += records
			most = max(most, records)
		}
	}
	workers := int64(max(1, min(in.Workers, total)))
	p.Seconds = text / bytesASecond / workers
	p.DiskBytes = int64(float64(text)*lakeShare) + int64(float64(largest*workers)*stagingShare)
	accounts := int64(0)
	for _, r := range in.State().Receipts {
		accounts = max(accounts, int64(r.FirstKey)+int64(r.NewKeys))
	}
	p.MemoryBytes = memory + accounts*registryBytes + workers*bytesAReader + min(workers*most*bytesARow, bytesOfRows)
	p.Advice = p.advice()
	return p, nil
}

// textBytes estimates the decompressed size of a file.
func (in *Inspection) textBytes(f delivered, size int64) int64 {
	if strings.HasSuffix(f.path, ".gz") || strings.HasSuffix(f.path, ".zst") {
		return size * expansion
	}
	return size
}

// recordBytes is the mean size of a source's records so far.
func (in *Inspection) recordBytes(src *Source) int64 {
	var bytes, records int64
	for _, r := range in.State().With(src.Name, Loaded) {
		bytes += in.textBytes(delivered{path: r.Path}, r.Bytes)
		records += r.Records
	}
	if records == 0 {
		return bytesARecord
	}
	return max(1, bytes/records)
}

func (p *Plan) advice() []string {
	var out []string
	if p.DiskFreeBytes >= 0 && float64(p.DiskBytes)*comfortableSpace > float64(p.DiskFreeBytes) {
		out = append(out, "the disk of the lake may become full: free some space, or take the files in in several batches")
	}
	if p.Files > manyFiles && p.Records/int64(p.Files) < fewRecordsAFile {
		out = append(out, fmt.Sprintf("%d files with few records each: the files are the cost; ask for larger ones", p.Files))
	}
	if p.Seconds > longRun {
		out = append(out, "this takes hours: it may be interrupted at any time and goes on where it was; begin with one month to see that the layout is right")
	}
	return out
}

// sourcesInOrder gives the sources as they are read: customers first, so that
// their accounts get the first keys.
func (in *Inspection) sourcesInOrder() []*Source {
	sources := make([]*Source, len(in.Case.Sources))
	for i := range in.Case.Sources {
		sources[i] = &in.Case.Sources[i]
	}
	slices.SortStableFunc(sources, func(a, b *Source) int { return rank(a) - rank(b) })
	return sources
}

func rank(src *Source) int {
	if src.Kind == Customers {
		return 0
	}
	return 1
}
