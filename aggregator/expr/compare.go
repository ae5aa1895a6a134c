package expr

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// comparison is a family of six comparison functions over two types.
type comparison struct {
	name   string // with %s for the operator's name
	a, b   datum.Type
	kernel func(op compareOp) kernel
	oids   [6]uint32 // = <> < <= > >=
	ints   bool      // kernel is compareInts
}

// compareOp is the place of an operator in comparison.oids.
type compareOp uint8

const (
	opEQ compareOp = iota
	opNE
	opLT
	opLE
	opGT
	opGE
)

var compareNames = [...]string{opEQ: "eq", opNE: "ne", opLT: "lt", opLE: "le", opGT: "gt", opGE: "ge"}

// holds reports whether the operator holds for the sign of a comparison.
func (op compareOp) holds(sign int) bool {
	switch op {
	case opEQ:
		return sign == 0
	case opNE:
		return sign != 0
	case opLT:
		return sign < 0
	case opLE:
		return sign <= 0
	case opGT:
		return sign > 0
	default:
		return sign >= 0
	}
}

func comparisons() []function {
	var table []function
	for _, f := range []comparison{
		{"bool%s", datum.Bool, datum.Bool, compareInts, [6]uint32{60, 84, 56, 1691, 57, 1692}, true},
		{"int2%s", datum.Int2, datum.Int2, compareInts, [6]uint32{63, 145, 64, 148, 146, 151}, true},
		{"int4%s", datum.Int4, datum.Int4, compareInts, [6]uint32{65, 144, 66, 149, 147, 150}, true},
		{"int8%s", datum.Int8, datum.Int8, compareInts, [6]uint32{467, 468, 469, 471, 470, 472}, true},
		{"int24%s", datum.Int2, datum.Int4, compareInts, [6]uint32{158, 164, 160, 166, 162, 168}, true},
		{"int28%s", datum.Int2, datum.Int8, compareInts, [6]uint32{1850, 1851, 1852, 1854, 1853, 1855}, true},
		{"int42%s", datum.Int4, datum.Int2, compareInts, [6]uint32{159, 165, 161, 167, 163, 169}, true},
		{"int48%s", datum.Int4, datum.Int8, compareInts, [6]uint32{852, 853, 854, 856, 855, 857}, true},
		{"int82%s", datum.Int8, datum.Int2, compareInts, [6]uint32{1856, 1857, 1858, 1860, 1859, 1861}, true},
		{"int84%s", datum.Int8, datum.Int4, compareInts, [6]uint32{474, 475, 476, 478, 477, 479}, true},
		{"float4%s", datum.Float4, datum.Float4, compareFloats, [6]uint32{287, 288, 289, 290, 291, 292}, false},
		{"float8%s", datum.Float8, datum.Float8, compareFloats, [6]uint32{293, 294, 295, 296, 297, 298}, false},
		{"float48%s", datum.Float4, datum.Float8, compareFloats, [6]uint32{299, 300, 301, 302, 303, 304}, false},
		{"float84%s", datum.Float8, datum.Float4, compareFloats, [6]uint32{305, 306, 307, 308, 309, 310}, false},
		{"numeric_%s", datum.Numeric, datum.Numeric, compareNumerics, [6]uint32{1718, 1719, 1722, 1723, 1720, 1721}, false},
		{"interval_%s", datum.Interval, datum.Interval, compareSpans, [6]uint32{1162, 1163, 1164, 1165, 1167, 1166}, false},
		{"date_%s", datum.Date, datum.Date, compareInts, [6]uint32{1086, 1091, 1087, 1088, 1089, 1090}, true},
		{"timestamp_%s", datum.Timestamp, datum.Timestamp, compareInts, [6]uint32{2052, 2053, 2054, 2055, 2057, 2056}, true},
		{"timestamptz_%s", datum.TimestampTZ, datum.TimestampTZ, compareInts, [6]uint32{1152, 1153, 1154, 1155, 1157, 1156}, true},
		{"time_%s", datum.Time, datum.Time, compareInts, [6]uint32{1145, 1106, 1102, 1103, 1104, 1105}, true},
		{"uuid_%s", datum.UUID, datum.UUID, compareTexts, [6]uint32{2956, 2959, 2954, 2955, 2958, 2957}, false},
		{"bytea%s", datum.Bytea, datum.Bytea, compareTexts, [6]uint32{1948, 1953, 1949, 1950, 1951, 1952}, false},
		{"bpchar%s", datum.Bpchar, datum.Bpchar, compareBytes(datum.Bpchar), [6]uint32{1048, 1053, 1049, 1050, 1051, 1052}, false},
		{"jsonb_%s", datum.JSONB, datum.JSONB, compareBytes(datum.JSONB), [6]uint32{4043, 4038, 4039, 4041, 4040, 4042}, false},
		{"network_%s", datum.Inet, datum.Inet, compareBytes(datum.Inet), [6]uint32{920, 925, 921, 922, 923, 924}, false},
		{"date_%s_timestamp", datum.Date, datum.Timestamp, compareTimes(dateAsTimestamp, false), [6]uint32{2340, 2343, 2338, 2339, 2341, 2342}, false},
		{"date_%s_timestamptz", datum.Date, datum.TimestampTZ, compareTimes(datum.DateToTimestampTZ, false), [6]uint32{2353, 2356, 2351, 2352, 2354, 2355}, false},
		{"timestamp_%s_date", datum.Timestamp, datum.Date, compareTimes(dateAsTimestamp, true), [6]uint32{2366, 2369, 2364, 2365, 2367, 2368}, false},
		{"timestamptz_%s_date", datum.TimestampTZ, datum.Date, compareTimes(datum.DateToTimestampTZ, true), [6]uint32{2379, 2382, 2377, 2378, 2380, 2381}, false},
		{"timestamp_%s_timestamptz", datum.Timestamp, datum.TimestampTZ, compareTimes(datum.TimestampToTimestampTZ, false), [6]uint32{2522, 2525, 2520, 2521, 2523, 2524}, false},
		{"timestamptz_%s_timestamp", datum.TimestampTZ, datum.Timestamp, compareTimes(datum.TimestampToTimestampTZ, true), [6]uint32{2529, 2532, 2527, 2528, 2530, 2531}, false},
	} {
		for op, oid := range f.oids {
			name := fmt.Sprintf(f.name, compareNames[op])
			table = append(table, function{
				oid: oid, name: name, args: takes(f.a, f.b), result: datum.Bool, kernel: f.kernel(compareOp(op)),
				comparesInts: f.ints, op: compareOp(op),
			})
		}
	}
	return slices.Concat(table, textComparisons(), arrayComparisons(), enumComparisons())
}

// textComparisons are apart since their names follow no pattern, and since
// text_pattern_ops has the same ones again.
func textComparisons() []function {
	two := takes(datum.Text, datum.Text)
	return []function{
		{oid: 67, name: "texteq", args: two, result: datum.Bool, kernel: compareTexts(opEQ)},
		{oid: 157, name: "textne", args: two, result: datum.Bool, kernel: compareTexts(opNE)},
		{oid: 740, name: "text_lt", args: two, result: datum.Bool, kernel: compareTexts(opLT)},
		{oid: 741, name: "text_le", args: two, result: datum.Bool, kernel: compareTexts(opLE)},
		{oid: 742, name: "text_gt", args: two, result: datum.Bool, kernel: compareTexts(opGT)},
		{oid: 743, name: "text_ge", args: two, result: datum.Bool, kernel: compareTexts(opGE)},
		{oid: 2160, name: "text_pattern_lt", args: two, result: datum.Bool, kernel: compareTexts(opLT)},
		{oid: 2161, name: "text_pattern_le", args: two, result: datum.Bool, kernel: compareTexts(opLE)},
		{oid: 2163, name: "text_pattern_ge", args: two, result: datum.Bool, kernel: compareTexts(opGE)},
		{oid: 2164, name: "text_pattern_gt", args: two, result: datum.Bool, kernel: compareTexts(opGT)},
	}
}

// bit is the boolean as it stands in a vector.
func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// compareInts has a loop for each operator: PhysInt, the most frequent of all.
func compareInts(op compareOp) kernel {
	return func(c *call, rows []int32) {
		a, b, out := c.in[0].Ints, c.in[1].Ints, c.out.Ints
		switch op {
		case opEQ:
			for _, r := range rows {
				out[r] = bit(a[r] == b[r])
			}
		case opNE:
			for _, r := range rows {
				out[r] = bit(a[r] != b[r])
			}
		case opLT:
			for _, r := range rows {
				out[r] = bit(a[r] < b[r])
			}
		case opLE:
			for _, r := range rows {
				out[r] = bit(a[r] <= b[r])
			}
		case opGT:
			for _, r := range rows {
				out[r] = bit(a[r] > b[r])
			}
		default:
			for _, r := range rows {
				out[r] = bit(a[r] >= b[r])
			}
		}
	}
}

// compareFloats compares as PostgreSQL does: NaN equals itself and is greater
// than everything else.
func compareFloats(op compareOp) kernel {
	return func(c *call, rows []int32) {
		a, b, out := c.in[0].Floats, c.in[1].Floats, c.out.Ints
		switch op {
		case opEQ:
			for _, r := range rows {
				out[r] = bit(floatEqual(a[r], b[r]))
			}
		case opNE:
			for _, r := range rows {
				out[r] = bit(!floatEqual(a[r], b[r]))
			}
		case opLT:
			for _, r := range rows {
				out[r] = bit(floatLess(a[r], b[r]))
			}
		case opLE:
			for _, r := range rows {
				out[r] = bit(!floatLess(b[r], a[r]))
			}
		case opGT:
			for _, r := range rows {
				out[r] = bit(floatLess(b[r], a[r]))
			}
		default:
			for _, r := range rows {
				out[r] = bit(!floatLess(a[r], b[r]))
			}
		}
	}
}

func floatEqual(a, b float64) bool { return a == b || a != a && b != b }

func floatLess(a, b float64) bool { return a < b || b != b && a == a }

func compareTexts(op compareOp) kernel {
	return func(c *call, rows []int32) {
		a, b, out := c.in[0], c.in[1], c.out.Ints
		switch op {
		case opEQ:
			for _, r := range rows {
				out[r] = bit(sameBytes(a, b, r))
			}
		case opNE:
			for _, r := range rows {
				out[r] = bit(!sameBytes(a, b, r))
			}
		default:
			for _, r := range rows {
				out[r] = bit(op.holds(bytes.Compare(a.Bytes(int(r)), b.Bytes(int(r)))))
			}
		}
	}
}

// sameBytes looks at the lengths first, which mostly differ where texts do.
func sameBytes(a, b *column.Vector, r int32) bool {
	return a.Slices[r].Len == b.Slices[r].Len && bytes.Equal(a.Bytes(int(r)), b.Bytes(int(r)))
}

func compareNumerics(op compareOp) kernel {
	return func(c *call, rows []int32) {
		for _, r := range rows {
			c.out.Ints[r] = bit(op.holds(datum.CompareDecimal(c.in[0].Bytes(int(r)), c.in[1].Bytes(int(r)))))
		}
	}
}

// compareBytes is the comparison of a type with the layout PhysBytes.
func compareBytes(t datum.Type) func(compareOp) kernel {
	compare := datum.CompareBytes(t)
	return func(op compareOp) kernel {
		return func(c *call, rows []int32) {
			for _, r := range rows {
				c.out.Ints[r] = bit(op.holds(compare(c.in[0].Bytes(int(r)), c.in[1].Bytes(int(r)))))
			}
		}
	}
}

func compareSpans(op compareOp) kernel {
	return func(c *call, rows []int32) {
		for _, r := range rows {
			c.out.Ints[r] = bit(op.holds(c.in[0].Spans[r].Cmp(c.in[1].Spans[r])))
		}
	}
}

func dateAsTimestamp(days int64, _ *time.Location) (int64, *datum.Error) {
	return datum.DateToTimestamp(days)
}

// compareTimes compares times of two types after widening one of them: the
// first argument, or the second where flipped. What widens beyond the range of
// timestamps lies beyond every finite one and before the infinities.
func compareTimes(widen func(int64, *time.Location) (int64, *datum.Error), flipped bool) func(compareOp) kernel {
	return func(op compareOp) kernel {
		return func(c *call, rows []int32) {
			narrow, wide, sign := c.in[0].Ints, c.in[1].Ints, 1
			if flipped {
				narrow, wide, sign = wide, narrow, -1
			}
			for _, r := range rows {
				c.out.Ints[r] = bit(op.holds(sign * compareWidened(narrow[r], wide[r], widen, c.env.Zone)))
			}
		}
	}
}

func compareWidened(a, b int64, widen func(int64, *time.Location) (int64, *datum.Error), zone *time.Location) int {
	w, err := widen(a, zone)
	switch {
	case err == nil:
	case a > 0 && b == datum.TimestampInfinity:
		return -1
	case a > 0:
		return 1
	case b == datum.TimestampNegInfinity:
		return 1
	default:
		return -1
	}
	switch {
	case w < b:
		return -1
	case w > b:
		return 1
	}
	return 0
}

// arrayComparisons compare arrays of one type, element by element.
func arrayComparisons() []function {
	var table []function
	for op, oid := range [...]uint32{744, 390, 391, 393, 392, 396} {
		table = append(table, function{
			oid: oid, name: "array_" + compareNames[op], args: takes(datum.Invalid, datum.Invalid), result: datum.Bool,
			bind: func(n *Call) (kernel, bool) {
				of := n.Args[0].Type()
				if of != n.Args[1].Type() || !of.IsArray() || !of.Ordered() {
					return nil, false
				}
				return compareBytes(of)(compareOp(op)), true
			},
		})
	}
	return table
}

// enumComparisons compare labels; the order of an enum stands beside its type.
func enumComparisons() []function {
	two := takes(datum.Enum, datum.Enum)
	return []function{
		{oid: 3508, name: "enum_eq", args: two, result: datum.Bool, kernel: compareTexts(opEQ)},
		{oid: 3509, name: "enum_ne", args: two, result: datum.Bool, kernel: compareTexts(opNE)},
	}
}
