package pipeline

import (
	"fmt"
	"time"
)

// Day is a calendar day as the number of days since 1970-01-01, which is also
// what a Parquet DATE holds and what SQL sees as calendar.day_no.
type Day int32

// NoDay marks the absence of a day.
const NoDay Day = -1 << 31

// DayOf gives the day of a time, read in UTC.
func DayOf(t time.Time) Day {
	return Day(t.UTC().Truncate(24*time.Hour).Unix() / 86400)
}

// ParseDay reads exactly YYYY-MM-DD.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse("2006-01-02", s)
	if err != nil || len(s) != 10 {
		return NoDay, fmt.Errorf("%q is no day of the form YYYY-MM-DD", s)
	}
	return DayOf(t), nil
}

// Time is the start of the day in UTC.
func (d Day) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String is the day as YYYY-MM-DD, or "" for NoDay.
func (d Day) String() string {
	if d == NoDay {
		return ""
	}
	return d.Time().Format("2006-01-02")
}

// Month is the day's month as the number yyyymm.
func (d Day) Month() int { t := d.Time(); return t.Year()*100 + int(t.Month()) }

// MarshalText writes the day as String does.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Day) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*d = NoDay
		return nil
	}
	*d, err = ParseDay(string(b))
	return err
}

// DayRange is an unbroken run of days, both ends included.
type DayRange struct {
	From Day `json:"from"`
	To   Day `json:"to"`
}

// Days is the number of days in the range.
func (r DayRange) Days() int { return int(r.To-r.From) + 1 }

// Holds says whether d lies in the range.
func (r DayRange) Holds(d Day) bool { return r.From <= d && d <= r.To }

// String is one day, or "from to to".
func (r DayRange) String() string {
	if r.From == r.To {
		return r.From.String()
	}
	return r.From.String() + " to " + r.To.String()
}
