package datum_test

import (
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/millrace/millrace/aggregator/datum"
)

func float8Text(f float64) string { return string(datum.AppendFloat(nil, f, datum.Float8)) }
func float4Text(f float64) string { return string(datum.AppendFloat(nil, f, datum.Float4)) }
func intText(v int64) string      { return strconv.FormatInt(v, 10) }

var floatTexts = []string{
	"0", "-0", "0.0", "1", "-1", "1.5", "0.1", "0.3", "100000", "1000000", "123456", "1234567", "100000000000000", "1e14", "1e15", "1e16",
	"123456789012345", "1234567890123456", "999999999999999", "9007199254740991", "9007199254740992", "9007199254740993", "1e20", "1e21", "1e22", "1e23", "9e22", "5e22",
	"1e-4", "1e-5", "0.0001", "0.00001", "0.000123456", "1.7976931348623157e308", "1.7976931348623159e308", "1e308", "1e309", "-1e400", "1e400",
	"5e-324", "4.9e-324", "2e-324", "1e-400", "-1e-400", "2.2250738585072014e-308", "1e-310", "3.4028235e38", "3.4028236e38", "1e39", "1e-45", "1e-46", "1.4e-45", "1e38",
	"NaN", "nan", "-nan", "+NaN", "Infinity", "-Infinity", "+Infinity", "inf", "-inf", "INF", "infinite", "nanx",
	"", " ", " 1 ", "\t1\n", "1 2", "1e", "1e+", "1.", ".5", ".", "-", "+5", "0x10", "0x1p4", "0x.8", "1e5x", "1_0", "abc", "00.5", "1,5",
	"16777216", "16777217", "33554434", "8388608.5", "0.30000001192092896", "4503599627370496.5", "9223372036854775807", "18014398509481985", "1.8014398509481984e16",
	"36028797018963968", "144115188075855872", "9.5367431640625e-07", "2e-44", "1.17549435e-38", "7.0064923216240854e-46", "0e500", "0e-500",
	"2147483647.5", "2147483648", "-2147483648.5", "-2147483649", "0.5", "2.5", "32767.5", "9223372036854775808", "-9223372036854775808",
	"9.223372036854775e18",
}

func randomFloats(bits int) []string {
	r := rand.New(rand.NewPCG(7, uint64(bits)))
	var out []string
	for i := range 400 {
		f := math.Float64frombits(r.Uint64())
		if bits == 32 {
			f = float64(math.Float32frombits(r.Uint32()))
		}
		switch i % 4 {
		case 1:
			f = float64(r.Int64N(1e6)) / 1000
		case 2:
			f = math.Ldexp(float64(r.Int64N(1<<24)), r.IntN(40))
		}
		if f-f == 0 {
			out = append(out, strconv.FormatFloat(f, 'g', -1, bits))
		}
	}
	for e := range 90 { // powers of two lie at uneven boundaries
		out = append(out, strconv.FormatFloat(math.Ldexp(1, e), 'g', -1, 64))
	}
	return out
}

var intTexts = []string{
	"0", "-0", "+0", "1", "-1", " 12 ", "\t12\n", "1 2", "", " ", "+", "-", "+-1", "1.0", "1e3", "0x10", "1_000", "a", "1a", "32767", "32768", "-32768", "-32769",
	"2147483647", "2147483648", "-2147483648", "-2147483649", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
	"99999999999999999999999", "000000000000000000000000000012", "99999999999x", " 99999999999 ",
}

var boolTexts = []string{
	"t", "T", "tr", "tru", "true", "TRUE", "truex", "f", "fa", "false", "y", "ye", "yes", "n", "no", "o", "on", "ON", "of", "off", "offx", "1", "0", "10", "", " ", " t ", "\ttrue\n", "2", "nope",
}

func parseInt(t datum.Type) func([]string) string {
	return func(args []string) string {
		v, err := datum.ParseInt([]byte(args[0]), t)
		return answer(v, err, intText)
	}
}

func floatToInt(t datum.Type) func([]string) string {
	return func(args []string) string {
		f, err := datum.ParseFloat([]byte(args[0]), datum.Float8)
		if err != nil {
			return failure(err)
		}
		v, err := datum.FloatToInt(f, t)
		return answer(v, err, intText)
	}
}

var scalarOperations = []operation{
	{
		name: "float8", sql: "{1}::float8", args: func() [][]string { return each(append(randomFloats(64), floatTexts...)) },
		run: func(args []string) string {
			f, err := datum.ParseFloat([]byte(args[0]), datum.Float8)
			return answer(f, err, float8Text)
		},
	},
	{
		name: "float4", sql: "{1}::float4", args: func() [][]string { return each(append(randomFloats(32), floatTexts...)) },
		run: func(args []string) string {
			f, err := datum.ParseFloat([]byte(args[0]), datum.Float4)
			return answer(f, err, float4Text)
		},
	},
	{
		name: "float8.numeric", sql: "{1}::float8::numeric", args: func() [][]string { return each(append(randomFloats(64), floatTexts...)) },
		run: func(args []string) string {
			f, err := datum.ParseFloat([]byte(args[0]), datum.Float8)
			if err != nil {
				return failure(err)
			}
			d, err := datum.DecimalFromFloat(f, 64)
			return answer(d, err, datum.Decimal.String)
		},
	},
	{
		name: "float4.numeric", sql: "{1}::float4::numeric", args: func() [][]string { return each(append(randomFloats(32), floatTexts...)) },
		run: func(args []string) string {
			f, err := datum.ParseFloat([]byte(args[0]), datum.Float4)
			if err != nil {
				return failure(err)
			}
			d, err := datum.DecimalFromFloat(f, 32)
			return answer(d, err, datum.Decimal.String)
		},
	},
	{name: "float8.cmp", sql: "btfloat8cmp({1}, {2})", args: func() [][]string {
		few := []string{"0", "-0", "1", "-1", "NaN", "Infinity", "-Infinity", "1e-300"}
		return cross(few, few)
	}, run: func(args []string) string {
		a, _ := datum.ParseFloat([]byte(args[0]), datum.Float8)
		b, _ := datum.ParseFloat([]byte(args[1]), datum.Float8)
		return strconv.Itoa(datum.CompareFloat(a, b))
	}},
	{name: "float8.int2", sql: "{1}::float8::int2", args: func() [][]string { return each(floatTexts) }, run: floatToInt(datum.Int2)},
	{name: "float8.int4", sql: "{1}::float8::int4", args: func() [][]string { return each(floatTexts) }, run: floatToInt(datum.Int4)},
	{name: "float8.int8", sql: "{1}::float8::int8", args: func() [][]string { return each(floatTexts) }, run: floatToInt(datum.Int8)},
	{name: "int2", sql: "{1}::int2", args: func() [][]string { return each(intTexts) }, run: parseInt(datum.Int2)},
	{name: "int4", sql: "{1}::int4", args: func() [][]string { return each(intTexts) }, run: parseInt(datum.Int4)},
	{name: "int8", sql: "{1}::int8", args: func() [][]string { return each(intTexts) }, run: parseInt(datum.Int8)},
	{
		name: "bool", sql: "{1}::bool", args: func() [][]string { return each(boolTexts) },
		run: func(args []string) string {
			b, err := datum.ParseBool([]byte(args[0]))
			return answer(b, err, func(b bool) string { return string(datum.AppendBoolText(nil, b)) })
		},
	},
}
