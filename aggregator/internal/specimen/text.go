package specimen

import (
	"strconv"
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
)

// others returns a value of a type that is made from its text.
func others(chance Intn, t datum.Type) []byte {
	in := datum.Input{Type: t, Typmod: datum.AnyTypmod}
	text := Text(chance, t)
	v, err := in.Append(nil, []byte(text))
	if err != nil {
		panic(text + ": " + err.Error())
	}
	return v
}

// Text returns a text that a type's input function reads; many of them mean
// values that are equal and look different.
func Text(chance Intn, t datum.Type) string {
	if t.IsArray() {
		return array(chance, t.Elem())
	}
	switch t {
	case datum.Bool:
		return pick(chance, "t", "false", "yes", "0")
	case datum.Int2, datum.Int4, datum.Int8:
		return pick(chance, "0", "1", "-1", "7", "32767", "-32768")
	case datum.Float4, datum.Float8:
		return pick(chance, "0", "-0", "1.5", "NaN", "Infinity", "-Infinity", "1e-30", "-2.25")
	case datum.Numeric:
		return pick(chance, "0", "0.00", "1", "1.0", "1.00", "-1", "-1.0", "12345678901234567890.5", "1e20", "NaN", "Infinity", "0.1", "0.10")
	case datum.Date:
		return pick(chance, "2000-01-01", "1999-12-31", "infinity", "-infinity", "0044-03-15 BC", "5874897-12-31")
	case datum.Timestamp, datum.TimestampTZ:
		return pick(chance, "2000-01-01 00:00:00", "1999-12-31 23:59:59.999999", "infinity", "-infinity", "2024-02-29 12:00:00.5", "0044-03-15 10:00:00 BC")
	case datum.Time:
		return pick(chance, "00:00:00", "24:00:00", "12:34:56.789", "23:59:59.999999", "00:00:00.000001", "12:34:56.7890")
	case datum.Interval:
		return pick(chance, "30 days", "1 mon", "720:00:00", "0", "-1 mons +30 days", "1 day 00:00:00.000001", "24:00:00", "1 day", "-00:00:01")
	case datum.UUID:
		return pick(chance, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "A0EEBC999C0B4EF8BB6D6BB9BD380A11", "{00000000-0000-0000-0000-000000000000}",
			"ffffffff-ffff-ffff-ffff-ffffffffffff", "8ebc6af0-9c88-c6e3-0000-000000000000", "00000000-0000-0000-0000-00000000000"+strconv.Itoa(chance(10)))
	case datum.Inet:
		return pick(chance, "10.1.2.3/8", "10.1.2.3/16", "10.1.2.3", "10.0.0.0/8", "0.0.0.0/0", "255.255.255.255", "::1", "::", "::/0",
			"2001:db8::/32", "2001:0db8:0::1", "::ffff:1.2.3.4", "10.1.2."+strconv.Itoa(chance(4)))
	case datum.Cidr:
		return pick(chance, "10", "10.1", "10.0.0.0/8", "192.168.1", "0.0.0.0/0", "255.255.255.255/32", "::1", "::/0", "2001:db8::/32", "10.1.2."+strconv.Itoa(chance(4)))
	case datum.JSON, datum.JSONB:
		return JSON(chance, 3)
	case datum.Bytea:
		return pick(chance, "", `\x`, `\x00`, `\xdeadBEEF`, "abc", `a\\b\001`, `\x`+strings.Repeat("ab", chance(40)))
	case datum.Bpchar:
		return pick(chance, "", " ", "a", "a  ", " a", "ab", "a\tb ", "é", strings.Repeat("z", chance(40)))
	}
	return pick(chance, "", " ", "a", "a  ", "B", "ab", "null", "NULL", "{", `"`, `\`, "a,b", "é\n", "\U0010FFFF", strings.Repeat("z", chance(40)))
}

// JSON returns a JSON text that nests at most so deep.
func JSON(chance Intn, depth int) string {
	kind := chance(9)
	if depth == 0 {
		kind = chance(7)
	}
	switch kind {
	case 0:
		return "null"
	case 1:
		return pick(chance, "true", "false")
	case 2, 3:
		return pick(chance, "0", "-0", "0.0", "-0.00", "1", "1.0", "1.00", "1e0", "10e-1", "-1", "100", "1e2", "1.5", "1.50", "12345678901234567890123.10", "1e-20", "1E+5")
	case 4, 5, 6:
		return jsonString(chance)
	case 7:
		var items []string
		for range chance(4) {
			items = append(items, JSON(chance, depth-1))
		}
		return "[" + strings.Join(items, pick(chance, ",", ", ", " ,\n")) + "]"
	}
	var pairs []string
	for range chance(4) {
		pairs = append(pairs, jsonString(chance)+pick(chance, ":", " : ")+JSON(chance, depth-1))
	}
	return pick(chance, "{", "{ ") + strings.Join(pairs, pick(chance, ",", ", ")) + "}"
}

func jsonString(chance Intn) string {
	return pick(chance, `""`, `"a"`, `"\u0061"`, `"b"`, `"aa"`, `"A"`, `"é"`, `"\u00e9"`, `"\ud83d\ude00"`, `"😀"`, `"a\"b"`, `"\/"`, `"/"`, `"\\"`, `"\t"`, `"\u0009"`, `"\u001f"`, `"{,}[]: 1.0"`, `"1.00"`)
}

// array returns an array literal.
func array(chance Intn, elem datum.Type) string {
	element := func() string {
		if chance(6) == 0 {
			return "NULL"
		}
		return quoted(Text(chance, elem))
	}
	list := func(n int, of func() string) string {
		items := make([]string, n)
		for i := range items {
			items[i] = of()
		}
		return "{" + strings.Join(items, pick(chance, ",", " , ")) + "}"
	}
	n := chance(4)
	switch chance(6) {
	case 0:
		if n > 0 {
			low := chance(4) - 2
			return "[" + strconv.Itoa(low) + ":" + strconv.Itoa(low+n-1) + "]=" + list(n, element)
		}
	case 1:
		if n > 0 {
			return list(2, func() string { return list(n, element) })
		}
	case 2:
		return pick(chance, "{}", " { } ")
	}
	return list(n, element)
}

// quoted is an element of an array literal in quotes.
func quoted(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), `"`, `\"`)
	return `"` + s + `"`
}
