package casefile

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"exhibit/pipeline"
)

// everyKind are the roles that any source may have, as often as it likes.
var everyKind = []string{string(pipeline.RoleIdentifier), string(pipeline.RoleAttribute), string(pipeline.RoleIgnore)}

// kindRoles are the further roles of each kind: at most one field each, and
// exactly one where needed.
var kindRoles = map[pipeline.Kind][]struct {
	role   pipeline.Role
	needed bool
}{
	pipeline.Transfers: {{pipeline.RoleAccount, false}, {pipeline.RoleDate, false}, {pipeline.RoleRecipient, false},
		{pipeline.RoleRecipientCountry, false}},
	pipeline.Customers: {{pipeline.RoleAccount, true}, {pipeline.RolePerson, false}, {pipeline.RoleHolder, false}, {pipeline.RoleJoined, false},
		{pipeline.RoleDormant, false}, {pipeline.RoleWithdrawn, false}, {pipeline.RoleStatus, false}},
	pipeline.OverseasPayments: {{pipeline.RoleAccount, true}, {pipeline.RolePaid, true}, {pipeline.RoleCountry, false},
		{pipeline.RoleAmount, false}, {pipeline.RolePaymentStatus, false}},
	pipeline.Consents: {{pipeline.RoleAccount, true}, {pipeline.RoleConsent, true}, {pipeline.RoleRecipient, false},
		{pipeline.RolePurpose, false}, {pipeline.RoleFrom, true}, {pipeline.RoleUntil, false}},
	pipeline.Contracts: {{pipeline.RoleBasis, true}, {pipeline.RoleRecipient, false}, {pipeline.RolePurpose, false},
		{pipeline.RoleField, false}, {pipeline.RoleFrom, true}, {pipeline.RoleUntil, false}},
}

// roleTypes are the types of the roles that do not take text. A datetime in the
// place of a day counts by its day.
var roleTypes = map[pipeline.Role][]string{
	pipeline.RoleDate: {"date", "datetime"}, pipeline.RoleJoined: {"date", "datetime"}, pipeline.RoleDormant: {"date", "datetime"},
	pipeline.RoleWithdrawn: {"date", "datetime"}, pipeline.RolePaid: {"date", "datetime"}, pipeline.RoleFrom: {"date", "datetime"},
	pipeline.RoleUntil: {"date", "datetime"}, pipeline.RoleAmount: {"number", "integer"},
}

// roleWords are the words that SQL knows of a role whose text decides a number.
var roleWords = map[pipeline.Role][]string{
	pipeline.RoleHolder:  {"owner", "joint"},
	pipeline.RoleConsent: {"third_party", "overseas"},
	pipeline.RoleBasis:   {"outsourcing", "provision"},
}

// rolesOf lists the roles of a kind, or all roles where the kind is not known.
func rolesOf(kind pipeline.Kind) []string {
	var all []string
	for _, k := range kinds {
		if kind != "" && kind != pipeline.Kind(k) {
			continue
		}
		for _, x := range kindRoles[pipeline.Kind(k)] {
			if !slices.Contains(all, string(x.role)) {
				all = append(all, string(x.role))
			}
		}
	}
	return append(all, everyKind...)
}

// roles checks the roles of a source together; n is its schema.
func (s *section) roles(src *pipeline.Source, n *yaml.Node) {
	first := map[pipeline.Role]*pipeline.Field{}
	allKnown := len(src.Schema.Fields) > 0 // where not, that was reported, and what follows from it need not be
	for i := range src.Schema.Fields {
		f := &src.Schema.Fields[i]
		s.roleType(f)
		s.roleWords(f)
		allKnown = allKnown && f.Role != ""
		if f.Role == "" || slices.Contains(everyKind, string(f.Role)) {
			continue
		}
		if other := first[f.Role]; other != nil {
			s.r.failAt(f.Line, 0, "role ignore or attribute for the others", "role %s of %s stands on line %d already", f.Role, s.what, other.Line)
			continue
		}
		first[f.Role] = f
	}
	if !allKnown {
		return
	}
	for _, x := range kindRoles[src.Kind] {
		if x.needed && first[x.role] == nil {
			s.r.fail(n, "give the field that holds it role: "+string(x.role), "%s has no field with role %s", s.what, x.role)
		}
	}
	if src.Kind != pipeline.Transfers {
		return
	}
	if d := src.Date; d.FromName || d.FromField {
		s.paired(n, first[pipeline.RoleDate], d.FromField, "date")
	}
	if p := src.Recipient; p.Name != "" || p.FromField {
		s.paired(n, first[pipeline.RoleRecipient], p.FromField, "recipient")
	}
	if f := first[pipeline.RoleRecipientCountry]; f != nil {
		if first[pipeline.RoleRecipient] == nil {
			s.r.failAt(f.Line, 0, "recipient: {from: field}", "role recipient_country of %s without role recipient", s.what)
		} else if src.Recipient.Country != "" {
			s.r.failAt(f.Line, 0, "remove one of them", "%s has the recipient's country twice", s.what)
		}
	}
}

// paired reports a rule without the field it speaks of, and the field without
// the rule; key and role have the same name.
func (s *section) paired(n *yaml.Node, f *pipeline.Field, declared bool, role string) {
	switch {
	case declared && f == nil:
		s.r.fail(n, "give the field that holds it role: "+role, "%s has no field with role %s, but says %s: {from: field}", s.what, role, role)
	case !declared && f != nil:
		s.r.failAt(f.Line, 0, "say "+role+": {from: field}, or give the field role ignore", "field %s has role %s, but %s does not say from: field", quote(f.Name), role, s.what)
	}
}

func (s *section) roleType(f *pipeline.Field) {
	if f.Role == "" || f.Type == "" || slices.Contains(everyKind, string(f.Role)) {
		return
	}
	wanted, hint := roleTypes[f.Role], ""
	if wanted == nil {
		wanted, hint = []string{"string"}, "; identifiers and codes stay text"
	}
	if !slices.Contains(wanted, f.Type) {
		s.r.failAt(f.Line, 0, "type: "+strings.Join(wanted, " or ")+hint, "field %s with role %s has type %s", quote(f.Name), f.Role, f.Type)
	}
}

// roleWords sees that texts which decide a number are mapped to words that SQL
// knows: an unmapped "SETTLED" would quietly count as no payment.
func (s *section) roleWords(f *pipeline.Field) {
	words := roleWords[f.Role]
	if words == nil && f.Role != pipeline.RolePaymentStatus {
		return
	}
	if len(f.Values) == 0 && f.Values != nil {
		return // which was reported
	}
	if f.Values == nil {
		hint := "values: {DELIVERED: settled, …: cancelled}"
		if words != nil {
			hint = "values: {DELIVERED: " + words[0] + ", …: " + words[1] + "}"
		}
		s.r.failAt(f.Line, 0, hint, "field %s with role %s has no values", quote(f.Name), f.Role)
		return
	}
	settled := false
	for _, w := range f.Values {
		settled = settled || w == "settled"
	}
	if words == nil && !settled {
		s.r.failAt(f.Line, 0, "values: {DELIVERED: settled, …: cancelled}", "no value of field %s means settled", quote(f.Name))
	}
	for _, delivered := range slices.Sorted(maps.Keys(f.Values)) {
		if w := f.Values[delivered]; words != nil && w != "" && !slices.Contains(words, w) {
			s.r.failAt(f.Line, 0, suggest(w, words), "value %s of field %s is not known", quote(w), quote(f.Name))
		}
	}
}
