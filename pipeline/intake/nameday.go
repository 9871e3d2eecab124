package intake

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"

	"exhibit/pipeline"
)

// nameRule reads the day in a file's name.
type nameRule struct {
	pattern *regexp.Regexp
	format  *timeFormat
}

func compileNameRule(rule pipeline.DateRule) (*nameRule, error) {
	pattern, err := regexp.Compile(rule.Pattern)
	if err != nil {
		return nil, fmt.Errorf("date: pattern %q: %w", rule.Pattern, err)
	}
	if pattern.NumSubexp() < 1 {
		return nil, fmt.Errorf("date: pattern %q has no group for the day", rule.Pattern)
	}
	format, err := compileTime(rule.Format)
	if err != nil {
		return nil, fmt.Errorf("date: %w", err)
	}
	if !format.wholeDate() {
		return nil, fmt.Errorf("date: format %q names no whole date", rule.Format)
	}
	return &nameRule{pattern, format}, nil
}

// day reads the day in the base name of a file.
func (n *nameRule) day(base string) (pipeline.Day, error) {
	m := n.pattern.FindStringSubmatch(base)
	if m == nil {
		return pipeline.NoDay, refusal("its name does not match the pattern that gives the date")
	}
	var s stamp
	if !n.format.parse([]byte(m[1]), &s) {
		return pipeline.NoDay, refusal("the date in its name is not of the declared form")
	}
	day, ok := s.date()
	if !ok {
		return pipeline.NoDay, refusal("the date in its name is no day of the calendar")
	}
	return pipeline.Day(day), nil
}

// dateRule is where the day of a source's files comes from.
func dateRule(src *pipeline.Source) pipeline.DateRule {
	if src.Kind == pipeline.Transfers {
		return src.Date
	}
	return src.AsOf
}

// fixed is the day that a rule gives itself. The zero value of a rule means "no
// date", so that 1970-01-01 cannot be given this way.
func fixed(rule pipeline.DateRule) pipeline.Day {
	if rule.FromName || rule.FromField || rule.Fixed == 0 {
		return pipeline.NoDay
	}
	return rule.Fixed
}

// NameDay implements pipeline.Reader.
func (r *Reader) NameDay(src *pipeline.Source, name string) (pipeline.Day, bool) {
	rule := dateRule(src)
	if !rule.FromName {
		return pipeline.NoDay, false
	}
	n, err := compileNameRule(rule)
	if err != nil {
		return pipeline.NoDay, false
	}
	day, err := n.day(path.Base(filepath.ToSlash(name)))
	return day, err == nil
}
