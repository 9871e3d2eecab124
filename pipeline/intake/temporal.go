package intake

import (
	"fmt"
	"strings"
)

// stamp is what a date or time format reads. Numbers are -1 where it has none.
type stamp struct {
	year, month, day, yday       int
	hour, minute, second, micros int
	pm                           int // 0 AM, 1 PM
}

// timeStep is one literal byte of a format, or one directive.
type timeStep struct {
	directive byte // 0: literal
	literal   byte
}

// timeFormat is a compiled strptime format. It is strict: every number has all
// its digits, nothing is optional, nothing is skipped.
type timeFormat struct {
	steps []timeStep
	has   map[byte]bool
}

const directives = "YymdjHIMSfpbB%"

var monthNames = [...]string{"january", "february", "march", "april", "may", "june",
	"july", "august", "september", "october", "november", "december"}

func compileTime(format string) (*timeFormat, error) {
	format = strings.NewReplacer("%F", "%Y-%m-%d", "%T", "%H:%M:%S").Replace(format)
	f := &timeFormat{has: map[byte]bool{}}
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			f.steps = append(f.steps, timeStep{literal: format[i]})
			continue
		}
		if i++; i == len(format) || !strings.Contains(directives, format[i:i+1]) {
			return nil, fmt.Errorf("format %q: only %%Y %%y %%m %%d %%j %%b %%B %%H %%I %%p %%M %%S %%f %%F %%T %%%% can be read exactly", format)
		}
		c := format[i]
		if c == '%' {
			f.steps = append(f.steps, timeStep{literal: '%'})
			continue
		}
		if f.has[c] {
			return nil, fmt.Errorf("format %q: %%%c stands twice", format, c)
		}
		f.has[c] = true
		f.steps = append(f.steps, timeStep{directive: c})
	}
	return f, nil
}

// wholeDate says whether the format names one day.
func (f *timeFormat) wholeDate() bool {
	month := f.has['m'] || f.has['b'] || f.has['B']
	return (f.has['Y'] || f.has['y']) && (month && f.has['d'] || f.has['j'])
}

// wholeTime says whether the format names a time of day.
func (f *timeFormat) wholeTime() bool {
	return f.has['H'] || f.has['I'] && f.has['p']
}

// parse reads all of b, and checks each number by itself.
func (f *timeFormat) parse(b []byte, s *stamp) bool {
	*s = stamp{year: -1, month: -1, day: -1, yday: -1, hour: -1, minute: -1, second: -1, micros: -1, pm: -1}
	for _, step := range f.steps {
		if step.directive == 0 {
			if len(b) == 0 || b[0] != step.literal {
				return false
			}
			b = b[1:]
			continue
		}
		var ok bool
		if b, ok = s.read(step.directive, b); !ok {
			return false
		}
	}
	return len(b) == 0
}

func (s *stamp) read(directive byte, b []byte) (rest []byte, ok bool) {
	switch directive {
	case 'Y':
		return digits(b, 4, 1, 9999, &s.year)
	case 'y': // the pivot of POSIX: 69 to 99 are 1969 to 1999
		if rest, ok = digits(b, 2, 0, 99, &s.year); ok {
			if s.year += 2000; s.year >= 2069 {
				s.year -= 100
			}
		}
		return rest, ok
	case 'm':
		return digits(b, 2, 1, 12, &s.month)
	case 'd':
		return digits(b, 2, 1, 31, &s.day)
	case 'j':
		return digits(b, 3, 1, 366, &s.yday)
	case 'H':
		return digits(b, 2, 0, 23, &s.hour)
	case 'I':
		return digits(b, 2, 1, 12, &s.hour)
	case 'M':
		return digits(b, 2, 0, 59, &s.minute)
	case 'S':
		return digits(b, 2, 0, 59, &s.second)
	case 'f':
		return fraction(b, &s.micros)
	case 'p':
		return s.readHalf(b)
	}
	return s.readMonth(b, directive == 'b')
}

func (s *stamp) readHalf(b []byte) ([]byte, bool) {
	if len(b) < 2 || b[1]|0x20 != 'm' {
		return b, false
	}
	switch b[0] | 0x20 {
	case 'a':
		s.pm = 0
	case 'p':
		s.pm = 1
	default:
		return b, false
	}
	return b[2:], true
}

func (s *stamp) readMonth(b []byte, short bool) ([]byte, bool) {
	for i, name := range monthNames {
		if short {
			name = name[:3]
		}
		if len(b) >= len(name) && strings.EqualFold(string(b[:len(name)]), name) {
			s.month = i + 1
			return b[len(name):], true
		}
	}
	return b, false
}

// digits reads exactly n digits of a number between low and high.
func digits(b []byte, n, low, high int, out *int) ([]byte, bool) {
	if len(b) < n {
		return b, false
	}
	v := 0
	for _, c := range b[:n] {
		if c < '0' || c > '9' {
			return b, false
		}
		v = v*10 + int(c-'0')
	}
	*out = v
	return b[n:], v >= low && v <= high
}

// fraction reads one to six digits of a second.
func fraction(b []byte, micros *int) ([]byte, bool) {
	v, n := 0, 0
	for ; n < len(b) && b[n] >= '0' && b[n] <= '9'; n++ {
		if n == 6 {
			return b, false
		}
		v = v*10 + int(b[n]-'0')
	}
	for i := n; i < 6; i++ {
		v *= 10
	}
	*micros = v
	return b[n:], n > 0
}

// date is the day since 1970-01-01, if there is such a day.
func (s *stamp) date() (int64, bool) {
	if s.yday >= 0 {
		if s.yday == 366 && !leap(s.year) {
			return 0, false
		}
		day := daysFrom(s.year, 1, 1) + int64(s.yday) - 1
		if s.month < 0 && s.day < 0 {
			return day, true
		}
		return day, s.month > 0 && s.day > 0 && s.day <= monthDays(s.year, s.month) && daysFrom(s.year, s.month, s.day) == day
	}
	if s.day > monthDays(s.year, s.month) {
		return 0, false
	}
	return daysFrom(s.year, s.month, s.day), true
}

// time is the microsecond of the day, if hour and AM or PM agree.
func (s *stamp) time() (int64, bool) {
	hour := max(s.hour, 0)
	if s.pm >= 0 {
		if hour < 1 || hour > 12 {
			return 0, false
		}
		hour = hour%12 + 12*s.pm
	}
	seconds := (hour*60+max(s.minute, 0))*60 + max(s.second, 0)
	return int64(seconds)*1_000_000 + int64(max(s.micros, 0)), true
}

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func monthDays(year, month int) int {
	switch month {
	case 2:
		if leap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysFrom counts the days from 1970-01-01 in the proleptic Gregorian calendar.
// Years begin in March here, so that the leap day is the last of its year.
func daysFrom(year, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	days := 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 1
	return int64(days) - 719468
}
