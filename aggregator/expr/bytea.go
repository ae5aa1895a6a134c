package expr

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"

	"github.com/millrace/millrace/aggregator/datum"
)

// byteaFunctions are the operators and functions of bytea.
func byteaFunctions() []function {
	b, t, i := datum.Bytea, datum.Text, datum.Int4
	return []function{
		{oid: 2010, name: "length", args: takes(b), result: i, kernel: map1(byteCount)},
		{oid: 720, name: "octet_length", args: takes(b), result: i, kernel: map1(byteCount)},
		{oid: 1810, name: "bit_length", args: takes(b), result: i, kernel: map1(func(s []byte) int64 { return 8 * int64(len(s)) })},
		{oid: 2011, name: "byteacat", args: takes(b, b), result: b, kernel: byteaCat},
		{oid: 2012, name: "substring", args: takes(b, i, i), result: b, kernel: try3(byteaSubstring)},
		{oid: 2085, name: "substr", args: takes(b, i, i), result: b, kernel: try3(byteaSubstring)},
		{oid: 2013, name: "substring", args: takes(b, i), result: b, kernel: map2(byteaFrom)},
		{oid: 2086, name: "substr", args: takes(b, i), result: b, kernel: map2(byteaFrom)},
		{oid: 2014, name: "position", args: takes(b, b), result: i, kernel: map2(func(s, part []byte) int64 { return int64(bytes.Index(s, part)) + 1 })},
		{oid: 721, name: "get_byte", args: takes(b, i), result: i, kernel: try2(getByte)},
		{oid: 2321, name: "md5", args: takes(b), result: t, kernel: digest},
		{oid: 3419, name: "sha224", args: takes(b), result: b, kernel: append1(func(dst, s []byte) []byte { sum := sha256.Sum224(s); return append(dst, sum[:]...) })},
		{oid: 3420, name: "sha256", args: takes(b), result: b, kernel: append1(func(dst, s []byte) []byte { sum := sha256.Sum256(s); return append(dst, sum[:]...) })},
		{oid: 3421, name: "sha384", args: takes(b), result: b, kernel: append1(func(dst, s []byte) []byte { sum := sha512.Sum384(s); return append(dst, sum[:]...) })},
		{oid: 3422, name: "sha512", args: takes(b), result: b, kernel: append1(func(dst, s []byte) []byte { sum := sha512.Sum512(s); return append(dst, sum[:]...) })},
		{oid: 2015, name: "btrim", args: takes(b, b), result: b, kernel: map2(func(s, set []byte) []byte { return trimBytes(s, set, true, true) })},
		{oid: 6195, name: "ltrim", args: takes(b, b), result: b, kernel: map2(func(s, set []byte) []byte { return trimBytes(s, set, true, false) })},
		{oid: 6196, name: "rtrim", args: takes(b, b), result: b, kernel: map2(func(s, set []byte) []byte { return trimBytes(s, set, false, true) })},
	}
}

func byteCount(s []byte) int64 { return int64(len(s)) }

func byteaCat(c *call, rows []int32) {
	for _, r := range rows {
		start := len(c.out.Arena)
		c.out.Arena = append(c.out.Arena, c.in[0].Bytes(int(r))...)
		c.out.Arena = append(c.out.Arena, c.in[1].Bytes(int(r))...)
		c.ended(r, start)
	}
}

func byteaFrom(s []byte, start int64) []byte {
	return s[min(max(start-1, 0), int64(len(s))):]
}

// byteaSubstring counts bytes before the first towards the length, as substring
// of text does.
func byteaSubstring(s []byte, start, n int64) ([]byte, *datum.Error) {
	if n < 0 {
		return nil, errSubstringLength
	}
	end := min(max(start+n-1, 0), int64(len(s)))
	return s[min(max(start-1, 0), end):end], nil
}

func getByte(s []byte, n int64) (int64, *datum.Error) {
	if n < 0 || n >= int64(len(s)) {
		return 0, datum.Errorf("2202E", "index %d out of valid range, 0..%d", n, len(s)-1)
	}
	return int64(s[n]), nil
}

// trimBytes takes the bytes of a set away from the ends.
func trimBytes(s, set []byte, left, right bool) []byte {
	for left && len(s) > 0 && bytes.IndexByte(set, s[0]) >= 0 {
		s = s[1:]
	}
	for right && len(s) > 0 && bytes.IndexByte(set, s[len(s)-1]) >= 0 {
		s = s[:len(s)-1]
	}
	return s
}

// digest is md5, as hexadecimal digits.
func digest(c *call, rows []int32) {
	for _, r := range rows {
		sum := md5.Sum(c.in[0].Bytes(int(r)))
		start := len(c.out.Arena)
		c.out.Arena = hex.AppendEncode(c.out.Arena, sum[:])
		c.ended(r, start)
	}
}
