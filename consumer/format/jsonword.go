package format

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// Eight bytes of a record at a time, in a word whose lowest byte is the first.

// swar repeats a byte over a word.
const swar = 0x0101010101010101

// word returns the eight bytes at v[i], zeros for those behind the end.
func word(v []byte, i int) uint64 {
	if i <= len(v)-8 {
		return load(v, i)
	}
	return lastWord(v, i)
}

// load returns the eight bytes at v[i], all of which must be there.
//
// The compiler's own check would be the third of a scanner's instructions, next
// to the one that the scanner makes anyway: with it decoding took up to a quarter
// longer (records with many unwanted fields), and 5 % where all were wanted.
func load(v []byte, i int) uint64 {
	p := (*[8]byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(v)), i))
	return binary.LittleEndian.Uint64(p[:])
}

// lastWord is word where less than eight bytes are left.
//
//go:noinline
func lastWord(v []byte, i int) uint64 {
	if i < len(v) && len(v) >= 8 {
		return load(v, len(v)-8) >> (8 * (i + 8 - len(v)) & 63)
	}
	var w uint64
	for at := len(v) - 1; at >= i; at-- {
		w = w<<8 | uint64(v[at])
	}
	return w
}

// stops raises the top bit of each byte of a word that a plain string's inside
// does not have: a quote, a backslash, control characters and what is not ASCII.
// Only the lowest raised bit is sure to be right: borrows run upwards from the
// bytes that are one of these.
//
// With one bit of it turned over a quote is a space, and the spaces are not: so
// that one subtraction finds it and the control characters.
func stops(w uint64) uint64 {
	return (((w ^ 0x02*swar) - 0x21*swar) | ((w ^ '\\'*swar) - swar) | w) & (0x80 * swar)
}

// digitCount is how many of the lowest bytes of a word are at most 9: a byte
// above raises its top bit, and carries only run upwards from one.
func digitCount(w uint64) int {
	return bits.TrailingZeros64(((w+(0x80-10)*swar)|w)&(0x80*swar)) >> 3
}

// literal is a word of JSON as the lowest bytes of a word.
type literal struct {
	word, mask uint64
	n          int
}

// literals are JSON's words, by two bits of their first letters.
var literals = [4]literal{
	'f' >> 3 & 3: {word: 'f' | 'a'<<8 | 'l'<<16 | 's'<<24 | 'e'<<32, mask: 1<<40 - 1, n: 5},
	'n' >> 3 & 3: {word: 'n' | 'u'<<8 | 'l'<<16 | 'l'<<24, mask: 1<<32 - 1, n: 4},
	't' >> 3 & 3: {word: 't' | 'r'<<8 | 'u'<<16 | 'e'<<24, mask: 1<<32 - 1, n: 4},
	3:            {word: 1},
}
