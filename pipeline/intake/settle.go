package intake

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"exhibit/pipeline"
)

const (
	errNoData = refusal("no data: the file is empty")

	// suspects is how many records must speak against the declared encoding
	// before the whole file is refused for it.
	suspects = 10
)

// see counts a filled field, and the days on which it was.
func see(c *pipeline.FieldCount, day pipeline.Day, kind pipeline.Kind) {
	c.Records++
	if kind == pipeline.Transfers {
		reach(c, day)
	}
}

// reach makes the days of a field reach one more.
func reach(c *pipeline.FieldCount, day pipeline.Day) {
	if c.First == pipeline.NoDay || day < c.First {
		c.First = day
	}
	if c.Last == pipeline.NoDay || day > c.Last {
		c.Last = day
	}
}

// widen makes the days of the items reach one more.
func (f *delivery) widen(bits int64, day pipeline.Day) {
	if f.src.Kind != pipeline.Transfers {
		return
	}
	for i := range f.items {
		if bits&(1<<i) != 0 {
			reach(&f.staged.Fields[i], day)
		}
	}
	if day != f.seenDay {
		f.seenDay, f.seen = day, 0
	}
	f.seen |= bits
}

// countDay counts an accepted record; records of one day mostly stand together.
func (f *delivery) countDay(day pipeline.Day) {
	if day != f.day {
		f.closeDay()
		f.day = day
	}
	f.dayRecords++
}

func (f *delivery) closeDay() {
	if f.dayRecords > 0 {
		f.days[f.day] += f.dayRecords
		f.dayRecords = 0
	}
}

// write gives one staged column the value of an accepted record.
func (f *delivery) write(col int, o *output, day pipeline.Day, bits int64) error {
	b := &f.rows.cols[col]
	switch o.gives {
	case giveAccount:
		return f.writeAccount(b)
	case giveRecipient:
		return f.writeRecipient(b)
	case giveDay:
		b.number(int64(day))
		return nil
	case giveFields:
		b.number(bits)
		return nil
	case giveDefault:
		f.rows.textAt(col, []byte(o.text))
		return nil
	case giveNothing:
		b.null()
		return nil
	}
	v := &f.values[o.from.index]
	switch {
	case !v.present:
		b.null()
	case o.gives == giveText:
		f.rows.textAt(col, v.text)
	case o.gives == giveDate:
		b.number(int64(o.from.dayOf(v)))
	default:
		b.number(v.number)
	}
	return nil
}

func (f *delivery) writeAccount(b *buffer) error {
	if f.account == nil || !f.values[f.account.index].present {
		b.null()
		return nil
	}
	id := f.values[f.account.index].text
	if f.accountKey >= 0 {
		b.number(int64(f.accountKey))
		return nil
	}
	if f.known != nil && f.accountKey == notLookedUp {
		var key [1]int32
		if err := f.lookup([][]byte{id}, key[:]); err != nil {
			return err
		}
		if key[0] >= 0 {
			b.number(int64(key[0]))
			return nil
		}
	}
	place, added, err := f.local.place(f.src.Sender, id)
	if err != nil {
		return err
	}
	b.number(-1 - int64(place))
	if !added {
		return nil
	}
	f.accounts.textAt(0, id)
	return f.accounts.endRow()
}

// recipientOf is the recipient of a transfer: the source's, or that of the
// record's fields; false where there is none.
func (f *delivery) recipientOf() (name []byte, country string, ok bool) {
	if f.recipient == nil {
		return f.recipientName, f.src.Recipient.Country, f.src.Recipient.Name != ""
	}
	v := &f.values[f.recipient.index]
	if f.country == nil {
		return v.text, f.src.Recipient.Country, v.present
	}
	if c := &f.values[f.country.index]; c.present {
		country = string(c.text)
	}
	return v.text, country, v.present
}

// namedRecipient is a recipient with its place in the staged list.
type namedRecipient struct {
	known         bool
	country, name string
	place         int32
}

// writeRecipient gives the recipient of a transfer by its place in the staged
// list; NULL where its field holds none.
func (f *delivery) writeRecipient(b *buffer) error {
	name, country, ok := f.recipientOf()
	if !ok {
		b.null()
		return nil
	}
	if l := &f.lastNamed; l.known && l.country == country && string(name) == l.name { // mostly it is
		b.number(-1 - int64(l.place))
		return nil
	}
	place, added, err := f.named.place(country, name)
	if err != nil {
		return err
	}
	f.lastNamed = namedRecipient{true, country, string(name), place}
	b.number(-1 - int64(place))
	if !added {
		return nil
	}
	f.recipients.textAt(0, []byte(country))
	f.recipients.textAt(1, name)
	return f.recipients.endRow()
}

// settle decides, after the last byte, whether the file can be trusted. It
// compares what was read with what was counted apart from it.
func (f *delivery) settle() error {
	f.closeDay()
	for day, n := range f.days {
		f.staged.Days = append(f.staged.Days, pipeline.DayCount{Day: day, Records: n})
	}
	slices.SortFunc(f.staged.Days, func(a, b pipeline.DayCount) int { return cmp.Compare(a.Day, b.Day) })
	for _, x := range f.extra {
		f.staged.NewFields = append(f.staged.NewFields, x.count)
	}
	slices.SortFunc(f.staged.NewFields, func(a, b pipeline.FieldCount) int { return cmp.Compare(a.Field, b.Field) })
	if err := f.checkEncoding(); err != nil {
		return err
	}
	if err := f.conserved(); err != nil {
		return err
	}
	if f.records > 0 && f.staged.Accepted == 0 {
		return refusal("every record was rejected: " + f.reasons())
	}
	return nil
}

// checkEncoding refuses a file whose records say that it is not in the declared
// encoding.
func (f *delivery) checkEncoding() error {
	h := &f.heard
	switch {
	case h.garbled >= suspects && 2*h.garbled > h.nonASCII:
		return refusal(fmt.Sprintf("wrong encoding: %d of %d records with characters beyond ASCII cannot be decoded as %s",
			h.garbled, h.nonASCII, f.src.Encoding))
	case h.nonASCII >= suspects && h.looksLikeUTF8 == h.nonASCII:
		return refusal(fmt.Sprintf("wrong encoding: all %d records with characters beyond ASCII are valid UTF-8, and %s is declared",
			h.nonASCII, f.src.Encoding))
	}
	return nil
}

// conserved checks that nothing was lost and nothing came from nowhere.
func (f *delivery) conserved() error {
	c := &f.staged.Counts
	var reasons, days int64
	for _, n := range f.staged.Reasons {
		reasons += n
	}
	for _, d := range f.staged.Days {
		days += d.Records
	}
	if f.src.Kind != pipeline.Transfers {
		days = c.Accepted
	}
	for _, sum := range []struct {
		what      string
		got, want int64
	}{
		{"accepted and rejected records", c.Accepted + c.Rejected, f.records},
		{"rejects by reason", reasons, c.Rejected},
		{"records by day", days, c.Accepted},
		{"staged rows", f.rows.total, c.Accepted},
		{"staged rejects", f.rejects.total, c.Rejected},
		{"new accounts", f.accounts.total, int64(f.local.len())},
		{"recipients", f.recipients.total, int64(f.named.len())},
		{"bytes", f.bytes, f.total.text},
		{"lines", f.lines, f.total.lines},
	} {
		if sum.got != sum.want {
			return refusal(fmt.Sprintf("accounting: %s add up to %d instead of %d", sum.what, sum.got, sum.want))
		}
	}
	// Where a quote is out of place, what is a record is a matter of reading.
	if n := f.total.records; !f.total.cut && n != f.records+f.headers {
		return refusal(fmt.Sprintf("accounting: %d records read, %d counted", f.records+f.headers, n))
	}
	return nil
}

// reasons lists the reasons for rejecting, the most frequent first.
func (f *delivery) reasons() string {
	names := slices.Sorted(maps.Keys(f.staged.Reasons))
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(f.staged.Reasons[b], f.staged.Reasons[a]) })
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d", name, f.staged.Reasons[name])
	}
	return strings.Join(names, ", ")
}
