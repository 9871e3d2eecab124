package intake

import (
	"fmt"
	"strings"

	"exhibit/pipeline"
)

// layout is a source made ready to read its files.
type layout struct {
	src     *pipeline.Source
	charset charset
	dialect pipeline.Dialect
	columns []*column // in the order of the layout
	items   []*column
	account *column // nil: the source has none
	// of transfers whose recipient stands in a field; nil: the source's
	recipient, country *column
	date               *column // of transfers whose day stands in a field
	unique             []*column
	name               *nameRule // nil: the day is not in the file's name
	staging            []output
}

// output is where a staged column's value comes from.
type output struct {
	pipeline.Column
	from  *column // nil: the fixed columns, or the default
	gives given
	text  string // the default
}

type given uint8

const (
	giveNothing given = iota
	giveAccount
	giveRecipient
	giveDay
	giveFields
	giveDefault
	giveText
	giveDate
	giveNumber
)

// Check says what in a source keeps its files from being read: a pattern that is
// no regular expression, a format that cannot be read exactly, a constraint that
// does not apply to its type. It gives the first such thing, with its field.
func Check(src *pipeline.Source) error {
	_, err := compile(src)
	return err
}

func compile(src *pipeline.Source) (*layout, error) {
	l := &layout{src: src}
	var err error
	if l.charset, err = parseCharset(src.Encoding); err != nil {
		return nil, err
	}
	if err := l.compileFormat(); err != nil {
		return nil, err
	}
	if len(src.Schema.Fields) == 0 {
		return nil, fmt.Errorf("the schema has no fields")
	}
	names := map[string]bool{}
	for i := range src.Schema.Fields {
		f := &src.Schema.Fields[i]
		c, err := compileColumn(f, &src.Schema)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
		if names[f.Name] {
			return nil, fmt.Errorf("field %s stands twice", f.Name)
		}
		names[f.Name] = true
		c.index = i
		l.columns = append(l.columns, c)
		if f.Item() {
			l.items = append(l.items, c)
		}
		if f.Unique {
			l.unique = append(l.unique, c)
		}
	}
	if src.Format == formatFixed {
		if err := checkFixed(l); err != nil {
			return nil, err
		}
	}
	if len(l.items) > 62 {
		return nil, fmt.Errorf("%d fields count as items; at most 62 can be told apart", len(l.items))
	}
	l.account = l.role(pipeline.RoleAccount)
	if l.src.Recipient.FromField {
		if l.recipient = l.role(pipeline.RoleRecipient); l.recipient == nil {
			return nil, fmt.Errorf("the recipient comes from a field, and no field has the role recipient")
		}
		l.country = l.role(pipeline.RoleRecipientCountry)
	}
	if err := l.compileDay(); err != nil {
		return nil, err
	}
	return l, l.compileOutputs()
}

func checkDialect(d *pipeline.Dialect) error {
	for _, b := range []struct {
		name string
		byte byte
	}{{"delimiter", d.Delimiter}, {"quoteChar", d.Quote}, {"escapeChar", d.Escape}, {"commentChar", d.Comment}} {
		if b.byte >= 0x80 || isAlnum(b.byte) || b.byte == '\r' || b.byte == '\n' {
			return fmt.Errorf("%s must be an ASCII character that is no letter, digit or line end", b.name)
		}
	}
	switch {
	case d.Delimiter == 0:
		return fmt.Errorf("the dialect has no delimiter")
	case d.Delimiter == d.Quote || d.Delimiter == d.Escape || d.Delimiter == d.Comment || d.Comment != 0 && d.Comment == d.Quote:
		return fmt.Errorf("delimiter, quoteChar, escapeChar and commentChar must differ")
	case d.SkipInitialSpace && d.Delimiter == ' ':
		return fmt.Errorf("skipInitialSpace and a space as delimiter contradict each other")
	case !strings.Contains("\r\n", d.LineTerminator):
		return fmt.Errorf("lineTerminator must be LF, CRLF or CR")
	}
	return nil
}

// role finds the column of the first field with a role.
func (l *layout) role(r pipeline.Role) *column {
	for _, c := range l.columns {
		if c.field.Role == r {
			return c
		}
	}
	return nil
}

func (l *layout) compileDay() (err error) {
	rule := dateRule(l.src)
	if rule.FromName {
		if l.name, err = compileNameRule(rule); err != nil {
			return err
		}
	}
	if l.src.Kind != pipeline.Transfers {
		return nil
	}
	if rule.FromField {
		if l.date = l.role(pipeline.RoleDate); l.date == nil {
			return fmt.Errorf("the date comes from a field, and no field has the role date")
		}
		return l.date.mustBeDate()
	}
	if !rule.FromName && fixed(rule) == pipeline.NoDay {
		return fmt.Errorf("transfers need a date: from name, from field, or both")
	}
	return nil
}

func (c *column) mustBeDate() error {
	if c.field.Type != "date" && c.field.Type != "datetime" {
		return fmt.Errorf("field %s has the role %s and must be of type date or datetime", c.field.Name, c.field.Role)
	}
	return nil
}

// stagedRoles are the columns that a role fills, by their names.
var stagedRoles = map[string]pipeline.Role{
	"person_id": pipeline.RolePerson, "holder": pipeline.RoleHolder, "joined_on": pipeline.RoleJoined,
	"dormant_from": pipeline.RoleDormant, "withdrawn_on": pipeline.RoleWithdrawn,
	"paid_on": pipeline.RolePaid, "country": pipeline.RoleCountry, "amount": pipeline.RoleAmount,
	"kind": pipeline.RoleConsent, "basis": pipeline.RoleBasis, "recipient": pipeline.RoleRecipient, "purpose": pipeline.RolePurpose,
	"field": pipeline.RoleField, "given_on": pipeline.RoleFrom, "from_on": pipeline.RoleFrom, "until_on": pipeline.RoleUntil,
}

func (l *layout) compileOutputs() error {
	columns := pipeline.StagedColumns(l.src)
	kept := 0
	for i := range l.src.Schema.Fields {
		if l.src.Schema.Fields[i].Kept() {
			kept++
		}
	}
	for i, col := range columns {
		var o output
		var err error
		if i >= len(columns)-kept {
			o, err = l.keptOutput(col)
		} else {
			o, err = l.roleOutput(col)
		}
		if err != nil {
			return err
		}
		l.staging = append(l.staging, o)
	}
	return nil
}

func (l *layout) keptOutput(col pipeline.Column) (output, error) {
	for _, c := range l.columns {
		if c.field.Name == col.Name && c.field.Kept() {
			if col.Type == "VARCHAR" {
				return output{Column: col, from: c, gives: giveText}, nil
			}
			return output{Column: col, from: c, gives: giveNumber}, nil
		}
	}
	return output{}, fmt.Errorf("staged column %s has no field", col.Name)
}

func (l *layout) roleOutput(col pipeline.Column) (output, error) {
	o := output{Column: col}
	role := stagedRoles[col.Name]
	switch {
	case col.Name == "account_key":
		o.gives = giveAccount
		return o, nil
	case col.Name == "recipient_key":
		o.gives = giveRecipient
		return o, nil
	case col.Name == "transfer_date":
		o.gives = giveDay
		return o, nil
	case col.Name == "fields":
		o.gives = giveFields
		return o, nil
	case col.Name == "status" && l.src.Kind == pipeline.OverseasPayments:
		role, o.text = pipeline.RolePaymentStatus, "settled"
	case col.Name == "status":
		role = pipeline.RoleStatus
	case col.Name == "holder":
		o.text = "owner"
	}
	if o.from = l.role(role); o.from == nil {
		if o.text != "" {
			o.gives = giveDefault
		}
		return o, nil
	}
	switch col.Type {
	case "DATE":
		o.gives = giveDate
		return o, o.from.mustBeDate()
	case "VARCHAR":
		o.gives = giveText
		return o, nil
	}
	o.gives = giveNumber
	if t := o.from.field.Type; t != "number" && t != "integer" {
		return o, fmt.Errorf("field %s has the role %s and must be of type number or integer", o.from.field.Name, role)
	}
	return o, nil
}
