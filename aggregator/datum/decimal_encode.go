package datum

import (
	"encoding/binary"
	"math/big"
)

// A numeric in a vector, in a partial and in a key is
//
//	 0        1        2 …
//	+--------+--------+----------------------+
//	| form:2 | scale:14 |  coefficient       |
//	+--------+--------+----------------------+
//
// The first two bytes are a big-endian uint16: the form in its upper two bits,
// the scale in the lower 14.
//
//	form 0  int64, big-endian, two's complement: 10 bytes in all
//	form 1  positive: the magnitude's bytes, big-endian, without leading zeros
//	form 2  negative: likewise
//	form 3  no coefficient; the scale's bits say 0 NaN, 1 Infinity, 2 -Infinity
//
// Forms 1 and 2 stand only for what form 0 cannot hold, so one number with one
// scale has one encoding. The length is the slice's; nothing delimits it.
const (
	encodedSmall    = 0 << 14
	encodedPositive = 1 << 14
	encodedNegative = 2 << 14
	encodedSpecial  = 3 << 14
	encodedForm     = 3 << 14
)

// AppendDecimal appends the encoding of d in which vectors hold numerics.
func AppendDecimal(dst []byte, d Decimal) []byte {
	if d.form != finite {
		return binary.BigEndian.AppendUint16(dst, encodedSpecial|uint16(d.form-notANumber))
	}
	if d.big == nil {
		dst = binary.BigEndian.AppendUint16(dst, encodedSmall|d.scale)
		return binary.BigEndian.AppendUint64(dst, uint64(d.small))
	}
	head := encodedPositive | d.scale
	if d.big.Sign() < 0 {
		head = encodedNegative | d.scale
	}
	dst = binary.BigEndian.AppendUint16(dst, head)
	return appendMagnitude(dst, d.big)
}

func appendMagnitude(dst []byte, c *big.Int) []byte {
	n := (c.BitLen() + 7) / 8
	start := len(dst)
	for range n {
		dst = append(dst, 0)
	}
	c.FillBytes(dst[start:])
	return dst
}

// DecodeDecimal reads what AppendDecimal wrote. It panics on anything else: use
// [DecodeDecimalChecked] for bytes from outside.
func DecodeDecimal(b []byte) Decimal {
	if len(b) == 10 && b[0]&(encodedForm>>8) == encodedSmall {
		return Decimal{small: int64(binary.BigEndian.Uint64(b[2:])), scale: binary.BigEndian.Uint16(b)}
	}
	d, ok := DecodeDecimalChecked(b)
	if !ok {
		panic("bug: damaged numeric")
	}
	return d
}

// DecodeDecimalChecked reads what AppendDecimal wrote; ok is false for any other bytes.
func DecodeDecimalChecked(b []byte) (d Decimal, ok bool) {
	if len(b) < 2 {
		return Decimal{}, false
	}
	head := binary.BigEndian.Uint16(b)
	scale, rest := head&^encodedForm, b[2:]
	switch head & encodedForm {
	case encodedSmall:
		if len(rest) != 8 {
			return Decimal{}, false
		}
		return Decimal{small: int64(binary.BigEndian.Uint64(rest)), scale: scale}, true
	case encodedSpecial:
		return Decimal{form: notANumber + form(scale)}, len(rest) == 0 && scale <= 2
	}
	if len(rest) < 8 || rest[0] == 0 {
		return Decimal{}, false
	}
	c := new(big.Int).SetBytes(rest)
	if head&encodedForm == encodedNegative {
		c.Neg(c)
	}
	d = fromBig(c, int(scale))
	if d.big == nil {
		return Decimal{}, false
	}
	_, err := checked(d)
	return d, err == nil
}

// CompareDecimal compares two encoded numerics as [Decimal.Cmp] does.
func CompareDecimal(a, b []byte) int { return DecodeDecimal(a).Cmp(DecodeDecimal(b)) }
