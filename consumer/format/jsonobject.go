package format

import (
	"math/bits"

	"github.com/millrace/millrace/aggregator/column"
)

// object decodes a whole record and returns its end: a fault if it is no JSON, 0
// if it does not begin as an object.
//
// It is one long loop on purpose: what most records consist of, keys as guessed
// and plain strings, numbers and words that nobody wants, takes no call, so that
// all state stays in registers (with calls it takes a half longer). All else is
// left to the functions called, which begin again from the same place.
func (d *JSON) object(b *column.Batch, v []byte) int {
	i, k := 0, &d.keys.start
	for {
		s := &k.next
		if i+s.last <= len(v)-8 &&
			((load(v, i)^s.head)|(load(v, i+s.last)^s.tail))&s.mask == 0 &&
			(s.n <= 16 || s.within(v, i)) {
			i += s.n
			k = s.key
		} else if k, i = d.step(v, i, k); k == nil {
			return i
		}
		if k.target >= 0 {
			if i = d.value(b, k.target, v, i); i < 0 {
				return i
			}
			continue
		}
		// The value is one that nobody wants.
		if i > len(v)-8 {
			if i = scanValue(v, skipSpace(v, i)); i < 0 {
				return i
			}
			continue
		}
		w := load(v, i)
		switch c := byte(w); {
		case c == '"':
			end := i + 1
			for end <= len(v)-16 {
				m, m2 := stops(load(v, end)), stops(load(v, end+8))
				if m|m2 == 0 {
					end += 16
					continue
				}
				if m == 0 {
					end, m = end+8, m2
				}
				end += bits.TrailingZeros64(m) >> 3
				break
			}
			if end < len(v) && v[end] == '"' {
				i = end + 1
				continue
			}
			if i = scanStringRest(v, end); i < 0 {
				return i
			}
			continue
		case c-'0' <= 9:
			end, n := i, digitCount(w^'0'*swar)
			for n == 8 {
				end += 8
				w = word(v, end)
				n = digitCount(w ^ '0'*swar)
			}
			end += n
			if c == '0' && end != i+1 {
				break
			}
			after := byte(w >> (8 * n & 63))
			if after == '.' {
				fraction := end + 1
				w = word(v, fraction)
				n = digitCount(w ^ '0'*swar)
				if end = fraction + n; n == 0 || n == 8 {
					break
				}
				after = byte(w >> (8 * n & 63))
			}
			if after|0x20 != 'e' {
				i = end
				continue
			}
		default:
			if l := &literals[c>>3&3]; w&l.mask == l.word {
				i += l.n
				continue
			}
		}
		if i = scanValue(v, skipSpace(v, i)); i < 0 {
			return i
		}
	}
}
