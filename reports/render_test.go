package reports

import (
	"bytes"
	"encoding/xml"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

var update = flag.Bool("update", false, "rewrite testdata")

func mustLoad(t *testing.T, dir string) *Run {
	t.Helper()
	r, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// render renders a sample, and holds what is true of every report.
func render(t *testing.T, s *sample) string {
	t.Helper()
	r := mustLoad(t, s.seal(t))
	var a, b bytes.Buffer
	for _, w := range []io.Writer{&a, &b} {
		if err := Render(w, r); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the same run gave two different pages")
	}
	wellFormed(t, a.String())
	return a.String()
}

// wellFormed reads the page as XML, which asks for more than HTML: balanced
// tags, quoted attributes, nothing unescaped. It also looks for unique ids,
// for references that lead nowhere or out of the page, and for headings that
// skip a level.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	ids, refs := map[string]bool{}, map[string]bool{}
	level := 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch name := e.Name.Local; name {
		case "script", "link", "iframe", "object", "embed", "base", "form", "img", "image", "use", "foreignObject":
			t.Errorf("element %s in the page", name)
		case "h1", "h2", "h3", "h4":
			if n := int(name[1] - '0'); n > level+1 {
				t.Errorf("heading %s after level %d", name, level)
			} else {
				level = n
			}
		}
		for _, a := range e.Attr {
			switch name := a.Name.Local; {
			case name == "id":
				if ids[a.Value] {
					t.Errorf("id %q twice", a.Value)
				}
				ids[a.Value] = true
			case name == "href" && !strings.HasPrefix(a.Value, "#"), name == "src", strings.HasPrefix(name, "on"), name == "style":
				t.Errorf("attribute %s=%q", name, a.Value)
			case name == "href":
				refs[a.Value[1:]] = true
			case name == "aria-labelledby":
				for _, id := range strings.Fields(a.Value) {
					refs[id] = true
				}
			}
		}
	}
	for id := range refs {
		if !ids[id] {
			t.Errorf("reference to %q leads nowhere", id)
		}
	}
}

func TestGolden(t *testing.T) {
	got := render(t, tiny(t))
	path := filepath.Join("testdata", "tiny.html")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-want +got (run with -update if this is meant):\n%s", diff)
	}
}

func TestNoNetwork(t *testing.T) {
	page := render(t, large(t))
	if !strings.Contains(page, `content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"`) {
		t.Error("the page has no Content-Security-Policy")
	}
	for _, bad := range []string{"http:", "https:", "@import", "url(", "<script", "javascript:"} {
		if strings.Contains(strings.ToLower(page), bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
}

func TestOrder(t *testing.T) {
	page := render(t, large(t))
	at := 0
	for _, part := range []string{`<h1>Customer data sent to Alipay`, "알리페이 고객정보 제공 검사", "20240822T061500Z-8f31c2", "Incomplete",
		"26 expected days have no loaded file", `id="figures"`, "54,214,377,902", "records without account", "40,450,213", "holders read as “all” instead of “owner”",
		"40,611,870", "2018-04-01 – 2024-05-15", "31,204,118", "By the other reading", "30,118,502", `id="plots"`, "2018-04: 526,339,305 records",
		`id="calendar"`, "2019-03-04 to 2019-03-17 (14 days)", "2020-02-29: missing", "2020-05-01: 0 records", `id="findings"`, "31,220,418", `id="files"`,
		"not a date of the declared form", "the gzip stream ends early", "All loaded files (2,211)", `id="checks"`, "2019-03-05", `id="method"`,
		"Readings chosen", "needs_consent", "duckdb", "v1.5.5", "Seals", "check/missing_day.sql"} {
		i := strings.Index(page[at:], part)
		if i < 0 {
			t.Fatalf("%q does not follow at byte %d", part, at)
		}
		at += i
	}
}

func TestBanner(t *testing.T) {
	complete := tiny(t)
	complete.manifest.Complete, complete.manifest.Open = true, nil
	held := tiny(t)
	held.checks[0].Passed, held.checks[0].Rows = false, 2
	held.manifest.HeldBack = true
	silent := tiny(t)
	silent.manifest.Open = nil
	for _, test := range []struct {
		name      string
		s         *sample
		want, not []string
	}{
		{"complete", complete, []string{`<body class="complete">`, "✓</span> Complete"}, []string{"Incomplete", "Held back"}},
		{"incomplete", tiny(t), []string{`<body class="incomplete">`, "<li>alipay: the day 2024-02-29 is missing</li>"}, []string{"Held back", "✓</span> Complete"}},
		{"held", held, []string{`<body class="held">`, "Held back by a check", "<li>No file counts twice <span class=\"ko\" lang=\"ko\">중복 파일 없음</span></li>"}, []string{"✓</span> Complete", "> Incomplete"}},
		{"silent", silent, []string{"does not say what is open"}, []string{"✓</span> Complete"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			page := render(t, test.s)
			for _, w := range test.want {
				if !strings.Contains(page, w) {
					t.Errorf("the page lacks %q", w)
				}
			}
			for _, w := range test.not {
				if strings.Contains(page, w) {
					t.Errorf("the page holds %q", w)
				}
			}
			marks := strings.Count(page, `class="heldmark"`)
			if want := len(test.s.figures) + len(test.s.tables) + 1; test.name == "held" && marks != want {
				t.Errorf("%d held-back marks, want one for each figure and plot and one for the findings: %d", marks, want)
			} else if test.name != "held" && marks != 0 {
				t.Errorf("%d held-back marks", marks)
			}
		})
	}
}

// A run that says it is complete while a stopping check failed is held back.
func TestFailedStopHoldsBack(t *testing.T) {
	s := tiny(t)
	s.manifest.Complete, s.manifest.HeldBack = true, false
	s.checks[0].Passed = false
	if page := render(t, s); !strings.Contains(page, `<body class="held">`) {
		t.Error("figures are not held back though a check of severity stop failed")
	}
}

func TestHostileTexts(t *testing.T) {
	const evil = "\"'></title></style></textarea><script>alert(1)</script><img src=x onerror=y> & {{.}} \u202etxt.exe\u2066\x00\x1b\u200b"
	s := tiny(t)
	m := &s.manifest
	m.Title, m.Case, m.RunID = pipeline.Text{En: evil, Ko: evil}, evil, evil
	m.CaseSHA256 = evil
	m.Open = []string{evil}
	m.Definitions, m.Versions = map[string]string{evil: evil}, map[string]string{evil: evil}
	m.Sources[0].Source, m.Sources[0].Sender = evil, evil
	m.Sources[0].Files[pipeline.Status(evil)] = 1
	m.Sources[0].Reasons = map[string]int64{evil: 1}
	m.Files[0].Path, m.Files[1].Path, m.Files[1].Reason, m.Files[1].Status = evil, evil, evil, pipeline.Status(evil)
	for i := range s.figures {
		f := &s.figures[i]
		f.Title, f.Unit, f.Definition = pipeline.Text{En: evil, Ko: evil}, evil, evil
		f.Values[0] = pipeline.Value{Column: evil, Value: evil}
	}
	s.checks[1].Title, s.checks[1].Definition, s.checks[1].Columns, s.checks[1].First = pipeline.Text{En: evil, Ko: evil}, evil, []string{evil}, [][]string{{evil}}
	s.checks[1].Severity = pipeline.Severity(evil)
	s.findings[0].Title, s.findings[0].Rule, s.findings[0].Definition = pipeline.Text{En: evil, Ko: evil}, evil, evil
	s.tables[1].Title, s.tables[1].Unit, s.tables[1].Columns, s.tables[1].Definition = pipeline.Text{En: evil, Ko: evil}, evil, []string{evil, evil + "2", "persons", "n"}, evil
	s.tables[1].Rows = [][]any{{evil, evil, 1, 2}}
	s.findings[0].SQLSHA256 = s.query("finding/evil.sql", evil+"\xff\xfe")

	page := render(t, s) // which also holds that the page is well-formed and has no foreign element
	for _, bad := range []string{"<script", "<img", "\u202e", "\u2066", "\x00", "\x1b", "\u200b", "\xff", "alert(1)</"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	for _, want := range []string{"⟨U+202E⟩txt.exe", "⟨0xFF⟩⟨0xFE⟩"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := strings.Count(page, "<style>"); n != 1 || strings.Count(page, "</style>") != 1 {
		t.Errorf("%d style elements", n)
	}
}

// No column that may identify a person is printed, whoever wrote the SQL.
func TestNoPersons(t *testing.T) {
	s := tiny(t)
	s.checks[1].Columns = []string{"source", "account_id", "person_key", "Phone", "email", "other_account_key", "detail", "transfer_date"}
	s.checks[1].First = [][]string{{"alipay", "SECRET1", "SECRET2", "SECRET3", "SECRET4", "SECRET5", "SECRET6", "2024-02-29", "SECRET7"}}
	s.tables[1].Columns = []string{"account_id", "persons"}
	s.tables[1].Rows = [][]any{{"SECRET8", 1}}
	s.figures[5].Values = pipeline.Values{{Column: "account_id", Value: "SECRET9"}}
	page := render(t, s)
	if found := regexp.MustCompile(`SECRET\d`).FindAllString(page, -1); len(found) > 0 {
		t.Errorf("printed: %v", found)
	}
	if !strings.Contains(page, "withheld") || !strings.Contains(page, "<td>2024-02-29</td>") {
		t.Error("the rest of the row is lost")
	}
}

func TestEmptyRun(t *testing.T) {
	page := render(t, &sample{manifest: pipeline.Manifest{Span: pipeline.DayRange{From: pipeline.NoDay, To: pipeline.NoDay}}})
	for _, want := range []string{"The run has no figures.", "The run has no findings.", "The run has no checks.", "No file was delivered.", "A case without a title"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	empty := tiny(t)
	empty.tables[0].Rows, empty.tables[1].Rows, empty.tables[1].Columns = nil, nil, nil
	empty.figures[0].Values = nil
	empty.manifest.Sources[0].Days, empty.manifest.Sources[0].Missing, empty.manifest.Sources[0].DaysExpected = nil, nil, 0
	if page := render(t, empty); !strings.Contains(page, "There is nothing to draw.") || strings.Contains(page, `id="calendar"`) {
		t.Error("a run without rows or days is not told as one")
	}
}

func TestHugeValues(t *testing.T) {
	s := tiny(t)
	s.figures[3].Values[0].Value = int64(math.MaxInt64)
	s.tables[0].Rows = [][]any{{202402, int64(math.MaxInt64)}, {202402, int64(math.MaxInt64)}, {202403, int64(9_007_199_254_740_993)}}
	s.tables[1].Rows = [][]any{{1, 1, int64(math.MaxInt64), 0}, {2, int64(math.MaxInt64), -5, 0}}
	s.manifest.Sources[0].Days[0].Records = math.MaxInt64
	s.manifest.Sources[0].Days[1].Records = math.MaxInt64
	page := render(t, s)
	for _, want := range []string{"9,223,372,036,854,775,807", "9,007,199,254,740,993", "10,000,000T", "−5", "2 or more"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if bad := regexp.MustCompile(`="(NaN|[+-]Inf|-[0-9.]+)"`).FindString(page); bad != "" {
		t.Errorf("coordinate %s", bad)
	}
}

// Every delivered file stands on the page once, however many there are.
func TestManyFiles(t *testing.T) {
	s := large(t)
	for i := range 100 {
		s.manifest.Files = append(s.manifest.Files, pipeline.Receipt{Source: "kakaopay-alipay", Path: "late/" + grouped(int64(i)+10_000) + ".csv",
			SHA256: hexSum([]byte{byte(i)}), Status: pipeline.Held, Reason: "two files for one day", NameDay: pipeline.NoDay})
	}
	page := render(t, s)
	for _, f := range s.manifest.Files {
		if n := strings.Count(page, ">"+f.Path+"<code>"); n != 1 {
			t.Fatalf("%s stands %d times on the page", f.Path, n)
		}
	}
	if !strings.Contains(page, "The first 60 are shown; 45 more follow in the folded list.") {
		t.Error("the page does not say that the list is cut")
	}
	if size := len(page); size > 2<<20 {
		t.Errorf("the page has %d bytes", size)
	}
}
