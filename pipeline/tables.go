package pipeline

// Column is a column of a table that SQL sees.
type Column struct {
	Name string
	Type string // DuckDB's name: INTEGER BIGINT DATE TIMESTAMP VARCHAR BOOLEAN DECIMAL(p,s)
}

// TableDef is a table that SQL sees: its name, grain and columns.
type TableDef struct {
	Name    string
	Grain   string
	Columns []Column
	Rollup  bool // made by sql/rollup/<name>.sql
}

// Tables are the tables of a case, the same for every engine. Beside them
// stands records_<source> for each source: its kept attributes, typed.
var Tables = []TableDef{
	{Name: "files", Grain: "one delivered file, by its path", Columns: []Column{
		{"file_id", "VARCHAR"}, {"source", "VARCHAR"}, {"path", "VARCHAR"}, {"sha256", "VARCHAR"}, {"bytes", "BIGINT"},
		{"transfer_date", "DATE"}, {"records", "BIGINT"}, {"accepted", "BIGINT"}, {"rejected", "BIGINT"}, {"blank", "BIGINT"},
		{"status", "VARCHAR"}, {"reason", "VARCHAR"}, {"control_records", "BIGINT"}, {"footer_rows", "BIGINT"}}},
	{Name: "sources", Grain: "one source of the case", Columns: []Column{
		{"source", "VARCHAR"}, {"kind", "VARCHAR"}, {"sender", "VARCHAR"}, {"recipient", "VARCHAR"}, {"country", "VARCHAR"},
		{"purpose", "VARCHAR"}, {"cadence", "VARCHAR"}, {"stopped_on", "DATE"}}},
	{Name: "source_days", Grain: "one day of one source of transfers that is expected or has a loaded file; records is Go's count", Columns: []Column{
		{"source", "VARCHAR"}, {"transfer_date", "DATE"}, {"expected", "BOOLEAN"}, {"covered", "BOOLEAN"}, {"files", "BIGINT"}, {"records", "BIGINT"}}},
	{Name: "fields", Grain: "one field of one source; bit is 0 where it is no item of a transfer", Columns: []Column{
		{"source", "VARCHAR"}, {"field", "VARCHAR"}, {"bit", "BIGINT"}, {"role", "VARCHAR"}, {"identifies", "VARCHAR"},
		{"needed", "BOOLEAN"}, {"needed_until", "DATE"}, {"first_seen", "DATE"}, {"last_seen", "DATE"}, {"records", "BIGINT"}}},
	{Name: "transfers", Grain: "one accepted record", Columns: []Column{
		{"source", "VARCHAR"}, {"transfer_date", "DATE"}, {"file_id", "VARCHAR"}, {"account_key", "INTEGER"}, {"recipient_key", "INTEGER"}, {"fields", "BIGINT"}}},
	{Name: "rejects", Grain: "one rejected record; the raw text stays in the delivered file", Columns: []Column{
		{"source", "VARCHAR"}, {"file_id", "VARCHAR"}, {"record", "BIGINT"}, {"line", "BIGINT"}, {"last_line", "BIGINT"},
		{"byte_offset", "BIGINT"}, {"reason", "VARCHAR"}, {"field", "VARCHAR"}, {"detail", "VARCHAR"}}},
	{Name: "account_ids", Grain: "one account, by its dense key", Columns: []Column{
		{"account_key", "INTEGER"}, {"sender", "VARCHAR"}, {"account_id", "VARCHAR"}}},
	{Name: "customers", Grain: "one row of the newest customer table of a source", Columns: []Column{
		{"source", "VARCHAR"}, {"sender", "VARCHAR"}, {"file_id", "VARCHAR"}, {"account_key", "INTEGER"}, {"person_id", "VARCHAR"}, {"holder", "VARCHAR"},
		{"joined_on", "DATE"}, {"dormant_from", "DATE"}, {"withdrawn_on", "DATE"}, {"status", "VARCHAR"}}},
	{Name: "overseas_payments", Grain: "one payment", Columns: []Column{
		{"source", "VARCHAR"}, {"sender", "VARCHAR"}, {"file_id", "VARCHAR"}, {"account_key", "INTEGER"}, {"paid_on", "DATE"}, {"country", "VARCHAR"},
		{"status", "VARCHAR"}, {"amount", "DECIMAL(18,4)"}}},
	{Name: "customer_history", Grain: "one row of any customer table, old or new; as_of is the day of its snapshot", Columns: []Column{
		{"source", "VARCHAR"}, {"sender", "VARCHAR"}, {"as_of", "DATE"}, {"file_id", "VARCHAR"}, {"account_key", "INTEGER"}, {"person_id", "VARCHAR"},
		{"holder", "VARCHAR"}, {"joined_on", "DATE"}, {"dormant_from", "DATE"}, {"withdrawn_on", "DATE"}, {"status", "VARCHAR"}}},
	{Name: "consents", Grain: "one consent, in force from given_on up to, not including, until_on", Columns: []Column{
		{"source", "VARCHAR"}, {"sender", "VARCHAR"}, {"file_id", "VARCHAR"}, {"account_key", "INTEGER"}, {"kind", "VARCHAR"}, {"recipient", "VARCHAR"},
		{"purpose", "VARCHAR"}, {"given_on", "DATE"}, {"until_on", "DATE"}}},
	{Name: "contracts", Grain: "one field that a contract covers, from from_on up to, not including, until_on; NULL or '*' covers all", Columns: []Column{
		{"source", "VARCHAR"}, {"sender", "VARCHAR"}, {"file_id", "VARCHAR"}, {"basis", "VARCHAR"}, {"recipient", "VARCHAR"}, {"purpose", "VARCHAR"},
		{"field", "VARCHAR"}, {"from_on", "DATE"}, {"until_on", "DATE"}}},
	{Name: "recipients", Grain: "one recipient, by its dense key; country is empty where it was not said", Columns: []Column{
		{"recipient_key", "INTEGER"}, {"country", "VARCHAR"}, {"recipient", "VARCHAR"}}},
	{Name: "calendar", Grain: "one day of the span, and of any transfer outside it; bit is 1 << (day - 1)", Columns: []Column{
		{"date", "DATE"}, {"day_no", "INTEGER"}, {"month", "INTEGER"}, {"day", "INTEGER"}, {"bit", "INTEGER"}, {"in_span", "BOOLEAN"}}},
	{Name: "params", Grain: "one row: the span and the definitions of the case", Columns: []Column{
		{"span_from", "DATE"}, {"span_to", "DATE"}, {"overseas_payment", "VARCHAR"}, {"holders", "VARCHAR"}, {"outsourcing", "VARCHAR"},
		{"unneeded_since", "DATE"}, {"population", "BIGINT"}, {"rejected_per_million", "BIGINT"}, {"bulk_times", "BIGINT"}, {"home_country", "VARCHAR"}}},

	{Name: "case_facts", Rollup: true, Grain: "one row: what the case says that has no other reading", Columns: []Column{
		{"home_country", "VARCHAR"}, {"unneeded_since", "DATE"}}},
	{Name: "item_fields", Rollup: true, Grain: "one field of a source of transfers that counts as an item; what a layout says of it, and nothing that is counted", Columns: []Column{
		{"source", "VARCHAR"}, {"field", "VARCHAR"}, {"bit", "BIGINT"}, {"needed", "BOOLEAN"}, {"needed_until", "DATE"}}},
	{Name: "file_days", Rollup: true, Grain: "one day of one file, as SQL counts it", Columns: []Column{
		{"source", "VARCHAR"}, {"transfer_date", "DATE"}, {"file_id", "VARCHAR"}, {"records", "BIGINT"}, {"without_account", "BIGINT"}}},
	{Name: "account_months", Rollup: true, Grain: "one account, source, recipient, month, field combination and number of records a day", Columns: []Column{
		{"account_key", "INTEGER"}, {"source", "VARCHAR"}, {"recipient_key", "INTEGER"}, {"month", "INTEGER"}, {"fields", "BIGINT"}, {"per_day", "BIGINT"}, {"days", "INTEGER"}, {"records", "BIGINT"}}},
	{Name: "sent_days", Rollup: true, Grain: "one source, day, recipient and field combination; records counts all, without_account those of them that name none", Columns: []Column{
		{"source", "VARCHAR"}, {"transfer_date", "DATE"}, {"recipient_key", "INTEGER"}, {"fields", "BIGINT"}, {"records", "BIGINT"}, {"without_account", "BIGINT"}}},
	{Name: "accounts", Rollup: true, Grain: "one account; person_key is its owner", Columns: []Column{
		{"account_key", "INTEGER"}, {"sender", "VARCHAR"}, {"account_id", "VARCHAR"}, {"person_key", "INTEGER"}}},
	{Name: "known_holders", Rollup: true, Grain: "one person whom the customer tables name as holder of one account; principal: the one who counts where the owner does", Columns: []Column{
		{"account_key", "INTEGER"}, {"person_key", "INTEGER"}, {"first_account", "INTEGER"}, {"holder", "VARCHAR"}, {"principal", "BOOLEAN"}}},
	{Name: "holders", Rollup: true, Grain: "one holder of one account", Columns: []Column{
		{"account_key", "INTEGER"}, {"person_key", "INTEGER"}, {"holder", "VARCHAR"}}},
	{Name: "persons", Rollup: true, Grain: "one person; known: in a customer table", Columns: []Column{
		{"person_key", "INTEGER"}, {"known", "BOOLEAN"}}},
	{Name: "subjects", Rollup: true, Grain: "one account and one person who counts for it (definitions.holders)", Columns: []Column{
		{"account_key", "INTEGER"}, {"person_key", "INTEGER"}}},
	{Name: "account_totals", Rollup: true, Grain: "one account with at least one record", Columns: []Column{
		{"account_key", "INTEGER"}, {"records", "BIGINT"}, {"items", "BIGINT"}, {"days", "INTEGER"}, {"first_date", "DATE"}, {"last_date", "DATE"}}},
	{Name: "shared_accounts", Rollup: true, Grain: "one account and person who counts for it, where the two have not the same key, or the account or the person others", Columns: []Column{
		{"account_key", "INTEGER"}, {"person_key", "INTEGER"}}},
	{Name: "shared_days", Rollup: true, Grain: "one person of shared_accounts of whom at least one record was sent", Columns: []Column{
		{"person_key", "INTEGER"}, {"days", "INTEGER"}}},
	{Name: "shared_totals", Rollup: true, Grain: "one person of shared_accounts of whom at least one record was sent; account_key is the smallest of the accounts with one", Columns: []Column{
		{"person_key", "INTEGER"}, {"account_key", "INTEGER"}, {"records", "BIGINT"}, {"items", "BIGINT"}, {"days", "INTEGER"},
		{"first_date", "DATE"}, {"last_date", "DATE"}, {"accounts", "INTEGER"}}},
	{Name: "month_persons", Rollup: true, Grain: "one month with at least one record on an account; persons of whom something was sent", Columns: []Column{
		{"month", "INTEGER"}, {"persons", "BIGINT"}}},
	{Name: "person_totals", Rollup: true, Grain: "one person of whom at least one record was sent; known: in a customer table", Columns: []Column{
		{"person_key", "INTEGER"}, {"records", "BIGINT"}, {"items", "BIGINT"}, {"days", "INTEGER"}, {"first_date", "DATE"}, {"last_date", "DATE"}, {"accounts", "INTEGER"}, {"known", "BOOLEAN"}}},
	{Name: "first_payments", Rollup: true, Grain: "one person who paid overseas, by either reading", Columns: []Column{
		{"person_key", "INTEGER"}, {"first_settled", "DATE"}, {"first_any", "DATE"}}},
	{Name: "payers", Rollup: true, Grain: "one account and one person who counts for it and paid overseas, by either reading", Columns: []Column{
		{"account_key", "INTEGER"}, {"person_key", "INTEGER"}, {"first_settled", "DATE"}, {"first_any", "DATE"}}},
	{Name: "payer_totals", Rollup: true, Grain: "one row: persons, records, and those of them that are payers', by either reading", Columns: []Column{
		{"persons", "BIGINT"}, {"persons_settled", "BIGINT"}, {"persons_any", "BIGINT"},
		{"records", "BIGINT"}, {"records_settled", "BIGINT"}, {"records_any", "BIGINT"}}},
	{Name: "early_records", Rollup: true, Grain: "one account, one person who counts for it and paid overseas, and reading of what a payment is (any, settled); records before the first payment", Columns: []Column{
		{"account_key", "INTEGER"}, {"person_key", "INTEGER"}, {"reading", "VARCHAR"}, {"records", "BIGINT"}, {"first_date", "DATE"}, {"last_date", "DATE"}}},
	{Name: "late_records", Rollup: true, Grain: "one account and source of which the case says when the sender stopped; records of later days", Columns: []Column{
		{"account_key", "INTEGER"}, {"source", "VARCHAR"}, {"records", "BIGINT"}, {"first_date", "DATE"}, {"last_date", "DATE"}}},
	{Name: "flows", Rollup: true, Grain: "one source and recipient; abroad: its country is known and is not the case's home country", Columns: []Column{
		{"source", "VARCHAR"}, {"recipient_key", "INTEGER"}, {"sender", "VARCHAR"}, {"recipient", "VARCHAR"}, {"country", "VARCHAR"},
		{"purpose", "VARCHAR"}, {"abroad", "BOOLEAN"}}},
	{Name: "recipient_places", Rollup: true, Grain: "one source and recipient; place: 1 got the most records of all, all after the first 1,000 have 1001", Columns: []Column{
		{"source", "VARCHAR"}, {"recipient_key", "INTEGER"}, {"place", "INTEGER"}}},
	{Name: "unneeded_days", Rollup: true, Grain: "one source, month and set of fields that the purpose did not need on these days", Columns: []Column{
		{"source", "VARCHAR"}, {"month", "INTEGER"}, {"fields", "BIGINT"}, {"days", "INTEGER"}}},
	{Name: "contract_days", Rollup: true, Grain: "one source, recipient, month and set of fields that outsourcing contracts covered on these days of those on which records were sent; 0: none", Columns: []Column{
		{"source", "VARCHAR"}, {"recipient_key", "INTEGER"}, {"abroad", "BOOLEAN"}, {"month", "INTEGER"}, {"fields", "BIGINT"}, {"days", "INTEGER"}}},
	{Name: "consent_days", Rollup: true, Grain: "one account, source, recipient and month in which it was sent and some consent was in force; bits of the days, by kind", Columns: []Column{
		{"account_key", "INTEGER"}, {"source", "VARCHAR"}, {"recipient_key", "INTEGER"}, {"month", "INTEGER"}, {"third_party", "INTEGER"}, {"overseas", "INTEGER"}}},
	{Name: "account_flows", Rollup: true, Grain: "one account, source, recipient and field combination", Columns: []Column{
		{"account_key", "INTEGER"}, {"source", "VARCHAR"}, {"recipient_key", "INTEGER"}, {"fields", "BIGINT"}, {"records", "BIGINT"}}},
	{Name: "account_breaches", Rollup: true, Grain: "one account on which something was sent without a consent; filled and uncovered are third_party's", Columns: []Column{
		{"account_key", "INTEGER"},
		{"third_party_records", "BIGINT"}, {"third_party_items", "BIGINT"}, {"third_party_first", "DATE"}, {"third_party_last", "DATE"},
		{"overseas_records", "BIGINT"}, {"overseas_items", "BIGINT"}, {"overseas_first", "DATE"}, {"overseas_last", "DATE"},
		{"filled_records", "BIGINT"}, {"filled_first", "DATE"}, {"filled_last", "DATE"},
		{"uncovered_records", "BIGINT"}, {"uncovered_items", "BIGINT"}, {"uncovered_first", "DATE"}, {"uncovered_last", "DATE"}}},
	{Name: "breach_totals", Rollup: true, Grain: "one row: what stands in account_breaches, and the persons who count for these accounts", Columns: []Column{
		{"third_party_records", "BIGINT"}, {"third_party_items", "BIGINT"}, {"third_party_persons", "BIGINT"},
		{"overseas_records", "BIGINT"}, {"overseas_items", "BIGINT"}, {"overseas_persons", "BIGINT"},
		{"filled_records", "BIGINT"}, {"filled_persons", "BIGINT"},
		{"uncovered_records", "BIGINT"}, {"uncovered_items", "BIGINT"}, {"uncovered_persons", "BIGINT"}}},
	{Name: "account_statuses", Rollup: true, Grain: "one account and its status on the days of the records: former, dormant or before_joining; others are not in here", Columns: []Column{
		{"account_key", "INTEGER"}, {"status", "VARCHAR"}, {"records", "BIGINT"}, {"first_date", "DATE"}, {"last_date", "DATE"}}},
	{Name: "account_unneeded", Rollup: true, Grain: "one account, source and set of fields that were sent and not needed", Columns: []Column{
		{"account_key", "INTEGER"}, {"source", "VARCHAR"}, {"fields", "BIGINT"}, {"records", "BIGINT"}}},
	{Name: "unneeded_totals", Rollup: true, Grain: "one source and set of fields that were sent and not needed; records with and without an account", Columns: []Column{
		{"source", "VARCHAR"}, {"fields", "BIGINT"}, {"records", "BIGINT"}, {"of_payers_settled", "BIGINT"}, {"of_payers_any", "BIGINT"}}},
	{Name: "group_persons", Rollup: true, Grain: "one sender, country, place of recipients, or field of a source (kind, name, no), and all of whom something was sent that was not needed; persons of whom at least one record was sent", Columns: []Column{
		{"kind", "VARCHAR"}, {"name", "VARCHAR"}, {"no", "BIGINT"}, {"persons", "BIGINT"}}},
	{Name: "account_senders", Rollup: true, Grain: "one account", Columns: []Column{
		{"account_key", "INTEGER"}, {"sender", "VARCHAR"}}},
	{Name: "sender_accounts", Rollup: true, Grain: "one sender; its accounts that stand in a table, and in two of them", Columns: []Column{
		{"sender", "VARCHAR"}, {"transfers", "BIGINT"}, {"customers", "BIGINT"}, {"payments", "BIGINT"}, {"consents", "BIGINT"},
		{"transfers_customers", "BIGINT"}, {"transfers_payments", "BIGINT"}, {"customers_payments", "BIGINT"},
		{"transfers_consents", "BIGINT"}, {"customers_consents", "BIGINT"}}},
}

// LookupTable finds a table by name.
func LookupTable(name string) (TableDef, bool) {
	for _, t := range Tables {
		if t.Name == name {
			return t, true
		}
	}
	return TableDef{}, false
}

// StagedColumns are the columns of a staged file of a source, in order:
// account_key first (contracts have none), then what the kind has, then the
// kept attributes under their own names.
func StagedColumns(s *Source) []Column {
	cols := []Column{{"account_key", "INTEGER"}}
	switch s.Kind {
	case Transfers:
		cols = append(cols, Column{"transfer_date", "DATE"}, Column{"recipient_key", "INTEGER"}, Column{"fields", "BIGINT"})
	case Customers:
		cols = append(cols, Column{"person_id", "VARCHAR"}, Column{"holder", "VARCHAR"}, Column{"joined_on", "DATE"},
			Column{"dormant_from", "DATE"}, Column{"withdrawn_on", "DATE"}, Column{"status", "VARCHAR"})
	case Consents:
		cols = append(cols, Column{"kind", "VARCHAR"}, Column{"recipient", "VARCHAR"}, Column{"purpose", "VARCHAR"},
			Column{"given_on", "DATE"}, Column{"until_on", "DATE"})
	case Contracts:
		cols = []Column{{"basis", "VARCHAR"}, {"recipient", "VARCHAR"}, {"purpose", "VARCHAR"}, {"field", "VARCHAR"},
			{"from_on", "DATE"}, {"until_on", "DATE"}}
	case OverseasPayments:
		cols = append(cols, Column{"paid_on", "DATE"}, Column{"country", "VARCHAR"}, Column{"status", "VARCHAR"}, Column{"amount", "DECIMAL(18,4)"})
	}
	for i := range s.Schema.Fields {
		if f := &s.Schema.Fields[i]; f.Kept() {
			cols = append(cols, Column{f.Name, ColumnType(f)})
		}
	}
	return cols
}

// ColumnType is the type of a kept field in the lake. What has no exact type
// there (times, durations, objects) is kept as the text that was delivered.
func ColumnType(f *Field) string {
	switch f.Type {
	case "integer":
		return "BIGINT"
	case "number":
		return decimalType(f.Scale)
	case "boolean":
		return "BOOLEAN"
	case "date":
		return "DATE"
	case "datetime":
		return "TIMESTAMP"
	case "year":
		return "INTEGER"
	}
	return "VARCHAR"
}

func decimalType(scale int) string {
	const digits = "0123456789"
	if scale < 0 {
		scale = 0
	}
	if scale < 10 {
		return "DECIMAL(18," + digits[scale:scale+1] + ")"
	}
	return "DECIMAL(18,1" + digits[scale-10:scale-9] + ")"
}
