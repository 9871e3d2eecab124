package pipeline

import (
	"context"
	"fmt"
)

// accountsARange is how many accounts a rollup with a range key looks at in
// one go where nothing else is said: its hash table fits the memory, with all
// the months of a long history. A range has statements of its own, so that more
// and smaller ones cost time.
const accountsARange = 1 << 21

// personsARange is how many persons a finding with a range key sorts in one go.
// Each range looks at every payer and shared account again, so that more and
// smaller ones cost time.
const personsARange = 1 << 22

// ranges are the parts in which a rollup or a finding is made: the whole, or
// ranges of its range key that cover every account. A person has the key of an
// account, or one that counts down from the largest INTEGER.
func (in *Inspection) ranges(q *Query) []*KeyRange {
	if q.Range == "" {
		return []*KeyRange{nil}
	}
	accounts := int64(0)
	for _, r := range in.State().Receipts {
		accounts = max(accounts, int64(r.FirstKey)+int64(r.NewKeys))
	}
	size := in.Accounts
	switch {
	case size > 0:
	case q.Kind == FindingQuery:
		size = personsARange
	default:
		size = accountsARange
	}
	if accounts <= size {
		return []*KeyRange{nil}
	}
	var out []*KeyRange
	for from := int64(0); from < accounts; from += size {
		out = append(out, &KeyRange{q.Range, from, from + size})
	}
	out[len(out)-1].To = 1 << 31
	return out
}

// A rollup of the case with a range key that is not folded is found, or made,
// range by range: what is new of some accounts makes nothing of the others anew.
func isRanged(q *Query) bool { return q.Scope == "" && q.Range != "" && !isFolded(q) }

// keyPart is what one range of the key has of a rollup.
type keyPart struct {
	of     *KeyRange        // nil: all
	tables map[string]table // what is read of them
	key    string           // under which the part is kept
}

// keyParts are the parts of a ranged rollup, each with a key of what it reads.
func (in *Inspection) keyParts(q *Query, tables map[string]table) ([]keyPart, error) {
	var parts []keyPart
	for _, r := range in.ranges(q) {
		part := keyPart{of: r, tables: map[string]table{}}
		for _, name := range q.Needs {
			t, ok := tables[name]
			if !ok {
				return nil, fmt.Errorf("needs %s, which does not exist", name)
			}
			if r != nil && t.has(q.Range) && len(t.lake) > 0 {
				t = t.within(*r)
				if err := t.close(); err != nil {
					return nil, err
				}
			}
			part.tables[name] = t
		}
		key, err := in.rollupKey(q, part.tables)
		if err == nil && r != nil {
			key, err = digest(key, r)
		}
		if err != nil {
			return nil, err
		}
		part.key = key
		parts = append(parts, part)
	}
	return parts, nil
}

// rollupRanges gives the files of a ranged rollup, making those that are
// missing.
func (in *Inspection) rollupRanges(ctx context.Context, q *Query, tables map[string]table) ([]LakeFile, error) {
	parts, err := in.keyParts(q, tables)
	if err != nil {
		return nil, err
	}
	var missing []keyPart
	for _, p := range parts {
		in.used[p.key] = true
		if _, ok := in.Store.Rollup(p.key); ok {
			continue
		}
		if err := in.verifyNeeds(ctx, q.Needs, p.tables); err != nil {
			return nil, err
		}
		missing = append(missing, p)
	}
	made, err := in.makeParts(ctx, q, missing)
	if err != nil {
		return nil, err
	}
	var files []LakeFile
	for _, p := range parts {
		if len(missing) > 0 && missing[0].key == p.key {
			in.made[p.key] = Rollup{Files: []LakeFile{made[0]}}
			files = append(files, made[0])
			missing, made = missing[1:], made[1:]
			continue
		}
		found, _ := in.Store.Rollup(p.key)
		files = append(files, found...)
	}
	return files, nil
}

// makeParts makes the file of each part.
func (in *Inspection) makeParts(ctx context.Context, q *Query, parts []keyPart) ([]LakeFile, error) {
	if isOfPersons(q) {
		return in.makePersons(ctx, q, parts)
	}
	var files []LakeFile
	for _, p := range parts {
		f, err := in.exportRange(ctx, q, p.tables, p.of, p.place(q))
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

func (p keyPart) place(q *Query) string { return fmt.Sprintf("%s/%s-0.parquet", q.Name, p.key[:12]) }

// findRanges gives the files of a ranged rollup if all of them are there.
func (in *Inspection) findRanges(q *Query, tables map[string]table) ([]LakeFile, bool, error) {
	parts, err := in.keyParts(q, tables)
	if err != nil {
		return nil, false, err
	}
	var files []LakeFile
	for _, p := range parts {
		found, ok := in.Store.Rollup(p.key)
		if !ok {
			return nil, false, nil
		}
		files = append(files, found...)
	}
	return files, true, nil
}
