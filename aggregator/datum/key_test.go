package datum_test

import (
	"bytes"
	"encoding/hex"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/aggregator/datum"
)

// TestKeyFormat pins the persisted bytes.
func TestKeyFormat(t *testing.T) {
	key := func(typ datum.Type, s string) []byte {
		in := datum.Input{Type: typ, Typmod: datum.AnyTypmod}
		value, err := in.Append(nil, []byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return datum.AppendKeyValue(nil, typ, value)
	}
	decimal := func(s string) []byte { return datum.AppendKeyDecimal(nil, datum.AppendDecimal(nil, decimalOf(s))) }
	for _, c := range []struct {
		name string
		key  []byte
		want string
	}{
		{"NULL", datum.AppendKeyNull(nil), "00"},
		{"int", datum.AppendKeyInt(nil, -2), "01fffffffffffffffe"},
		{"float", datum.AppendKeyFloat(nil, 1.5), "013ff8000000000000"},
		{"float -0", datum.AppendKeyFloat(nil, math.Copysign(0, -1)), "010000000000000000"},
		{"float NaN", datum.AppendKeyFloat(nil, math.Float64frombits(0xFFF8000000000007)), "017ff8000000000001"},
		{"numeric 1.50", decimal("1.50"), "010001000000000000000f"},
		{"numeric 100", decimal("100.000"), "0100000000000000000064"},
		{"numeric 0", decimal("0.00"), "0100000000000000000000"},
		{"numeric 2^63", decimal("9223372036854775808.0"), "014000088000000000000000"},
		{"numeric -2^64/10", decimal("-1844674407370955161.60"), "01800109010000000000000000"},
		{"numeric NaN", decimal("NaN"), "01c000"},
		{"numeric -Infinity", decimal("-Infinity"), "01c002"},
		{"interval", datum.AppendKeySpan(nil, datum.Span{Months: 1}), "0100000000000000000000025b7f3d4000"},
		{"interval", datum.AppendKeySpan(nil, datum.Span{Micros: -1}), "01ffffffffffffffffffffffffffffffff"},
		{"text", datum.AppendKeyText(nil, []byte("ab")), "01026162"},
		{"bytea", key(datum.Bytea, `\x00ff`), "010200ff"},
		{"character", key(datum.Bpchar, "ab  "), "01026162"},
		{"enum", key(datum.Enum, "ok"), "01026f6b"},
		{"time", key(datum.Time, "24:00"), "01000000141dd76000"},
		{"uuid", key(datum.UUID, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), "01a0eebc999c0b4ef8bb6d6bb9bd380a11"},
		{"inet", key(datum.Inet, "10.1.2.3/8"), "0104080a010203"},
		{"cidr", key(datum.Cidr, "::1"), "01068000000000000000000000000000000001"},
		{"jsonb", key(datum.JSONB, `{"b":1.00,"a":["1.00",0.0,-10]}`), "01" + "1f" + hex.EncodeToString([]byte(`{"a": ["1.00", 0, -10], "b": 1}`))},
		{"int4[]", key(datum.ArrayOf(datum.Int4), "{7,NULL}"), "01" + "01" + "00000002" + "00000001" + "010000000000000007" + "00"},
		{"numeric[]", key(datum.ArrayOf(datum.Numeric), "[0:0]={1.0}"), "01" + "01" + "00000001" + "00000000" + "0100000000000000000001"},
		{"empty array", key(datum.ArrayOf(datum.Text), "{}"), "0100"},
	} {
		if got := hex.EncodeToString(c.key); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestKeysEqual: keys are the same bytes if and only if the values compare equal.
func TestKeysEqual(t *testing.T) {
	decimals := append(randomDecimals(20, 100), decimalEdges...)
	decimals = append(decimals, "9223372036854775808.0", "9223372036854775808.00", "10", "1e1", "100.00", "0.10")
	decimals = slices.DeleteFunc(decimals, func(s string) bool { return strings.Contains(s, "e131071") })
	for _, a := range decimals {
		for _, b := range decimals {
			x, y := datum.AppendDecimal(nil, decimalOf(a)), datum.AppendDecimal(nil, decimalOf(b))
			same := bytes.Equal(datum.AppendKeyDecimal(nil, x), datum.AppendKeyDecimal(nil, y))
			if same != (datum.CompareDecimal(x, y) == 0) {
				t.Fatalf("%.80s and %.80s: one key %v", a, b, same)
			}
		}
	}
	spans := append(randomIntervals(21, 50), intervalEdges...)
	for _, a := range spans {
		for _, b := range spans {
			x, y := intervalOf(a), intervalOf(b)
			same := bytes.Equal(datum.AppendKeySpan(nil, x), datum.AppendKeySpan(nil, y))
			if same != (x.Cmp(y) == 0) {
				t.Fatalf("%s and %s: one key %v", a, b, same)
			}
		}
	}
	floats := []float64{0, math.Copysign(0, -1), 1, -1, math.NaN(), -math.NaN(), math.Inf(1), math.Inf(-1), 5e-324}
	for _, a := range floats {
		for _, b := range floats {
			same := bytes.Equal(datum.AppendKeyFloat(nil, a), datum.AppendKeyFloat(nil, b))
			if same != (datum.CompareFloat(a, b) == 0) {
				t.Fatalf("%v and %v: one key %v", a, b, same)
			}
		}
	}
}

func FuzzKeyDecimal(f *testing.F) {
	f.Add([]byte("1.0"), []byte("1.00"))
	f.Add([]byte("9223372036854775808"), []byte("9223372036854775808.0"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		x, err1 := datum.ParseDecimal(a)
		y, err2 := datum.ParseDecimal(b)
		if err1 != nil || err2 != nil || len(x.String()) > 500 || len(y.String()) > 500 {
			return
		}
		same := bytes.Equal(datum.AppendKeyDecimal(nil, datum.AppendDecimal(nil, x)), datum.AppendKeyDecimal(nil, datum.AppendDecimal(nil, y)))
		if same != (x.Cmp(y) == 0) {
			t.Fatalf("%s and %s: one key %v", x, y, same)
		}
		if x.Cmp(y) != -y.Cmp(x) {
			t.Fatalf("%s and %s: order", x, y)
		}
	})
}

func TestDecimalParts(t *testing.T) {
	for _, c := range []struct {
		neg    bool
		hi, lo uint64
		scale  int
		want   string
	}{
		{false, 0, 0, 0, "0"},
		{true, 0, 0, 2, "0.00"},
		{true, 0, 1 << 63, 0, "-9223372036854775808"},
		{false, 0, 1 << 63, 0, "9223372036854775808"},
		{false, 1, 0, 3, "18446744073709551.616"},
		{true, math.MaxUint64, math.MaxUint64, 0, "-340282366920938463463374607431768211455"},
	} {
		d := datum.DecimalFromParts(c.neg, c.hi, c.lo, c.scale)
		if d.String() != c.want {
			t.Errorf("%v: %s", c, d)
		}
		neg, hi, lo, scale, ok := d.Parts()
		if again := datum.DecimalFromParts(neg, hi, lo, scale); !ok || again.String() != c.want {
			t.Errorf("%v: parts give %s", c, again)
		}
	}
	if _, _, _, _, ok := decimalOf("340282366920938463463374607431768211456").Parts(); ok {
		t.Error("2^128 has no parts")
	}
}

// TestCivil walks the calendar's range.
func TestCivil(t *testing.T) {
	for days := int64(-2451545); days < 2147483494-2451545; days += 7919 {
		y, m, d := datum.CivilFromDays(days)
		if back := datum.DaysFromCivil(y, m, d); back != days || m < 1 || m > 12 || d < 1 || d > 31 {
			t.Fatalf("day %d is %d-%d-%d, which is %d", days, y, m, d, back)
		}
		if days > -10000 && days < 100000 {
			want := time.Date(2000, 1, 1+int(days), 0, 0, 0, 0, time.UTC)
			if y != want.Year() || m != int(want.Month()) || d != want.Day() {
				t.Fatalf("day %d is %d-%d-%d, not %v", days, y, m, d, want)
			}
		}
	}
}

// TestNoAllocations: the values that records are made of are read, calculated
// with and written without an allocation.
func TestNoAllocations(t *testing.T) {
	zone := berlin(t)
	buf := make([]byte, 0, 256)
	a, b := decimalOf("1234.56"), decimalOf("-0.789")
	encoded := datum.AppendDecimal(nil, a)
	texts := [...][]byte{
		[]byte("-1234.5678"),
		[]byte("-1234.5678e3"),
		[]byte("-12345678"),
		[]byte("2024-02-29T12:34:56.789"),
		[]byte("2024-02-29 12:34:56.789+02"),
		[]byte("1/5/2001"),
		[]byte("1 day 02:03:04.5"),
	}
	for name, f := range map[string]func(){
		"ParseDecimal":      func() { _, _ = datum.ParseDecimal(texts[0]) },
		"ParseFloat":        func() { _, _ = datum.ParseFloat(texts[1], datum.Float8) },
		"ParseInt":          func() { _, _ = datum.ParseInt(texts[2], datum.Int8) },
		"ParseTimestamp":    func() { _, _ = datum.ParseTimestamp(texts[3]) },
		"ParseTimestampTZ":  func() { _, _ = datum.ParseTimestampTZ(texts[4], zone) },
		"ParseDate":         func() { _, _ = datum.ParseDate(texts[5]) },
		"ParseInterval":     func() { _, _ = datum.ParseInterval(texts[6]) },
		"AppendDecimal":     func() { buf = datum.AppendDecimal(buf[:0], a) },
		"DecodeDecimal":     func() { a = datum.DecodeDecimal(encoded) },
		"Decimal.Add":       func() { _, _ = a.Add(b) },
		"Decimal.Mul":       func() { _, _ = a.Mul(b) },
		"Decimal.Div":       func() { _, _ = a.Div(datum.DecimalFromInt(3)) },
		"Decimal.Cmp":       func() { _ = a.Cmp(b) },
		"Decimal.Text":      func() { buf = b.AppendText(buf[:0]) },
		"DecimalFromFloat":  func() { _, _ = datum.DecimalFromFloat(0.1, 64) },
		"AppendDecimalWire": func() { buf = datum.AppendDecimalWire(buf[:0], a) },
		"AppendFloat":       func() { buf = datum.AppendFloat(buf[:0], 1234.5, datum.Float8) },
		"AppendTimestampTZ": func() { buf = datum.AppendTimestampTZ(buf[:0], 1e15, zone) },
		"AppendInterval":    func() { buf = datum.AppendInterval(buf[:0], datum.Span{Months: 13, Micros: 5}) },
		"AppendKeyDecimal":  func() { buf = datum.AppendKeyDecimal(buf[:0], encoded) },
		"DateTrunc":         func() { _, _ = datum.DateTruncTimestampTZ("hour", 1e15, zone) },
		"Extract":           func() { _, _, _ = datum.ExtractTimestamp("epoch", 1e15) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
