// Package specimen makes vectors of every type for the tests of the aggregation
// core: NULLs, extremes, empty values and values that collide. Nothing but
// tests imports it. Chance comes from the caller, so that a seed repeats a run.
package specimen

import (
	"fmt"
	"math"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// Intn returns a number in [0, n), as rand.Rand's method does.
type Intn func(n int) int

// Vector returns rows values of a type. Every eighth is NULL, every fourth
// extreme; the others come from a small range, so that they collide.
func Vector(chance Intn, t datum.Type, rows int) *column.Vector {
	return random(chance, t, rows, true)
}

// Tame returns values as Vector does whose sums are exact and within the
// type's range in whatever order they are added.
func Tame(chance Intn, t datum.Type, rows int) *column.Vector {
	return random(chance, t, rows, false)
}

// few is how many different values there are of types that are made from texts.
const few = 24

func random(chance Intn, t datum.Type, rows int, wild bool) *column.Vector {
	v := column.New(t)
	var some [][]byte // of the types whose texts take long to read
	for range rows {
		if chance(8) == 0 {
			v.AppendNull()
			continue
		}
		extreme := chance(4) == 0
		switch physical := t.Physical(); {
		case physical == datum.PhysInt:
			v.AppendInt(integer(chance, t, extreme))
		case physical == datum.PhysFloat:
			v.AppendFloat(float(chance, t, extreme, wild))
		case physical == datum.PhysInterval:
			v.AppendSpan(span(chance, extreme && wild))
		case len(some) == few:
			v.AppendBytes(some[chance(few)])
		default:
			value := bytes(chance, t, extreme)
			v.AppendBytes(value)
			if t != datum.Text && t != datum.Numeric {
				some = append(some, value)
			}
		}
	}
	return v
}

func integer(chance Intn, t datum.Type, extreme bool) int64 {
	least, greatest := int64(math.MinInt64), int64(math.MaxInt64)
	switch t {
	case datum.Bool:
		return int64(chance(2))
	case datum.Int2:
		least, greatest = math.MinInt16, math.MaxInt16
	case datum.Int4, datum.Date:
		least, greatest = math.MinInt32, math.MaxInt32
	case datum.Time:
		if extreme {
			return pick[int64](chance, 0, 1, 86_400_000_000, 86_399_999_999)
		}
		return int64(chance(20)) * 1_000_000
	}
	if extreme {
		return pick(chance, least, least+1, greatest, greatest-1, 0)
	}
	return int64(chance(20) - 10)
}

func float(chance Intn, t datum.Type, extreme, wild bool) float64 {
	inf := math.Inf(1)
	switch {
	case extreme && wild && t == datum.Float4:
		return pick(chance, inf, -inf, math.NaN(), math.Copysign(0, -1), 0, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32)
	case extreme && wild:
		return pick(chance, inf, -inf, math.NaN(), math.Copysign(0, -1), 0, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64)
	case extreme:
		return pick(chance, inf, -inf, math.NaN(), math.Copysign(0, -1), 0, 1<<20, -(1 << 20))
	}
	return float64(chance(64)-32) / 8
}

func span(chance Intn, extreme bool) datum.Span {
	if extreme {
		return datum.Span{
			Months: pick[int32](chance, math.MinInt32+1, math.MaxInt32-1, 0),
			Days:   pick[int32](chance, math.MinInt32+1, math.MaxInt32-1, 0),
			Micros: pick[int64](chance, math.MinInt64+1, math.MaxInt64-1, 0),
		}
	}
	const day = 24 * 3600 * 1e6
	return datum.Span{
		Months: int32(chance(3) - 1), Days: pick[int32](chance, 0, 1, -1, 30, -30),
		Micros: pick[int64](chance, 0, day, -day, 1),
	}
}

func bytes(chance Intn, t datum.Type, extreme bool) []byte {
	switch {
	case t == datum.Numeric:
		return numeric(chance, extreme)
	case t != datum.Text:
		return others(chance, t)
	}
	if extreme {
		return []byte(pick(chance, "", "\x01", "\U0010FFFF", "ÿ", string(repeated(chance(500)))))
	}
	return fmt.Appendf(nil, "%c", 'a'+rune(chance(20)))
}

func numeric(chance Intn, extreme bool) []byte {
	text := fmt.Sprintf("%d.%0*d", chance(20)-10, 1+chance(4), chance(10))
	if extreme {
		text = pick(chance, "0", "0.000", "1.0", "1.00", "-1e-300", "1e300", "-1e300", "9223372036854775808",
			"170141183460469231731687303715884105727", "-170141183460469231731687303715884105728",
			"99999999999999999999999999999999999999.99999", "NaN", "Infinity", "-Infinity")
	}
	d, err := datum.ParseDecimal([]byte(text))
	if err != nil {
		panic(err)
	}
	return datum.AppendDecimal(nil, d)
}

func repeated(n int) []byte {
	b := append([]byte(nil), "z"...)
	for len(b) < n {
		b = append(b, b...)
	}
	return b
}

func pick[T any](chance Intn, of ...T) T { return of[chance(len(of))] }

// Key returns the canonical form of a row: equal where PostgreSQL's = or a pair
// of NULLs holds; of types without one the bytes.
func Key(v *column.Vector, row int) string {
	switch {
	case v.IsNull(row):
		return string(datum.AppendKeyNull(nil))
	case v.Type.HasKey():
		return string(datum.AppendKeyValue(nil, v.Type, v.Value(nil, row)))
	}
	return string(datum.AppendKeyText(nil, v.Bytes(row)))
}

// Look returns a row as its bits: equal only where the values look the same.
func Look(v *column.Vector, row int) string {
	if v.IsNull(row) {
		return "NULL"
	}
	switch v.Type.Physical() {
	case datum.PhysInt:
		return fmt.Sprint(v.Ints[row])
	case datum.PhysFloat:
		if math.IsNaN(v.Floats[row]) {
			return "NaN"
		}
		return fmt.Sprintf("%x", math.Float64bits(v.Floats[row]))
	case datum.PhysInterval:
		return fmt.Sprint(v.Spans[row])
	}
	return fmt.Sprintf("%x", v.Bytes(row))
}
