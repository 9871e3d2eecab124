package pipeline

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
)

// list is one of the two lists that delivered files make known, each entry
// with a dense key.
type list struct {
	table string
	key   string // its column
	scope string // the column that an entry is told apart by, beside its name
	name  string // the column of the entry itself
}

var (
	accountList   = list{"account_ids", "account_key", "sender", "account_id"}
	recipientList = list{"recipients", "recipient_key", "country", "recipient"}
)

// keys is the part of a list that a receipt's file made known.
func (r *Receipt) keys(l list) (first, n *int32) {
	if l == recipientList {
		return &r.FirstRecipient, &r.NewRecipients
	}
	return &r.FirstKey, &r.NewKeys
}

// listFiles are the files of a list, in the order of their keys. A superseded
// file's records do not count, but what it made known keeps its keys.
func (in *Inspection) listFiles(l list) []LakeFile {
	var with []*Receipt
	for _, r := range in.State().Receipts {
		if _, n := r.keys(l); *n > 0 && (r.Status == Loaded || r.Status == Superseded) {
			with = append(with, r)
		}
	}
	slices.SortFunc(with, func(a, b *Receipt) int {
		fa, _ := a.keys(l)
		fb, _ := b.keys(l)
		return cmp.Compare(*fa, *fb)
	})
	var files []LakeFile
	for _, r := range with {
		files = append(files, r.lake(l.table)...)
	}
	return files
}

// accountIDs is the table of accounts, in the order of their keys. Each file has
// a range of them.
func (in *Inspection) accountIDs() (table, error) {
	ranges := map[string]*KeyRange{}
	for _, r := range in.State().Receipts {
		for _, f := range r.lake(accountList.table) {
			ranges[f.Path] = &KeyRange{accountList.key, int64(r.FirstKey), int64(r.FirstKey) + int64(r.NewKeys)}
		}
	}
	t := newTable(accountList.table)
	for _, f := range in.listFiles(accountList) {
		f.Range = ranges[f.Path]
		in.addFile(&t, f, nil)
	}
	return t, t.close()
}

// keepAfter is how many entries, and keepShare what part of all, are read from
// their list rather than from a kept registry: to write all for a few costs more.
const (
	keepAfter = 1 << 16
	keepShare = 16
)

// registries begins to read both lists from the lake: the registry that was
// kept, and the files of the list that came after it. Until opened has given no
// error, nobody else uses the lake, or in.known.
func (in *Inspection) registries(ctx context.Context) (opened func() error) {
	in.known = map[list]*Registry{} // which Ingest closes, also after an error
	lists := []list{accountList, recipientList}
	kept, after := make([]LakeFile, len(lists)), make([][]LakeFile, len(lists))
	for i, l := range lists {
		var n int
		kept[i], _, n = in.keptRegistry(l)
		after[i] = in.listFiles(l)[n:]
	}
	opened = sync.OnceValue(func() error {
		for i, l := range lists {
			r, err := in.Store.Registry(ctx, kept[i], after[i], [3]string{l.key, l.scope, l.name})
			if err != nil {
				return err
			}
			in.known[l] = r
		}
		return nil
	})
	go opened() // whoever calls it meanwhile waits
	return opened
}

// accountsAfter gives the registry of accounts once it is opened.
func (in *Inspection) accountsAfter(opened func() error) Known {
	return func() (*Registry, error) {
		if err := opened(); err != nil {
			return nil, err
		}
		return in.known[accountList], nil
	}
}

// keptRegistry finds the registry that was kept of the first n files of a
// list, by the hashes of these files.
func (in *Inspection) keptRegistry(l list) (kept LakeFile, key string, n int) {
	keys := registryKeys(l, in.listFiles(l))
	for n := len(keys); n > 0; n-- {
		if files, ok := in.Store.Rollup(keys[n-1]); ok && len(files) == 1 {
			return files[0], keys[n-1], n
		}
	}
	return LakeFile{}, "", 0
}

// registryKeys gives the key under which the registry of the first n files of a
// list is kept, for each n from 1.
func registryKeys(l list, files []LakeFile) []string {
	keys := make([]string, len(files))
	h := sha256.New()
	io.WriteString(h, "registry 2 "+l.table+"\n")
	for i, f := range files {
		io.WriteString(h, f.SHA256+"\n")
		keys[i] = hex.EncodeToString(h.Sum(nil))
	}
	return keys
}

// keepRegistries keeps the registry of accounts for the next run, where there
// is much that the last one kept lacks, and closes both.
func (in *Inspection) keepRegistries() (err error) {
	r := in.known[accountList]
	if r == nil {
		return nil
	}
	defer func() { err = errors.Join(err, in.closeRegistries()) }()
	files := in.listFiles(accountList)
	kept, _, _ := in.keptRegistry(accountList)
	if lacks := int64(r.Len()) - kept.Rows; lacks < keepAfter+kept.Rows/keepShare {
		return nil
	}
	dir, err := in.Store.Staging()
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "registry")
	if err := r.Save(path); err != nil {
		return fmt.Errorf("registry: %w", err)
	}
	keys := registryKeys(accountList, files)
	key := keys[len(keys)-1]
	f, err := in.Store.Commit(path, fmt.Sprintf("registry/%010d-%.16s.slots", r.Len(), key), int64(r.Len()))
	if err != nil {
		return err
	}
	if err := in.Store.Remember(map[string]Rollup{key: {Files: []LakeFile{f}}}); err != nil {
		return err
	}
	return in.Store.Flush()
}

func (in *Inspection) closeRegistries() error {
	var errs []error
	for _, l := range []list{accountList, recipientList} {
		if r := in.known[l]; r != nil {
			errs = append(errs, r.Close())
		}
	}
	in.known = nil
	return errors.Join(errs...)
}
