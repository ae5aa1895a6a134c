package datum_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
)

var decimalEdges = []string{
	"0", "0.0", "0.000", "1", "-1", "1.0", "1.00", "0.5", "-0.5", "1.5", "2.5", "-2.5", "0.1", "0.01", "0.00001",
	"3", "7", "10", "99", "100", "1234.5678", "-1234.5678", "9999", "10000", "99999999", "9999.9999", "0.0001", "0.00012345",
	"9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809",
	"18446744073709551615", "18446744073709551616", "999999999999999999", "1000000000000000000",
	"170141183460469231731687303715884105727", "340282366920938463463374607431768211456",
	"922337203685477580.7", "-92233720368547758.08", "0.000000000000000000000000000001",
	"123456789012345678901234567890.123456789012345678901234567890", "1e30", "-1e-30",
	"NaN", "Infinity", "-Infinity", "2147483647.5", "2147483647.4", "-2147483648.5", "32767.5", "-32768.4",
	"9223372036854775807.4", "9223372036854775807.5", "-9223372036854775808.5", "1e400", "1e308", "1e-400",
	"1e131071", "9e131071", "-1e131071", "1e-16383", "4e-1000", "3.00000000000000000000", "12345678.90",
}

var decimalTexts = append([]string{
	"", " ", "+1", " 1 ", "\t1\n", "1 2", "1.", ".5", ".", "-.5", "+.5", "-", "+", "1e", "1e+", "1e5", "1E5", "1e-5", "1.5e3", "1.5e-3", "0e5", "0e-5",
	"1e131072", "1e1000000000", "1e2000000000", "1e-16384", "0e-16384", "0.0e100", "nan", "NAN", "+nan", "-nan", "inf", "+inf", "-inf", "INF",
	"infinity", "Infinity ", "+Infinity", "infinit", "infx", "nanx", "0x10", "1_000", "1,000", "--1", "+-1", "1e5.5", "00012", "-0", "-0.00", "1..2", "1.2.3",
	"0.1e1", "123e-2", "1e18", "1e19", "9.99e18", "12.50", "a", "1a", "1 a", "١",
}, decimalEdges...)

func randomDecimals(seed uint64, n int) []string {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]string, 0, n)
	for range n {
		digits := func(most int) string {
			var b strings.Builder
			for range 1 + r.IntN(most) {
				b.WriteByte(byte('0' + r.IntN(10)))
			}
			return b.String()
		}
		most := []int{2, 5, 12, 20, 45}[r.IntN(5)]
		s := digits(most)
		if r.IntN(3) > 0 {
			s += "." + digits(most)
		}
		if r.IntN(8) == 0 {
			s += strings.Repeat("0", r.IntN(6))
		}
		if r.IntN(2) == 0 {
			s = "-" + s
		}
		out = append(out, s)
	}
	return out
}

func decimalPairs() [][]string {
	pairs := cross(decimalEdges[:52], decimalEdges[:52])
	a, b := randomDecimals(1, 400), randomDecimals(2, 400)
	for i := range a {
		pairs = append(pairs, []string{a[i], b[i]})
	}
	return append(pairs,
		[]string{"1e131071", "10"}, []string{"1e131071", "9e131071"}, []string{"1e-16383", "1e-16383"}, []string{"1e-9000", "3e-9000"},
		[]string{"1e-16383", "0.1"}, []string{"1", "1e-400"}, []string{"1e400", "3"}, []string{"1e131071", "1e-131"})
}

// sample keeps every nth pair, so that the golden files stay small.
func sample(n, from int, pairs func() [][]string) func() [][]string {
	return func() (kept [][]string) {
		for i, p := range pairs() {
			if i%n == from%n || i >= 52*52+300 {
				kept = append(kept, p)
			}
		}
		return kept
	}
}

func decimalOf(s string) datum.Decimal {
	d, err := datum.ParseDecimal([]byte(s))
	if err != nil {
		panic(err)
	}
	// Every case also goes through the encoding.
	return datum.DecodeDecimal(datum.AppendDecimal(nil, d))
}

func binaryDecimal(f func(a, b datum.Decimal) (datum.Decimal, *datum.Error)) func([]string) string {
	return func(args []string) string {
		d, err := f(decimalOf(args[0]), decimalOf(args[1]))
		return answer(d, err, datum.Decimal.String)
	}
}

func scaledDecimal(f func(d datum.Decimal, scale int) (datum.Decimal, *datum.Error)) func([]string) string {
	return func(args []string) string {
		scale, _ := strconv.Atoi(args[1])
		d, err := f(decimalOf(args[0]), scale)
		return answer(d, err, datum.Decimal.String)
	}
}

func unaryDecimal(f func(d datum.Decimal) (datum.Decimal, *datum.Error)) func([]string) string {
	return func(args []string) string {
		d, err := f(decimalOf(args[0]))
		return answer(d, err, datum.Decimal.String)
	}
}

func decimalToInt(f func(d datum.Decimal) (int64, *datum.Error)) func([]string) string {
	return func(args []string) string {
		v, err := f(decimalOf(args[0]))
		return answer(v, err, func(v int64) string { return strconv.FormatInt(v, 10) })
	}
}

func decimals() [][]string { return each(append(randomDecimals(3, 150), decimalEdges...)) }

// shortDecimals leaves out those whose digits would fill the golden file.
func shortDecimals() (kept [][]string) {
	for _, d := range decimals() {
		if !strings.Contains(d[0], "e131071") && !strings.Contains(d[0], "e-16383") {
			kept = append(kept, d)
		}
	}
	return kept
}

func scaledDecimals() [][]string {
	return cross(append(randomDecimals(4, 25), decimalEdges[:58]...), []string{"0", "1", "2", "5", "-1", "-3", "20", "-20", "2500", "-140000"})
}

var decimalOperations = []operation{
	{
		name: "parse", sql: "{1}::numeric", args: func() [][]string { return each(append(randomDecimals(5, 200), decimalTexts...)) },
		run: func(args []string) string {
			d, err := datum.ParseDecimal([]byte(args[0]))
			return answer(d, err, datum.Decimal.String)
		},
	},
	{name: "add", sql: "{1}::numeric + {2}::numeric", args: sample(4, 0, decimalPairs), run: binaryDecimal(datum.Decimal.Add)},
	{name: "sub", sql: "{1}::numeric - {2}::numeric", args: sample(4, 1, decimalPairs), run: binaryDecimal(datum.Decimal.Sub)},
	{name: "mul", sql: "{1}::numeric * {2}::numeric", args: sample(4, 2, decimalPairs), run: binaryDecimal(datum.Decimal.Mul)},
	{name: "div", sql: "{1}::numeric / {2}::numeric", args: sample(2, 0, decimalPairs), run: binaryDecimal(datum.Decimal.Div)},
	{name: "mod", sql: "{1}::numeric % {2}::numeric", args: sample(4, 4, decimalPairs), run: binaryDecimal(datum.Decimal.Mod)},
	{name: "cmp", sql: "numeric_cmp({1}, {2})", args: sample(4, 3, decimalPairs), run: func(args []string) string {
		c := decimalOf(args[0]).Cmp(decimalOf(args[1]))
		return strconv.Itoa(c)
	}},
	{name: "round", sql: "round({1}::numeric, {2}::int)", args: scaledDecimals, run: scaledDecimal(datum.Decimal.Round)},
	{
		name: "trunc", sql: "trunc({1}::numeric, {2}::int)", args: scaledDecimals,
		run: scaledDecimal(func(d datum.Decimal, s int) (datum.Decimal, *datum.Error) { return d.Trunc(s), nil }),
	},
	{name: "ceil", sql: "ceil({1}::numeric)", args: decimals, run: unaryDecimal(datum.Decimal.Ceil)},
	{name: "floor", sql: "floor({1}::numeric)", args: decimals, run: unaryDecimal(datum.Decimal.Floor)},
	{
		name: "neg", sql: "-({1}::numeric)", args: decimals,
		run: unaryDecimal(func(d datum.Decimal) (datum.Decimal, *datum.Error) { return d.Neg(), nil }),
	},
	{
		name: "abs", sql: "abs({1}::numeric)", args: decimals,
		run: unaryDecimal(func(d datum.Decimal) (datum.Decimal, *datum.Error) { return d.Abs(), nil }),
	},
	{name: "int2", sql: "{1}::numeric::int2", args: decimals, run: decimalToInt(datum.Decimal.Int2)},
	{name: "int4", sql: "{1}::numeric::int4", args: decimals, run: decimalToInt(datum.Decimal.Int4)},
	{name: "int8", sql: "{1}::numeric::int8", args: decimals, run: decimalToInt(datum.Decimal.Int8)},
	{name: "float8", sql: "{1}::numeric::float8", args: decimals, run: func(args []string) string {
		f, err := decimalOf(args[0]).Float8()
		return answer(f, err, float8Text)
	}},
	{name: "float4", sql: "{1}::numeric::float4", args: decimals, run: func(args []string) string {
		f, err := decimalOf(args[0]).Float4()
		return answer(f, err, float4Text)
	}},
	{name: "typmod", sql: "{1}::numeric({2r},{3r})", args: typmodTuples, run: func(args []string) string {
		precision, _ := strconv.Atoi(args[1])
		scale, _ := strconv.Atoi(args[2])
		d, err := decimalOf(args[0]).ApplyTypmod(precision, scale)
		return answer(d, err, datum.Decimal.String)
	}},
	{name: "wire", sql: "encode(numeric_send({1}), 'hex')", args: shortDecimals, check: checkWire},
	{name: "datum", sql: "pg_temp.node({1})", args: shortDecimals, check: checkDatum},
}

func typmodTuples() (all [][]string) {
	for _, d := range append(randomDecimals(6, 40), decimalEdges[:50]...) {
		for _, t := range [][2]string{{"5", "2"}, {"3", "3"}, {"2", "4"}, {"4", "-2"}, {"30", "10"}} {
			all = append(all, []string{d, t[0], t[1]})
		}
	}
	return all
}

func checkWire(args []string, want string) error {
	d := decimalOf(args[0])
	if got := hex.EncodeToString(datum.AppendDecimalWire(nil, d)); got != want {
		return fmt.Errorf("got %.100s, want %.100s", got, want)
	}
	raw, err := hex.DecodeString(want)
	if err != nil {
		return err
	}
	back, ok := datum.DecimalFromWire(raw)
	if !ok || back.String() != d.String() {
		return fmt.Errorf("read as %.100s (%v)", back, ok)
	}
	return nil
}

// checkDatum reads a Const's value: "10 [ 40 0 0 0 … ]", signed bytes.
func checkDatum(args []string, want string) error {
	var raw []byte
	for _, word := range strings.Fields(want[strings.Index(want, "[")+1 : strings.Index(want, "]")]) {
		v, err := strconv.Atoi(word)
		if err != nil {
			return err
		}
		raw = append(raw, byte(v))
	}
	d, ok := datum.DecimalFromDatum(raw)
	if wanted := decimalOf(args[0]); !ok || d.String() != wanted.String() {
		return fmt.Errorf("read as %.100s (%v), want %.100s", d, ok, wanted)
	}
	if again, ok := datum.DecimalFromDatum(append([]byte{byte(len(raw)-3)<<1 | 1}, raw[4:]...)); len(raw) < 120 && (!ok || again.Cmp(d) != 0) {
		return fmt.Errorf("short header: read as %s", again)
	}
	if bytes.Equal(raw, nil) {
		return fmt.Errorf("no bytes")
	}
	return nil
}
