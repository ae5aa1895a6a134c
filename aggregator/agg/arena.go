package agg

// arena keeps values of varying length for groups, without a pointer per group.
type arena struct {
	bytes   []byte
	garbage int // bytes that are no slot's value
}

// slot is a value's place in an arena, with room for a value of up to room
// bytes. The zero slot is an empty value.
type slot struct {
	off       uint64
	len, room uint32
}

// get returns the value of a slot, good until the next put or compact.
func (a *arena) get(s slot) []byte { return a.bytes[s.off : s.off+uint64(s.len)] }

// put replaces the value of a slot by a copy of x and returns the slot as it
// is now. x must not lie in the arena.
func (a *arena) put(s slot, x []byte) slot {
	a.garbage += int(s.len)
	if len(x) <= int(s.room) {
		a.garbage -= len(x)
		copy(a.bytes[s.off:], x)
		s.len = uint32(len(x))
		return s
	}
	s = slot{uint64(len(a.bytes)), uint32(len(x)), uint32(len(x))}
	a.bytes = append(a.bytes, x...)
	return s
}

// tidy compacts the arena once garbage is more than half of it. slots are all
// that point into it; it is not worth the walk over them while there are more
// of them than garbage bytes.
func (a *arena) tidy(slots []slot) {
	if a.garbage <= len(a.bytes)/2 || a.garbage < len(slots) {
		return
	}
	live := len(a.bytes) - a.garbage
	fresh := make([]byte, 0, live+live/4)
	for i, s := range slots {
		off := uint64(len(fresh))
		fresh = append(fresh, a.get(s)...)
		slots[i] = slot{off, s.len, s.len}
	}
	a.bytes, a.garbage = fresh, 0
}

func (a *arena) reset() { a.bytes, a.garbage = a.bytes[:0], 0 }
