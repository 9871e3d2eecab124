package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

// replay reads text again and gives each record as one line.
func replay(t testing.TB, src *pipeline.Source, name string, text []byte, sum string) ([]string, error) {
	t.Helper()
	r := New(Options{Open: func(string) (io.ReadCloser, error) { return seekable(text), nil }})
	var out []string
	err := r.Replay(context.Background(), src, name, sum, func(rec *Record) error {
		s := fmt.Sprintf("%d lines %d-%d at %d %s %q %q/%s %b:", rec.Number, rec.Line, rec.LastLine, rec.Offset, rec.Day, rec.Account, rec.Recipient, rec.Country, rec.Fields)
		for i := range src.Schema.Fields {
			if rec.Filled(i) != (rec.Text(i) != nil) {
				t.Errorf("record %d, field %d: filled %v, text %q", rec.Number, i, rec.Filled(i), rec.Text(i))
			}
			s += fmt.Sprintf(" %q", rec.Text(i))
		}
		out = append(out, s)
		return nil
	})
	return out, err
}

// seekableFile is a delivered file that lies in memory.
type seekableFile struct{ *bytes.Reader }

func (seekableFile) Close() error { return nil }

func seekable(text []byte) io.ReadCloser { return seekableFile{bytes.NewReader(text)} }

// What is shown is what was accepted: with its place, its day, its account and
// recipient, and every text decoded as it was delivered, also where a word of
// the layout stands for it and where nothing else needed the text.
func TestReplay(t *testing.T) {
	src := source(field("day", "date", pipeline.RoleDate), field("id", "string", pipeline.RoleAccount), field("mail", "string", pipeline.RoleIdentifier),
		field("to", "string", pipeline.RoleRecipient), field("land", "string", pipeline.RoleRecipientCountry),
		field("kind", "string", pipeline.RoleAttribute, func(f *pipeline.Field) { f.Values = map[string]string{"가": "a"} }), field("gone", "string", pipeline.RoleIgnore))
	src.Encoding, src.Date, src.Recipient = "cp949", pipeline.DateRule{FromField: true}, pipeline.Recipient{FromField: true}
	text := encode(t, "cp949", "day,id,mail,to,land,kind,gone\n2018-04-01,김,\"나\"\"\nx\",샵,CN,가,다\n\nbad\n2018-04-02,,,,,,\n", true)
	first := readAs(t, src, "a.csv", text)
	mustLoad(t, first)
	got, err := replay(t, src, "a.csv", text, first.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		`1 lines 2-3 at 30 2018-04-01 "김" "샵"/CN 111: "2018-04-01" "김" "나\"\nx" "샵" "CN" "가" "다"`,
		`3 lines 6-6 at 70 2018-04-02 "" ""/ 0: "2018-04-02" "" "" "" "" "" ""`,
	}, got); diff != "" {
		t.Error(diff)
	}
}

// A file is read again as it was read: whatever was accepted then is shown, in
// any dialect, encoding and compression, and nothing else.
func TestReplayShowsWhatReadAccepts(t *testing.T) {
	for seed := range uint64(120) {
		f := newRandomFile(seed)
		data, offsets := f.bytes(t)
		if seed%3 == 0 {
			data, f.name = []byte(gzipped(string(data))), "a.csv.gz"
		}
		st := readAs(t, f.src, f.name, data)
		r := New(Options{Open: func(string) (io.ReadCloser, error) { return seekable(data), nil }})
		var got [][]string
		err := r.Replay(context.Background(), f.src, f.name, st.SHA256, func(rec *Record) error {
			var row []string
			for i := range f.src.Schema.Fields {
				row = append(row, string(rec.Text(i)))
			}
			if rec.Offset != offsets[rec.Number-1] || string(rec.Account) != row[0] {
				t.Errorf("seed %d: record %d at %d, account %q", seed, rec.Number, rec.Offset, rec.Account)
			}
			got = append(got, row)
			return nil
		})
		if diff := cmp.Diff(f.values, got); diff != "" || err != nil {
			t.Fatalf("seed %d: %v %s", seed, err, diff)
		}
	}
}

// Bytes that are not those of the hash, and files that cannot be loaded, are a
// failed verification; what visit and the machine say comes back as it is.
func TestReplayVerifies(t *testing.T) {
	good := []byte("id,note,mail\na,b,c\nd,e,f\n")
	sum := readAs(t, plain(), "a.csv", good).SHA256
	for what, text := range map[string][]byte{"changed": []byte("id,note,mail\na,b,x\nd,e,f\n"), "cut": good[:20], "empty": nil, "more": append(bytes.Clone(good), 'x')} {
		if _, err := replay(t, plain(), "a.csv", text, sum); !errors.Is(err, pipeline.ErrVerify) {
			t.Errorf("%s: %v", what, err)
		}
	}
	bad := []byte("id,note\na,b\n")
	if _, err := replay(t, plain(), "a.csv", bad, readAs(t, plain(), "a.csv", bad).SHA256); !errors.Is(err, pipeline.ErrVerify) {
		t.Errorf("a file that was refused: %v", err)
	}
	r := New(Options{Open: func(string) (io.ReadCloser, error) { return seekable(good), nil }})
	seen := 0
	if err := r.Replay(context.Background(), plain(), "a.csv", sum, func(*Record) error { seen++; return errDisk }); !errors.Is(err, errDisk) || seen != 1 {
		t.Errorf("%d records, then %v", seen, err)
	}
	dir := t.TempDir()
	if err := New(Options{}).Replay(context.Background(), plain(), filepath.Join(dir, "none.csv"), sum, nil); !errors.Is(err, os.ErrNotExist) || errors.Is(err, pipeline.ErrVerify) {
		t.Errorf("a file that is not there: %v", err)
	}
	path := filepath.Join(dir, "a.csv")
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := New(Options{}).Replay(context.Background(), plain(), path, sum, func(*Record) error { return nil }); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%d files beside the delivered one, %v", len(entries), err)
	}
}
