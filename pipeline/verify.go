package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Verified is what came of files of one kind that were hashed again.
type Verified struct {
	What  string   `json:"what"` // delivered | lake | runs
	Files int      `json:"files"`
	Bytes int64    `json:"bytes"`
	Wrong []string `json:"wrong"` // place: cause, in the order of the places
}

// Verify hashes every delivered file that the ledger names and every file of the
// lake from end to end, whatever their size and times say, and compares them with
// the ledger. A file that differs or is gone is no error but Wrong; an error
// means that the machine failed or ctx ended. It changes nothing.
func (in *Inspection) Verify(ctx context.Context) (delivered, lake Verified, err error) {
	wanted := in.deliveredSums()
	files := in.lakeFiles()
	in.Progress.Stage("verify", len(wanted)+len(files))
	if delivered, err = in.verifyDelivered(ctx, wanted); err != nil {
		return delivered, lake, err
	}
	lake, err = in.verifyLake(ctx, files)
	return delivered, lake, err
}

// wantedSums are the SHA-256 that the bytes at a path are to have.
type wantedSums struct {
	sums   []string
	counts bool // their records do
}

// deliveredSums gives by path the sums of the files that count, or where none
// does the last that was seen there.
func (in *Inspection) deliveredSums() map[string]wantedSums {
	wanted := map[string]wantedSums{}
	for _, r := range in.State().Receipts {
		was := wanted[r.Path]
		switch {
		case r.SHA256 == "": // never was a file that could be read
		case r.Status == Loaded && was.counts:
			wanted[r.Path] = wantedSums{append(was.sums, r.SHA256), true}
		case r.Status == Loaded || !was.counts:
			wanted[r.Path] = wantedSums{[]string{r.SHA256}, r.Status == Loaded}
		}
	}
	return wanted
}

func (in *Inspection) verifyDelivered(ctx context.Context, wanted map[string]wantedSums) (Verified, error) {
	v := Verified{What: "delivered", Wrong: []string{}}
	paths := sortedKeys(wanted)
	type hashed struct {
		sum  string
		size int64
	}
	err := ordered(ctx, len(paths), in.Workers, in.Workers, func(ctx context.Context, i int) (h hashed, err error) {
		h.sum, h.size, err = FileSHA256(ctx, in.path(paths[i]))
		if errors.Is(err, fs.ErrNotExist) {
			return hashed{}, nil
		}
		return h, err
	}, func(i int, h hashed) error {
		was := wanted[paths[i]]
		aside := ""
		if !was.counts {
			aside = " (its records do not count)"
		}
		for _, sum := range was.sums {
			switch {
			case h.sum == "":
				v.Wrong = append(v.Wrong, fmt.Sprintf("inbox/%s: is gone, SHA-256 was %s%s", paths[i], sum, aside))
			case h.sum != sum:
				v.Wrong = append(v.Wrong, fmt.Sprintf("inbox/%s: SHA-256 is %s, and was %s%s", paths[i], h.sum, sum, aside))
			}
		}
		v.Files, v.Bytes = v.Files+1, v.Bytes+h.size
		in.Progress.Step(1, 0)
		return nil
	})
	return v, err
}

// lakeFiles are the files of the lake that the ledger names, and the rollups
// that are kept.
func (in *Inspection) lakeFiles() []LakeFile {
	files := in.Store.Kept()
	for _, r := range in.State().Receipts {
		if r.Status == Loaded || r.Status == Superseded {
			files = append(files, r.Lake...)
		}
	}
	slices.SortFunc(files, func(a, b LakeFile) int { return strings.Compare(a.Path, b.Path) })
	return slices.CompactFunc(files, func(a, b LakeFile) bool { return a.Path == b.Path && a.SHA256 == b.SHA256 })
}

func (in *Inspection) verifyLake(ctx context.Context, files []LakeFile) (Verified, error) {
	v := Verified{What: "lake", Wrong: []string{}}
	err := ordered(ctx, len(files), in.Workers, in.Workers, func(ctx context.Context, i int) (wrong error, err error) {
		if err = in.Store.Verify(ctx, files[i]); errors.Is(err, ErrVerify) {
			return err, nil
		}
		return nil, err
	}, func(i int, wrong error) error {
		if wrong != nil {
			v.Wrong = append(v.Wrong, strings.TrimSuffix(wrong.Error(), ": "+ErrVerify.Error()))
		}
		v.Files, v.Bytes = v.Files+1, v.Bytes+files[i].Bytes
		in.Progress.Step(1, 0)
		return nil
	})
	return v, err
}
