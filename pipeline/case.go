package pipeline

import "slices"

// Case is what one inspection looks at: the content of case.yaml, validated.
type Case struct {
	Name        string
	Title       Text
	Span        DayRange
	Stopped     map[string]Day // source → the day after which its sender says nothing was sent
	Population  Population
	Definitions Definitions
	HomeCountry string // of the persons; a recipient elsewhere is abroad; default KR
	Limits      Limits
	Sources     []Source // in the order of case.yaml
	Claims      []Claim
	Path        string // of case.yaml, as the user named it: for errors
	SHA256      string // of the bytes of case.yaml
}

// Source finds a source by name.
func (c *Case) Source(name string) *Source {
	for i := range c.Sources {
		if c.Sources[i].Name == name {
			return &c.Sources[i]
		}
	}
	return nil
}

// Text is a text in the two languages of a report; Ko may be empty.
type Text struct {
	En string `json:"en"`
	Ko string `json:"ko,omitempty"`
}

// Population is the number of people a share is taken of, with its source.
type Population struct {
	Persons int64
	Source  string
}

// Definitions are the readings that change a number. The zero value is not
// valid; DefaultDefinitions is.
type Definitions struct {
	OverseasPayment string // settled | any
	Holders         string // owner | all
	Outsourcing     string // needs_consent | exempt
	UnneededSince   Day    // NoDay: from the first day
}

// DefaultDefinitions are the readings that hold where case.yaml is silent.
func DefaultDefinitions() Definitions {
	return Definitions{OverseasPayment: "settled", Holders: "owner", Outsourcing: "needs_consent", UnneededSince: NoDay}
}

// Limits are bounds that checks hold a case to.
type Limits struct {
	RejectedPerMillion int64 // of the records of a source; default 10,000
	BulkTimes          int64 // a day with more than so many times the median of a source's days is a bulk day; default 3
}

// Claim is a number that someone published.
type Claim struct {
	ID, Text, Figure, Source string
	Line                     int
}

// Kind says what the records of a source are.
type Kind string

// The kinds of source.
const (
	Transfers        Kind = "transfers"
	Customers        Kind = "customers"
	OverseasPayments Kind = "overseas_payments"
	Consents         Kind = "consents"
	Contracts        Kind = "contracts"
)

// Source is a stream of files of one kind, one layout, one sender, one
// recipient and one purpose.
type Source struct {
	Name      string // [a-z0-9][a-z0-9_-]*; the file's partition in the lake
	Kind      Kind
	Sender    string
	Recipient Recipient
	Purpose   string
	Files     string   // glob, slash-separated, relative to the inbox
	Date      DateRule // of transfers: the day that a record was sent
	AsOf      DateRule // of customers: the day of the snapshot
	Parts     bool     // a day may come in several files
	Cadence   string   // "daily", or "" where no day is expected
	Control   *ControlTotals
	Format    string // csv | jsonl | fixed | parquet | xlsx
	Encoding  string // utf-8 | utf-16 | cp949 | windows-1252 | latin-1
	Dialect   Dialect
	Schema    Schema
	NewFields string // "" : an unknown column refuses the file · "record" : it is reported
	Line      int    // in case.yaml
	FilesLine int    // the line of files:
}

// LayoutHash is a SHA-256 over all that decides what a file's bytes become:
// another layout makes other records of the same bytes.
func (s *Source) LayoutHash() (string, error) {
	fields := slices.Clone(s.Schema.Fields)
	for i := range fields {
		fields[i].Line = 0
	}
	return digest(s.Kind, s.Sender, s.Recipient, s.Date, s.AsOf, s.Format, s.Encoding, s.Dialect, fields, s.Schema.MissingValues, s.NewFields)
}

// Recipient is who got the data.
type Recipient struct {
	Name, Country string
	FromField     bool // the recipient is a column (role recipient)
}

// DateRule says where a date comes from. The zero value means "no date".
type DateRule struct {
	FromName  bool   // Pattern's first group, read by Format, in the file's name
	FromField bool   // the field with role date
	Fixed     Day    // the date itself; NoDay otherwise
	Pattern   string // regular expression (RE2) on the base name of the file
	Format    string // strptime, for example %Y%m%d
}

// ControlTotals are the sender's own counts: one small file per delivered
// file, with the same name up to the first dot.
type ControlTotals struct {
	Files   string // glob, like Source.Files
	Records int    // which field of the control file's first line is the number of records, from 1
	Line    int
}

// Dialect is a CSV dialect (Frictionless CSV Dialect, with skipLines).
// Bytes are single ASCII characters; 0 means none.
type Dialect struct {
	Delimiter        byte
	Quote            byte
	Escape           byte // "" and doubleQuote unless set
	DoubleQuote      bool
	Header           bool
	SkipLines        int    // physical lines before the header
	LineTerminator   string // "" (LF or CRLF; CR where the first line ends so) | "\n" | "\r\n" | "\r"
	SkipInitialSpace bool
	Comment          byte // a line that begins with it is no record; 0 none
	// SheetName is the worksheet of a workbook that is read; "": the only one.
	SheetName string `json:",omitempty"`
}

// Schema is the layout of a file: a Frictionless Table Schema with roles.
type Schema struct {
	Fields        []Field
	MissingValues []string // the texts that mean "no value"; default [""]
}

// Role says what a field is to the inspection.
type Role string

// The roles. Account, identifier and attribute fields count as items when they
// are not empty, unless personal: false. Attributes are kept as typed columns,
// identifiers never. Ignore is read, checked and dropped.
const (
	RoleAccount          Role = "account"
	RolePerson           Role = "person"
	RoleHolder           Role = "holder"
	RoleDate             Role = "date"
	RoleIdentifier       Role = "identifier"
	RoleAttribute        Role = "attribute"
	RoleIgnore           Role = "ignore"
	RoleRecipient        Role = "recipient"
	RoleRecipientCountry Role = "recipient_country"
	RoleJoined           Role = "joined"
	RoleDormant          Role = "dormant"
	RoleWithdrawn        Role = "withdrawn"
	RoleStatus           Role = "status"
	RolePaid             Role = "paid"
	RoleCountry          Role = "country"
	RoleAmount           Role = "amount"
	RolePaymentStatus    Role = "payment_status"
	RoleConsent          Role = "consent"
	RoleBasis            Role = "basis"
	RolePurpose          Role = "purpose"
	RoleField            Role = "field"
	RoleFrom             Role = "from"
	RoleUntil            Role = "until"
)

// Field is one column of a layout (Frictionless Table Schema field descriptor
// plus role, identifies, personal, needed, scale and values).
type Field struct {
	Name       string
	Type       string // string number integer boolean object array list datetime date time year yearmonth duration geopoint geojson
	Format     string
	Role       Role
	Identifies string // account phone email name …
	Personal   bool   // counts as an item when not empty
	Needed     Needed
	Scale      int // digits after the point of a kept number; -1 not given
	Decimal    string
	Group      string // groupChar
	BareNumber bool
	True       []string
	False      []string
	Values     map[string]string // delivered text → our word; a text that is not a key is rejected
	Missing    []string          // nil: the schema's
	Start      int               // fixed width: byte offset from 0
	Width      int               // fixed width: bytes
	Trim       bool              // fixed width: blank padding is removed
	Constraints
	Line int
}

// Constraints are the Table Schema constraints of a field. Minimum and Maximum
// are texts in the field's own form, "" where not given; lengths are -1 then.
type Constraints struct {
	Required  bool
	Unique    bool
	Enum      []string
	Pattern   string
	Minimum   string
	Maximum   string
	MinLength int
	MaxLength int
}

// Needed says whether the purpose needs a field: always, never, or up to a day.
type Needed struct {
	Never bool
	Until Day // last day on which it was needed; NoDay: no end
}

// Item says whether a filled field counts as an item of personal data.
func (f *Field) Item() bool {
	switch f.Role {
	case RoleAccount, RoleIdentifier, RoleAttribute:
		return f.Personal
	}
	return false
}

// Kept says whether the field becomes a column records_<source>.<name>.
func (f *Field) Kept() bool { return f.Role == RoleAttribute }

// Field finds the first field with a role.
func (s *Schema) Field(r Role) *Field {
	for i := range s.Fields {
		if s.Fields[i].Role == r {
			return &s.Fields[i]
		}
	}
	return nil
}

// Items lists the fields that count as items; the i-th has bit 1<<i in
// transfers.fields. At most 62.
func (s *Schema) Items() []*Field {
	var items []*Field
	for i := range s.Fields {
		if s.Fields[i].Item() {
			items = append(items, &s.Fields[i])
		}
	}
	return items
}
