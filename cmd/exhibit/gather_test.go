package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"exhibit/pipeline"
)

const yearsCase = `case: years
span: {from: 2021-11-01, to: 2024-02-29}
sources:
  - name: sent
    kind: transfers
    sender: bank
    recipient: {name: other, country: CN}
    files: "sent_*.csv"
    date: {from: name, pattern: '_(\d{8})\.csv$', format: "%Y%m%d"}
    schema:
      fields:
        - {name: uid, type: string, role: account}
        - {name: phone, type: string, role: identifier, identifies: phone}
`

// deliverDays puts the files of days into the inbox of a case, which it makes
// where there is none: three records a day, on accounts that come and go.
func deliverDays(t *testing.T, dir string, days ...string) {
	t.Helper()
	inbox := filepath.Join(dir, "inbox")
	if err := os.MkdirAll(inbox, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "case.yaml"), []byte(yearsCase), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, day := range days {
		text := "uid,phone\n"
		for i := range 3 {
			text += fmt.Sprintf("u%d,%s%d\n", (int(day[5])*7+int(day[7])*3+i)%11, day, i)
		}
		if err := os.WriteFile(filepath.Join(inbox, "sent_"+day+".csv"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// gatheredYears are the gathered files of a rollup, by year.
func gatheredYears(t *testing.T, dir, rollup string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "lake", rollup, "years", "*", "*.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	years := map[string]string{}
	for _, path := range paths {
		year, _, _ := strings.Cut(filepath.Base(path), "-")
		if years[year] != "" {
			t.Errorf("%s: two files of %s", rollup, year)
		}
		years[year] = path
	}
	return years
}

// The months of earlier years are read from one file a year. A day that comes
// reads none of their own files; a file that comes late makes its year anew, and
// no other; and the figures are those of a case that gets all at once.
func TestEarlierYearsAreReadFromOneFile(t *testing.T) {
	const rollup = "sent_days"
	var days []string
	for year := 2021; year <= 2024; year++ {
		for month := 1; month <= 12; month++ {
			if n := year*100 + month; n >= 202111 && n <= 202402 {
				days = append(days, fmt.Sprintf("%d04", n), fmt.Sprintf("%d05", n))
			}
		}
	}
	dir := filepath.Join(t.TempDir(), "case")
	deliverDays(t, dir, days...)
	figuresOf(t, dir)
	before := gatheredYears(t, dir, rollup)
	if len(before) != 3 || before["2024"] != "" {
		t.Fatalf("gathered: %v", before)
	}
	months, err := filepath.Glob(filepath.Join(dir, "lake", rollup, "source=*", "month=202[123]*", "*.parquet"))
	if err != nil || len(months) != 26 {
		t.Fatalf("%d files of months, %v", len(months), err)
	}
	kept := map[string][]byte{}
	for _, path := range months {
		if kept[path], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes.Repeat([]byte{0xAA}, len(kept[path])), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	deliverDays(t, dir, "20240206")
	figuresOf(t, dir)
	for path, data := range kept {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	deliverDays(t, dir, "20220310")
	figures := figuresOf(t, dir)
	after := gatheredYears(t, dir, rollup)
	if len(after) != 3 || after["2021"] != before["2021"] || after["2023"] != before["2023"] || after["2022"] == before["2022"] {
		t.Errorf("gathered: %v, and after a late file of 2022 %v", before, after)
	}
	once := filepath.Join(t.TempDir(), "case")
	deliverDays(t, once, append(days, "20240206", "20220310")...)
	if !bytes.Equal(figures, figuresOf(t, once)) {
		t.Error("figures.json differs from that of a case that gets all at once")
	}
	rot(t, after["2021"])
	deliverDays(t, dir, "20240207")
	if code, _, errs := exhibit("run", "--case", dir); code != 4 || !strings.Contains(errs, pipeline.ErrVerify.Error()) || !strings.Contains(errs, filepath.Base(after["2021"])) {
		t.Errorf("a rotten file: exit code %d: %s", code, errs)
	}
}

// rot turns one bit of a file.
func rot(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
