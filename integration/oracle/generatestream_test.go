package oracle

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
)

// generatedObjects are what generated views use besides their stream.
const generatedObjects = `objects generated
	CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
	CREATE DOMAIN percent AS integer CHECK (VALUE BETWEEN 0 AND 100);
	CREATE FUNCTION twice(integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1::bigint * 2';
	CREATE FUNCTION shout(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS 'BEGIN RETURN t || ''!''; END';
	CREATE TABLE town (town_key integer, town_name text, town_weight numeric);
	INSERT INTO town VALUES (0, 'zero', 0.5), (1, 'one', 1.5), (1, 'uno', 10), (2, NULL, 2.25), (3, 'three', NULL), (NULL, 'none', 7), (-2, 'minus', -2);
`

// generatedColumn is a column that a generated stream may have.
type generatedColumn struct {
	name, sql string
	of        datum.Type // of its plain reference; Invalid for those that only stand alone
	value     func(g *generator) string
}

// generatedColumns are of all types. Texts have letters of which none has a case
// beyond ASCII; floats are sums of few powers of two, so that no sum rounds.
func generatedColumns() []generatedColumn {
	from := func(list ...string) func(*generator) string {
		return func(g *generator) string { return pick(g, list...) }
	}
	number := func(least, span int, extremes ...string) func(*generator) string {
		return func(g *generator) string {
			if len(extremes) > 0 && g.rng.IntN(12) == 0 {
				return pick(g, extremes...)
			}
			return fmt.Sprint(g.rng.IntN(span) + least)
		}
	}
	eighths := func(g *generator) string {
		if g.rng.IntN(15) == 0 {
			return pick(g, `"NaN"`, `"Infinity"`, `"-Infinity"`, "-0.0", "0")
		}
		return fmt.Sprint(float64(g.rng.IntN(100)-50) / 8)
	}
	timed := func(typ string, extremes ...string) func(*generator) string {
		return func(g *generator) string {
			if g.rng.IntN(12) == 0 {
				return pick(g, extremes...)
			}
			value, _ := g.time(typ, false)
			return value
		}
	}
	letters := from(`"a"`, `"b"`, `"B"`, `"Ab c"`, `""`, `" x "`, `"日本"`, `"😀"`, `"12"`, `"-7.5"`, `"true"`, `"%_\\"`, `"a,b,,c"`, `"sad"`, `"2021-03-04"`)
	documents := from(`{"a": 1, "b": [1, 2]}`, `{"b": [1, 2], "a": 1.0}`, `{}`, `[]`, `[1, "x", null]`, `"text"`, `1.50`, `true`, `{"a": {"c": "d"}}`, `{"a": "x", "a": null}`)
	return []generatedColumn{
		{"b", "boolean", datum.Bool, from("true", "false", `"yes"`, `"f"`)},
		{"i2", "smallint", datum.Int2, number(-6, 12, "32767", "-32768")},
		{"i4", "integer", datum.Int4, number(-20, 40, "2147483647", "-2147483648")},
		{"j4", "integer DEFAULT 7", datum.Int4, number(-3, 7)},
		{"i8", "bigint", datum.Int8, number(-20, 40, "9223372036854775807", "-9223372036854775808", "4294967296")},
		{"f4", "real", datum.Float4, eighths},
		{"f8", "double precision", datum.Float8, eighths},
		{"fw", "double precision", datum.Float8, from("1e300", "-1e-300", "0.1", `"NaN"`, "3.5", "1e15", "123456.789", "2.5", "-0.0")},
		{"n", "numeric", datum.Numeric, from("1", "1.0", "1.00", "-2.5", "0", "99999999999999999999.5", `"NaN"`, "1e20", "-0.0001", "12.345", "7", "-7")},
		{"m", "numeric(12,2)", datum.Numeric, number(-500, 1000)},
		{"t", "text", datum.Text, letters},
		{"u", "text", datum.Text, letters},
		{"v", "varchar(5)", datum.Invalid, from(`"a"`, `"b"`, `"abcde"`, `"日本"`, `""`, `"x  "`)},
		{"c", "character(4)", datum.Invalid, from(`"a"`, `"ab"`, `"a   "`, `""`, `"日本"`)},
		{"d", "date", datum.Date, timed("date", `"infinity"`, `"-infinity"`, `"2000-02-29"`, `"0044-03-15 BC"`)},
		{"tm", "time", datum.Time, from(`"00:00:00"`, `"23:59:59.999999"`, `"12:30"`, `"24:00:00"`, `"01:02:03.5"`)},
		{"ts", "timestamp", datum.Timestamp, timed("timestamp", `"infinity"`, `"-infinity"`, `"2021-03-14 02:30:00"`, `"1969-12-31 23:59:59.999999"`)},
		{"tz", "timestamptz", datum.TimestampTZ, timed("timestamptz", `"infinity"`, `"-infinity"`, `"2021-11-07 01:30:00-05"`, `"2021-03-14 02:30:00"`)},
		{"iv", "interval", datum.Interval, from(`"1 mon"`, `"30 days"`, `"720:00:00"`, `"-1 mon +30 days"`, `"0"`, `"1 day"`, `"24:00:00"`, `"1 year 2 mons 3 days 04:05:06.7"`, `"-00:00:01"`)},
		{"y", "bytea", datum.Bytea, from(`"\\x"`, `"\\xdeadbeef"`, `"\\x00"`, `"abc"`, `"\\x616263"`)},
		{"uu", "uuid", datum.UUID, from(`"00000000-0000-0000-0000-000000000000"`, `"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"`, `"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"`, `"ffffffff-ffff-ffff-ffff-ffffffffffff"`)},
		{"js", "json", datum.JSON, documents},
		{"jb", "jsonb", datum.JSONB, documents},
		{"ip", "inet", datum.Inet, from(`"10.0.0.1"`, `"10.0.0.1/8"`, `"10.0.0.0/8"`, `"::1"`, `"2001:db8::/32"`)},
		{"ci", "cidr", datum.Cidr, from(`"10.0.0.0/8"`, `"10.1.0.0/16"`, `"2001:db8::/32"`)},
		{"e", "mood", datum.Invalid, from(`"sad"`, `"ok"`, `"happy"`)},
		{"p", "percent", datum.Invalid, from("0", "50", "100")},
		{"ai", "integer[]", datum.ArrayOf(datum.Int4), from(`[1, 2, 3]`, `[]`, `[null, 1]`, `"[0:1]={5,6}"`, `[[1, 2], [3, 4]]`, `"{1,2,3}"`)},
		{"at", "text[]", datum.ArrayOf(datum.Text), from(`["a", "b"]`, `[]`, `["a", null]`, `"{x,\"y z\"}"`)},
	}
}

// generateStream writes the script of a stream of most of these types, and of its
// rows: NULLs, missing fields and doubles are among them.
func generateStream(seed uint64, name string, rows int) (script string, columns []generatedColumn) {
	g := &generator{rng: rand.New(rand.NewPCG(seed, 7))}
	columns = slices.DeleteFunc(generatedColumns(), func(generatedColumn) bool { return g.rng.IntN(5) == 0 })
	var b strings.Builder
	fmt.Fprintf(&b, "stream %s\n\tid integer", name)
	for _, c := range columns {
		fmt.Fprintf(&b, ",\n\t%s %s", c.name, c.sql)
	}
	fmt.Fprintf(&b, "\n\nrows %s\n", name)
	last := ""
	for id := range rows {
		if id == 0 || g.rng.IntN(10) > 0 { // else the same values again
			last = ""
			for _, c := range columns {
				switch g.rng.IntN(16) {
				case 0:
				case 1:
					last += fmt.Sprintf(", %q: null", c.name)
				default:
					last += fmt.Sprintf(", %q: %s", c.name, c.value(g))
				}
			}
		}
		fmt.Fprintf(&b, "\t{\"id\": %d%s}\n", id, last)
	}
	return b.String(), columns
}
