package pipeline

import (
	"fmt"
)

// Status says where every source stands.
func (in *Inspection) Status() []SourceStatus {
	var out []SourceStatus
	for i := range in.Case.Sources {
		out = append(out, in.sourceStatus(&in.Case.Sources[i]))
	}
	return out
}

func (in *Inspection) sourceStatus(src *Source) SourceStatus {
	s := SourceStatus{Source: src.Name, Kind: src.Kind, Sender: src.Sender, Files: map[Status]int{}}
	for _, r := range in.State().Receipts {
		if r.Source != src.Name {
			continue
		}
		s.Files[r.Status]++
		if r.Status != Loaded {
			continue
		}
		s.Records += r.Records
		s.Accepted += r.Accepted
		s.Rejected += r.Rejected
		s.Blank += r.Blank
		s.Lines += r.Lines
		for reason, n := range r.Reasons {
			if s.Reasons == nil {
				s.Reasons = map[string]int64{}
			}
			s.Reasons[reason] += n
		}
	}
	if src.Kind == Transfers {
		in.addDays(src, &s)
	}
	return s
}

func (in *Inspection) addDays(src *Source, s *SourceStatus) {
	days := in.sourceDays(src)
	for _, d := range sortedDays(days) {
		x := days[d]
		if x.covered {
			s.Days = append(s.Days, DayCount{d, x.records})
		}
		if x.covered && (x.expected || src.Cadence == "" && in.Case.Span.Holds(d)) {
			s.DaysCovered++
		}
		if !x.expected {
			continue
		}
		if s.DaysExpected++; x.covered {
			continue
		}
		if n := len(s.Missing); n > 0 && s.Missing[n-1].To == d-1 {
			s.Missing[n-1].To = d
		} else {
			s.Missing = append(s.Missing, DayRange{d, d})
		}
	}
}

// DaysMissing is the number of days that are expected and not covered.
func (s *SourceStatus) DaysMissing() int {
	n := 0
	for _, r := range s.Missing {
		n += r.Days()
	}
	return n
}

// open lists, one sentence each, what keeps the results from being complete,
// and says whether a check holds them back.
func open(checks []CheckResult) (sentences []string, heldBack bool) {
	for _, c := range checks {
		if c.Passed || c.Severity == Note {
			continue
		}
		rows := "rows"
		if c.Rows == 1 {
			rows = "row"
		}
		sentences = append(sentences, fmt.Sprintf("%s: %s (%d %s)", c.Name, c.Title.En, c.Rows, rows))
		heldBack = heldBack || c.Severity == Stop
	}
	return sentences, heldBack
}

// Unread counts the files of the inbox that the ledger does not know in their
// present state.
func (in *Inspection) Unread() (int, error) {
	_, total, err := in.plan()
	return total, err
}
