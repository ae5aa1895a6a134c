package datum

import (
	"encoding/binary"
	"math/big"
	"strconv"
)

// PostgreSQL keeps and sends numerics as digits in base 10000:
//
//	wire   int16 ndigits | int16 weight | uint16 sign | uint16 dscale | digits, int16 each, all big-endian
//	datum  varlena header | uint16 sign, dscale (and weight, where short) | [int16 weight] | digits
//
// The first digit stands for 10000^weight (numeric.c, numeric_send and struct NumericData).
const (
	signPositive    = 0x0000
	signNegative    = 0x4000
	signNaN         = 0xC000
	signPosInfinity = 0xD000
	signNegInfinity = 0xF000
)

// AppendDecimalWire appends d in PostgreSQL's binary wire form.
func AppendDecimalWire(dst []byte, d Decimal) []byte {
	if d.form != finite {
		sign := [...]uint16{notANumber: signNaN, posInfinity: signPosInfinity, negInfinity: signNegInfinity}[d.form]
		scale := uint16(0)
		if d.IsInf() {
			scale = 0x20 // what numeric_send takes from the bits of an infinity's header
		}
		return appendUint16s(dst, 0, 0, sign, scale)
	}
	head := len(dst)
	sign := uint16(signPositive)
	if d.Sign() < 0 {
		sign = signNegative
	}
	dst = appendUint16s(dst, 0, 0, sign, d.scale)
	if d.Sign() == 0 {
		return dst
	}
	fraction := (int(d.scale) + 3) / 4 // base-10000 digits after the point
	start := len(dst)
	dst = appendBase10000(dst, d, 4*fraction-int(d.scale))
	weight := (len(dst)-start)/2 - 1 - fraction
	for dst[len(dst)-1] == 0 && dst[len(dst)-2] == 0 {
		dst = dst[:len(dst)-2]
	}
	binary.BigEndian.PutUint16(dst[head:], uint16((len(dst)-start)/2))
	binary.BigEndian.PutUint16(dst[head+2:], uint16(int16(weight)))
	return dst
}

func appendUint16s(dst []byte, values ...uint16) []byte {
	for _, v := range values {
		dst = binary.BigEndian.AppendUint16(dst, v)
	}
	return dst
}

// appendBase10000 appends the coefficient × 10^pad in base 10000, most
// significant digit first, without leading zeros. pad is below 4.
func appendBase10000(dst []byte, d Decimal, pad int) []byte {
	var buf [64]byte
	text := buf[:0]
	if d.big == nil {
		text = strconv.AppendUint(text, magnitude(d.small), 10)
	} else {
		text = new(big.Int).Abs(d.big).Append(text, 10)
	}
	text = append(text, "000"[:pad]...)
	for len(text) > 0 {
		n := (len(text)-1)%4 + 1
		digit := uint16(0)
		for _, ch := range text[:n] {
			digit = 10*digit + uint16(ch-'0')
		}
		dst = binary.BigEndian.AppendUint16(dst, digit)
		text = text[n:]
	}
	return dst
}

// DecimalFromWire reads PostgreSQL's binary wire form; ok is false for bytes that are not one.
func DecimalFromWire(b []byte) (d Decimal, ok bool) {
	if len(b) < 8 {
		return Decimal{}, false
	}
	n := int(binary.BigEndian.Uint16(b))
	weight := int(int16(binary.BigEndian.Uint16(b[2:])))
	sign, scale := binary.BigEndian.Uint16(b[4:]), int(binary.BigEndian.Uint16(b[6:]))
	if len(b) != 8+2*n || scale > maxScale {
		return Decimal{}, false
	}
	return fromBase10000(sign, scale, weight, b[8:], binary.BigEndian)
}

// DecimalFromDatum reads a numeric as PostgreSQL holds it in memory on a
// little-endian machine, varlena header included: that is how a Const's value
// stands in a pg_node_tree. ok is false for other bytes, compressed ones among them.
func DecimalFromDatum(b []byte) (d Decimal, ok bool) {
	switch {
	case len(b) >= 4 && b[0]&3 == 0: // four bytes, length << 2
		if int(binary.LittleEndian.Uint32(b)>>2) != len(b) {
			return Decimal{}, false
		}
		b = b[4:]
	case len(b) >= 1 && b[0]&1 == 1: // one byte, length << 1 | 1
		if int(b[0]>>1) != len(b) {
			return Decimal{}, false
		}
		b = b[1:]
	default:
		return Decimal{}, false
	}
	if len(b) < 2 || len(b)%2 != 0 {
		return Decimal{}, false
	}
	head := binary.LittleEndian.Uint16(b)
	switch head >> 14 {
	case 3:
		return fromBase10000(head&0xF000, 0, 0, b[2:], binary.LittleEndian)
	case 2: // short: 1 0 sign:1 dscale:6 weight:7
		weight := int(int8(head<<1)) >> 1
		return fromBase10000(head&0x2000<<1, int(head>>7&0x3F), weight, b[2:], binary.LittleEndian)
	}
	if len(b) < 4 {
		return Decimal{}, false
	}
	weight := int(int16(binary.LittleEndian.Uint16(b[2:])))
	return fromBase10000(head&0xC000, int(head&0x3FFF), weight, b[4:], binary.LittleEndian)
}

// fromBase10000 assembles a number of digits two bytes long. Digits beyond the
// scale are cut off, as numeric_recv does.
func fromBase10000(sign uint16, scale, weight int, digits []byte, order binary.ByteOrder) (Decimal, bool) {
	switch sign {
	case signNaN:
		return DecimalNaN(), len(digits) == 0
	case signPosInfinity:
		return DecimalInf(1), len(digits) == 0
	case signNegInfinity:
		return DecimalInf(-1), len(digits) == 0
	case signPositive, signNegative:
	default:
		return Decimal{}, false
	}
	d, ok := smallFromBase10000(scale, weight, digits, order)
	if !ok {
		d, ok = bigFromBase10000(scale, weight, digits, order)
	}
	if ok && sign == signNegative {
		d = d.Neg()
	}
	return d, ok
}

// smallFromBase10000 handles up to four digits, which with their shift fit an int64 mostly.
func smallFromBase10000(scale, weight int, digits []byte, order binary.ByteOrder) (Decimal, bool) {
	if len(digits) > 8 {
		return Decimal{}, false
	}
	c := int64(0)
	for i := 0; i < len(digits); i += 2 {
		v := order.Uint16(digits[i:])
		if v >= 10000 {
			return Decimal{}, false
		}
		c = 10000*c + int64(v)
	}
	// The last digit stands for 10^exponent.
	exponent := 4 * (weight - len(digits)/2 + 1)
	if drop := -(exponent + scale); drop > 0 {
		if drop > 18 {
			return Decimal{scale: uint16(scale)}, true
		}
		return Decimal{small: c / int64(pow10[drop]), scale: uint16(scale)}, true
	}
	c, ok := shiftLeft(c, exponent+scale)
	return Decimal{small: c, scale: uint16(scale)}, ok
}

func bigFromBase10000(scale, weight int, digits []byte, order binary.ByteOrder) (Decimal, bool) {
	text := make([]byte, 0, 2*len(digits)+1)
	text = append(text, '0')
	for i := 0; i < len(digits); i += 2 {
		v := order.Uint16(digits[i:])
		if v >= 10000 {
			return Decimal{}, false
		}
		text = append(text, '0'+byte(v/1000), '0'+byte(v/100%10), '0'+byte(v/10%10), '0'+byte(v%10))
	}
	c, _ := new(big.Int).SetString(string(text), 10)
	shift := 4*(weight-len(digits)/2+1) + scale
	if shift >= 0 {
		c.Mul(c, bigPow10(shift))
	} else {
		c.Quo(c, bigPow10(-shift))
	}
	d, err := checked(fromBig(c, scale))
	return d, err == nil
}
