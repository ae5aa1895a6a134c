package partial

import (
	"encoding/binary"
	"fmt"
	"math"
)

// reader takes a block's bytes apart. The first fault sticks; from then on
// every value is zero.
type reader struct {
	rest []byte
	what string // what was wrong, "" so far
}

// fail notes a fault.
func (r *reader) fail(what string) {
	if r.what == "" {
		r.what = what
	}
	r.rest = nil
}

func (r *reader) err(size int) error {
	if r.what == "" {
		return nil
	}
	return fmt.Errorf("%w of %d bytes: %s", ErrDamaged, size, r.what)
}

// take returns the next n bytes, nil where they are not there.
func (r *reader) take(n int) []byte {
	if n > len(r.rest) {
		r.fail("it ends too early")
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) uvarint() uint64 {
	x, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail("varint")
		return 0
	}
	r.rest = r.rest[n:]
	return x
}

func (r *reader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (r *reader) uint64() uint64 {
	b := r.take(8)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}

// uint returns a varint that is not above most.
func (r *reader) uint(most uint64) uint64 {
	x := r.uvarint()
	if x > most {
		r.fail("number out of range")
		return 0
	}
	return x
}

func (r *reader) int32() int32 {
	x := r.varint()
	if x != int64(int32(x)) {
		r.fail("number out of range")
		return 0
	}
	return int32(x)
}

// count returns the number of things that follow, of size bytes at least each.
func (r *reader) count(size int) int {
	return int(r.uint(min(uint64(len(r.rest)/size), math.MaxInt32)))
}

func (r *reader) string() string { return string(r.take(int(r.uint(uint64(len(r.rest)))))) }
