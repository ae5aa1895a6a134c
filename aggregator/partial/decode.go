package partial

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// ErrDamaged occurs when bytes are no block: cut off, changed or never one.
var ErrDamaged = errors.New("damaged partial")

// ErrVersion occurs when a block was written by a newer millrace.
var ErrVersion = errors.New("partial of an unknown version")

// Decode reads a block into b, whose vectors and slices it reuses; it keeps
// nothing of data. An error wraps ErrDamaged or ErrVersion, and leaves b
// undefined but fit for another Decode.
func Decode(data []byte, b *Block) error {
	r, err := open(data)
	if err != nil {
		return err
	}
	readHeader(r, b)
	readVectors(r, b)
	readErrors(r, b)
	if r.what == "" && len(r.rest) > 0 {
		r.fail("bytes behind the end")
	}
	return r.err(len(data))
}

// Header reads a block without its vectors and group errors: view, shard,
// flush, part, ranges, schema and the number of groups. Owners skip what is
// foreign or applied by it.
func Header(data []byte) (Block, error) {
	var b Block
	r, err := open(data)
	if err != nil {
		return b, err
	}
	readHeader(r, &b)
	return b, r.err(len(data))
}

// open checks version and checksum.
func open(data []byte) (*reader, error) {
	switch {
	case len(data) < prefix:
		return nil, fmt.Errorf("%w: %d bytes", ErrDamaged, len(data))
	case data[0] != Version:
		return nil, fmt.Errorf("%w: version %d, this one reads %d", ErrVersion, data[0], Version)
	case binary.LittleEndian.Uint64(data[1:]) != xxhash.Sum64(data[prefix:]):
		return nil, fmt.Errorf("%w: %d bytes do not have their checksum", ErrDamaged, len(data))
	}
	return &reader{rest: data[prefix:]}, nil
}

func readHeader(r *reader, b *Block) {
	copy(b.View[:], r.take(len(b.View)))
	b.Shard = topology.ShardID(r.uint(topology.Slots - 1))
	copy(b.Flush.Lane[:], r.take(len(b.Flush.Lane)))
	b.Flush.Seq = r.uvarint()
	b.Part = uint16(r.uint(1<<16 - 1))
	b.Parts = uint16(r.uint(1<<16 - 1))
	b.Schema = r.uint64()
	n := r.count(len(topology.TopicID{}))
	b.Ranges = slices.Grow(b.Ranges[:0], n)[:n]
	for i := range b.Ranges {
		g := &b.Ranges[i]
		copy(g.Topic[:], r.take(len(g.Topic)))
		g.Partition = int32(r.uint(1<<31 - 1))
		g.From = r.varint()
		g.To = g.From + int64(r.uint(1<<63-1))
		g.MaxTime = r.varint()
		if g.To < g.From {
			r.fail("range that ends before it begins")
		}
	}
	b.Groups = int(r.uint(1<<31 - 1))
	if b.Part >= b.Parts {
		r.fail("part number")
	}
}

func readVectors(r *reader, b *Block) {
	keys, states := r.count(2), r.count(2)
	if keys+states == 0 && b.Groups > 1 {
		r.fail("many groups without keys")
	}
	b.Keys, b.States = vectors(b.Keys, keys), vectors(b.States, states)
	for _, v := range b.Keys {
		readVector(r, v, b.Groups)
	}
	for _, v := range b.States {
		readVector(r, v, b.Groups)
	}
}

// vectors returns n vectors, those of vs first, also those behind its length.
func vectors(vs []*column.Vector, n int) []*column.Vector {
	vs = slices.Grow(vs[:0], n)[:n]
	for i, v := range vs {
		if v == nil {
			vs[i] = new(column.Vector)
		}
	}
	return vs
}

func readVector(r *reader, v *column.Vector, rows int) {
	head := r.take(2)
	if head == nil {
		return
	}
	t := typeOfWire(head[0])
	if t == datum.Invalid || head[1] > formNulls {
		r.fail("vector's type")
		return
	}
	// A row takes a bit at least, so an allocation is at most some hundred
	// times the bytes that are there.
	valid := rows
	var bits []byte
	if head[1] == formNulls {
		bits = r.take((rows + 7) / 8)
		valid = ones(bits)
	}
	if r.what != "" || valid > len(r.rest) {
		r.fail("vector's rows")
		return
	}
	v.ResetAs(t)
	v.Resize(rows)
	if bits == nil {
		v.Valid.Fill(rows)
	} else if !setBits(v.Valid, bits, rows) {
		r.fail("vector's validity")
		return
	}
	readValues(r, v, rows)
}
