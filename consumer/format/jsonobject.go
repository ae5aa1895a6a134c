package format

import (
	"math/bits"

	"github.com/millrace/millrace/aggregator/column"
)

// object decodes a whole record and returns its end: a fault if it is no JSON, 0
// if it does not begin as an object.
//
// It is one long loop on purpose: what most records consist of, keys as guessed
// and plain strings, numbers and words, takes no call but for a wanted string, so
// that all state stays in registers (with calls it took a quarter longer). All else
// is left to the functions called at its end, which begin again from the same place.
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
		w := uint64(0)
		if i <= len(v)-8 {
			w = load(v, i)
		}
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
			if end < len(v) && v[end] == '"' && (k.target < 0 || d.quickString(b, k, v, i+1, end)) {
				i = end + 1
				continue
			}
			if k.target < 0 {
				if i = scanStringRest(v, end); i < 0 {
					return i
				}
				continue
			}
		case c-'0' <= 9 || c == '-':
			end := i
			if c == '-' {
				end++
				w = word(v, end)
			}
			w ^= '0' * swar
			n := digitCount(w)
			if n == 0 || n > 1 && byte(w) == 0 {
				break
			}
			if k.target >= 0 {
				after := byte(w>>(8*n&63)) ^ '0'
				if n == 8 || after == '.' || after|0x20 == 'e' || k.quick != quickInt || d.refused {
					break
				}
				x := int64(leadingDigits(w, n))
				if c == '-' {
					x = -x
				}
				t := &d.targets[k.target]
				t.vec.SetInt(b.Rows, x)
				t.nonNull = true
				i = end + n
				continue
			}
			for n == 8 {
				end += 8
				w = word(v, end) ^ '0'*swar
				n = digitCount(w)
			}
			after := byte(w>>(8*n&63)) ^ '0'
			end += n
			if after == '.' {
				w = word(v, end+1) ^ '0'*swar
				n = digitCount(w)
				if n == 0 || n == 8 {
					break
				}
				end += 1 + n
				after = byte(w>>(8*n&63)) ^ '0'
			}
			if after|0x20 != 'e' {
				i = end
				continue
			}
		default:
			if l := &literals[c>>3&3]; w&l.mask == l.word && k.target < 0 {
				i += l.n
				continue
			}
		}
		if k.target >= 0 {
			i = d.value(b, k.target, v, i)
		} else {
			i = scanValue(v, skipSpace(v, i))
		}
		if i < 0 {
			return i
		}
	}
}
