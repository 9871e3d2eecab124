package pipeline

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
)

// slotIndex is a sorted list of slots, in memory or in a file. The slots of a
// bucket share the first bits of their fingerprints.
type slotIndex struct {
	n      int
	shift  int      // the bucket of a slot is hi >> shift
	starts []uint32 // where each bucket begins, and n

	chunks [][]slot // in memory: all of chunkSlots

	file *os.File // else
	ours bool     // the file goes when it is closed
}

const (
	chunkBits  = 16
	chunkSlots = 1 << chunkBits

	// A bucket holds some of a cache line's slots in memory, and some of a
	// block's in a file.
	bucketInMemory = 8
	bucketOnDisk   = 256

	slotBytes = 16
)

func (x *slotIndex) at(i int) *slot { return &x.chunks[i>>chunkBits][i&(chunkSlots-1)] }

// find gives slots the keys that the list has for them.
func (x *slotIndex) find(slots []slot) error {
	switch {
	case x.n == 0:
		return nil
	case x.file != nil:
		return x.findOnDisk(slots)
	}
	for len(slots) > 0 {
		n := min(len(slots), registryStep)
		x.findInMemory(slots[:n])
		slots = slots[n:]
	}
	return nil
}

// findInMemory finds registryStep slots at most. Each loop waits for memory
// once for all of them.
func (x *slotIndex) findInMemory(slots []slot) {
	var from, to, at [registryStep]uint32
	var near [registryStep]slot
	for i := range slots {
		b := slots[i].hi >> x.shift
		from[i], to[i] = x.starts[b], x.starts[b+1]
	}
	for i := range slots {
		if from[i] < to[i] {
			at[i] = from[i] + x.within(slots[i].hi, to[i]-from[i])
			near[i] = *x.at(int(at[i]))
		}
	}
	for i := range slots {
		if from[i] < to[i] {
			x.findNear(&slots[i], near[i], int(at[i]), int(from[i]), int(to[i]))
		}
	}
}

// within is where in a bucket of n a fingerprint is most likely: hashes lie
// evenly.
func (x *slotIndex) within(hi uint64, n uint32) uint32 {
	at, _ := bits.Mul64(hi<<(64-x.shift), uint64(n))
	return uint32(at)
}

// findNear finds a slot in its bucket, from one of its slots on.
func (x *slotIndex) findNear(p *slot, s slot, at, from, to int) {
	step := p.compare(&s)
	for order := step; order != 0; order = p.compare(&s) {
		if at += step; order != step || at < from || at >= to {
			return
		}
		s = *x.at(at)
	}
	p.key1 = s.key1
}

// findOnDisk reads the bucket of each slot.
func (x *slotIndex) findOnDisk(slots []slot) error {
	var room []byte
	for i := range slots {
		p := &slots[i]
		b := p.hi >> x.shift
		from, to := int64(x.starts[b]), int64(x.starts[b+1])
		if n := int((to - from) * slotBytes); n > len(room) {
			room = make([]byte, n+n/2)
		}
		bucket := room[:(to-from)*slotBytes]
		if _, err := x.file.ReadAt(bucket, int64(indexHeader)+from*slotBytes); err != nil {
			return fmt.Errorf("registry: %w", err)
		}
		for ; len(bucket) > 0; bucket = bucket[slotBytes:] {
			if s := decodeSlot(bucket); s.same(p) {
				p.key1 = s.key1
				break
			}
		}
	}
	return nil
}

// mergeInMemory takes the slots of a table in, from the last to the first, so
// that no second list is needed, and leaves the table empty.
func (x *slotIndex) mergeInMemory(t *slotTable) {
	from := x.n - 1
	x.n += t.n
	for len(x.chunks)<<chunkBits < x.n {
		x.chunks = append(x.chunks, make([]slot, chunkSlots))
	}
	to := x.n - 1
	for k := len(t.shards) - 1; k >= 0; k-- {
		add := t.shards[k].inOrder()
		for i := len(add) - 1; i >= 0; i-- {
			for ; from >= 0 && add[i].compare(x.at(from)) < 0; from, to = from-1, to-1 {
				*x.at(to) = *x.at(from)
			}
			*x.at(to) = add[i]
			to--
		}
		t.shards[k].empty()
	}
	t.n = 0
	d := newDirectory(x.n, bucketInMemory)
	for i := range x.n {
		d.add(x.at(i).hi)
	}
	x.shift, x.starts = d.shift, d.done()
}

// mergeOnDisk gives a list of x's slots and those of a table, in a new file in
// dir, and leaves the table empty. After an error the table is in disorder.
func (x *slotIndex) mergeOnDisk(t *slotTable, secret []byte, dir string) (_ *slotIndex, err error) {
	f, err := os.CreateTemp(dir, "registry-*")
	if err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	merged := &slotIndex{n: x.n + t.n, file: f, ours: true}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("registry: %w", err), merged.close())
		}
	}()
	w := newSlotWriter(f, secret, merged.n, bucketOnDisk)
	shard := 0
	var add []slot
	next := func() *slot {
		for ; len(add) == 0 && shard < len(t.shards); shard++ {
			add = t.shards[shard].inOrder()
		}
		if len(add) == 0 {
			return nil
		}
		return &add[0]
	}
	err = x.each(func(s *slot) error {
		for n := next(); n != nil && n.compare(s) < 0; n = next() {
			w.write(n)
			add = add[1:]
		}
		return w.write(s)
	})
	for n := next(); n != nil && err == nil; n = next() {
		err = w.write(n)
		add = add[1:]
	}
	if err = errors.Join(err, w.flush()); err != nil {
		return nil, err
	}
	for k := range t.shards {
		t.shards[k].empty()
	}
	t.n = 0
	merged.shift, merged.starts = w.directory.shift, w.directory.done()
	return merged, nil
}

// each hands over the slots in their order.
func (x *slotIndex) each(take func(*slot) error) error {
	if x.file == nil {
		for i := range x.n {
			if err := take(x.at(i)); err != nil {
				return err
			}
		}
		return nil
	}
	r := io.NewSectionReader(x.file, int64(indexHeader), int64(x.n)*slotBytes)
	room := make([]byte, chunkSlots*slotBytes)
	for left := x.n; left > 0; {
		some := room[:min(left, chunkSlots)*slotBytes]
		if _, err := io.ReadFull(r, some); err != nil {
			return err
		}
		for left -= len(some) / slotBytes; len(some) > 0; some = some[slotBytes:] {
			s := decodeSlot(some)
			if err := take(&s); err != nil {
				return err
			}
		}
	}
	return nil
}

// close lets go of memory or file.
func (x *slotIndex) close() error {
	x.chunks, x.starts, x.n = nil, nil, 0
	if x.file == nil {
		return nil
	}
	f := x.file
	x.file = nil
	err := f.Close()
	if x.ours {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}

// directory finds where each bucket begins, in one pass over the slots.
type directory struct {
	starts []uint32
	shift  int
	next   uint64 // bucket
	n      uint32
}

// newDirectory is for n slots, and buckets of so many at most on average.
func newDirectory(n, bucket int) *directory {
	width := bits.Len(uint(n / bucket))
	return &directory{starts: make([]uint32, 1<<width+1), shift: 64 - width}
}

func (d *directory) add(hi uint64) {
	for b := hi >> d.shift; d.next <= b; d.next++ {
		d.starts[d.next] = d.n
	}
	d.n++
}

func (d *directory) done() []uint32 {
	for ; d.next < uint64(len(d.starts)); d.next++ {
		d.starts[d.next] = d.n
	}
	return d.starts
}

func decodeSlot(b []byte) slot {
	return slot{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])}
}
