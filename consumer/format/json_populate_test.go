package format_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/consumer/format"
	"github.com/millrace/millrace/topology"
)

var update = flag.Bool("update", false,
	"ask the PostgreSQL at MILLRACE_TEST_DATABASE_URL for testdata/populate.golden again")

const populateGolden = "testdata/populate.golden"

// populateZone is the TimeZone of the golden file: one with a summer time.
const populateZone = "Europe/Berlin"

// populateTypes are the columns that every value is put into.
var populateTypes = []struct {
	sql    string
	of     datum.Type
	typmod int32
}{
	{"boolean", datum.Bool, -1},
	{"smallint", datum.Int2, -1},
	{"integer", datum.Int4, -1},
	{"bigint", datum.Int8, -1},
	{"real", datum.Float4, -1},
	{"double precision", datum.Float8, -1},
	{"numeric", datum.Numeric, -1},
	{"numeric(5,2)", datum.Numeric, 5<<16 | 2 + 4},
	{"numeric(3,-2)", datum.Numeric, (3<<16 | (-2 & 0x7FF)) + 4},
	{"text", datum.Text, -1},
	{"varchar(3)", datum.Text, 3 + 4},
	{"date", datum.Date, -1},
	{"timestamp", datum.Timestamp, -1},
	{"timestamp(2)", datum.Timestamp, 2},
	{"timestamptz", datum.TimestampTZ, -1},
	{"timestamptz(0)", datum.TimestampTZ, 0},
	{"interval", datum.Interval, -1},
	{"interval(1)", datum.Interval, 0x7FFF<<16 | 1},
	{"bytea", datum.Bytea, -1},
	{"char(3)", datum.Bpchar, 3 + 4},
	{"bpchar", datum.Bpchar, -1},
	{"time", datum.Time, -1},
	{"time(2)", datum.Time, 2},
	{"uuid", datum.UUID, -1},
	{"json", datum.JSON, -1},
	{"jsonb", datum.JSONB, -1},
	{"inet", datum.Inet, -1},
	{"cidr", datum.Cidr, -1},
	{"mood", datum.Enum, -1},
	{"mood[]", datum.ArrayOf(datum.Enum), -1},
	{"int[]", datum.ArrayOf(datum.Int4), -1},
	{"text[]", datum.ArrayOf(datum.Text), -1},
	{"varchar(3)[]", datum.ArrayOf(datum.Text), 3 + 4},
	{"numeric(5,2)[]", datum.ArrayOf(datum.Numeric), 5<<16 | 2 + 4},
	{"jsonb[]", datum.ArrayOf(datum.JSONB), -1},
	{"timestamptz[]", datum.ArrayOf(datum.TimestampTZ), -1},
	{"bool[]", datum.ArrayOf(datum.Bool), -1},
	{"inet[]", datum.ArrayOf(datum.Inet), -1},
}

// populateEnum is the type mood.
var populateEnum = &topology.Enum{Name: "mood", Labels: []string{"sad", "ok", "abc", "1"}}

// populateValues are JSON values; each is tried in each type.
var populateValues = strings.Split(strings.TrimSpace(`
null
true
false
0
-0
1
-1
12
127
255
12.5
-12.345
0.1
0.30000000000000004
1e3
1E-3
-2.5e+2
1e40
1e400
1e-400
32767
32768
-32768
-32769
2147483647
2147483648
-2147483648
-2147483649
9223372036854775807
9223372036854775808
-9223372036854775808
-9223372036854775809
999999999999999999
123456789012345678901234567890
16777217
16777217.0000001
0.000000000000001
3.4028236e38
99999
999.994
999.995
99949
99950
20010203
""
" "
"   "
"t"
"f"
" TRUE "
"yes"
"of"
"o"
"1"
" 42 "
"4 2"
"+7"
"007"
"1_000"
"0x10"
"1e3"
"12.5"
".5"
"5."
"NaN"
"-Infinity"
"inf"
"infinity"
"abc"
"abc   "
"abcd"
"äöü"
"äöüß"
"äöü "
"😀"
"a\tb\n"
"\u0041\u00e9\ud83d\ude00"
"\"quoted\" \\ \/"
"2001-02-03"
"2001-02-29"
"2000-02-29"
"1900-02-29"
"0001-01-01"
"0000-01-01"
"9999-12-31"
"99999-12-31"
"2001-02-03 04:05:06"
"2001-02-03T04:05:06"
"2001-02-03T04:05:06Z"
"2001-07-03T04:05:06.789Z"
"2001-07-03 04:05:06.789"
"2001-07-03 04:05:06.995"
"1999-07-03 04:05:06.995"
"2001-02-03 04:05:06.7899999"
"2001-02-03 04:05:06+02"
"2001-02-03 04:05:06 -05:30"
"2001-02-03T04:05:06.5+00:00"
"2001-07-03 04:05:06+15:59"
"2001-07-03 04:05:06-16:00"
"2001-07-03 04:05:06+02:60"
"2001-02-03 04:05"
"2001-02-03 24:00:00"
"2001-02-03 24:00:01"
"2001-02-03 23:59:60"
"2001-02-03 23:60:00"
"2001-03-25 02:30:00"
"2001-10-28 02:30:00"
"2001-13-03 04:05:06"
"2001-02-03 04:05:06 BC"
"2001-2-3 4:5:6"
"-infinity"
"1 day"
"1 year 2 mons -3 days 04:05:06.789"
"-00:00:00.05"
"PT36H"
"P1Y2M3DT4H"
"@ 3 hours ago"
"1.5"
[]
[1,"two",null]
{}
"\\xDEADbeef"
"\\x 00 ff"
"\\x0"
"\\xzz"
"a\\001\\\\b"
"a\\9"
"sad"
"SAD"
"ok "
"04:05:06.789"
"04:05"
"040506"
"0405"
"24:00:00"
"24:00:00.01"
"23:59:59.9999999"
"23:59:60"
"12:30 PM"
"12:30 AM"
"13:30 PM"
"04:05:06 PST"
"04:05:06-08:00"
"04:05:06 Europe/Berlin"
"2003-04-12 04:05:06 America/New_York"
"T04:05:06"
"allballs"
"25:00:00"
"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
"{A0EEBC99-9C0B4EF8-BB6D6BB9-BD380A11}"
"a0eebc999c0b4ef8bb6d6bb9bd380a11"
"a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11"
"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1"
"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"
"10.1.2.3"
"10.1.2.3/8"
"10.1/16"
"10"
"10.0.0.0/8"
"10.1.2.3.4"
"10.1.2."
"1.2.3.4."
"256.1.1.1"
"0x0a01"
"192.168.1"
"224.1"
"1.2.3.4/33"
"1.2.3.4/"
"::1"
"::"
"::/0"
"1::2::3"
"2001:db8::/32"
"2001:0DB8:0000:0000:0000:0000:0000:0001"
"::ffff:1.2.3.4"
"::1.2.3.4/96"
"::1/129"
"1:2:3:4:5:6:7:8:9"
":1"
"{1,2,3}"
"{}"
" { 1 , NULL , \"2\" } "
"{{1,2},{3,4}}"
"{{1,2},{3}}"
"[2:3]={5,6}"
"[0:1][-1:0]={{1,2},{3,4}}"
"[1:3]={1}"
"{1,2"
"{1,2}x"
"{a b, \"c\\\"d\", \\{ , null, \"null\"}"
"{1,,2}"
"{true,f}"
"{sad,ok}"
"{sad,mad}"
"{\"{\\\"b\\\":1,\\\"a\\\":2.0}\"}"
[1,2,3]
[1,null,"3"]
[[1,2],[3,4]]
[[1,2],[3]]
[[1,2],3]
[1,[2]]
[[],[]]
[[[1]],[[2]]]
["a","b\u0041\n",{"k": [1, 2]}, true, 1.50]
["abcd"]
["sad","ok"]
["sad","mad"]
["2001-02-03 04:05:06","2001-07-03T04:05:06Z"]
[true,"f",null]
["10.1.2.3","::1/64"]
{"b":1,"a":[1.0,1.00,1e2,-0,-0.0],"aa":{"z":null},"b":"\u00e9\/"}
{"z":1,"y":{"bb":1,"a":2,"bb":3}}
[[[[[[[1]]]]]]]
{ "v" : [1, "\u0041"] }
`), "\n")

func TestJSONPopulatesAsPostgreSQL(t *testing.T) {
	if *update {
		updatePopulate(t)
	}
	golden, err := os.ReadFile(populateGolden)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation(populateZone)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(golden), "\n"), "\n")
	if len(lines) != len(populateTypes)*len(populateValues) {
		t.Fatalf("%d golden lines for %d types and %d values: run with -update", len(lines), len(populateTypes), len(populateValues))
	}
	for _, of := range populateTypes {
		d := format.NewJSON([]format.Field{{Name: "v", Type: of.of, Typmod: of.typmod, Enum: enumOf(of.of)}}, format.Env{Zone: zone})
		var b column.Batch
		d.Begin(&b)
		for _, value := range populateValues {
			var result string
			if err := d.Append(&b, []byte(`{"v":`+value+`}`)); err != nil {
				result = "! " + err.Code + " " + err.Message
				if detail, ok := strings.CutPrefix(err.Detail, `field "v": `); ok {
					result += " / " + detail
				}
			} else {
				result = showIn(b.Columns[0], b.Rows-1, zone)
			}
			if got := populateLine(of.sql, value, result); got != lines[0] {
				t.Errorf("\n got %s\nwant %s", got, lines[0])
			}
			lines = lines[1:]
		}
	}
}

func enumOf(t datum.Type) *topology.Enum {
	if t == datum.Enum || t.Elem() == datum.Enum {
		return populateEnum
	}
	return nil
}

// showIn is show with the values of PostgreSQL's output told from errors.
func showIn(v *column.Vector, row int, zone *time.Location) string {
	switch {
	case v.IsNull(row):
		return "NULL"
	case v.Type == datum.TimestampTZ, v.Type.IsArray():
		return "= " + string(datum.AppendOutput(nil, v.Type, v.Value(nil, row), zone))
	}
	return "= " + show(v, row)
}

func populateLine(typeName, value, result string) string {
	return fmt.Sprintf("%s\t%s\t%s", typeName, value, strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(result))
}

// updatePopulate writes the golden file anew with PostgreSQL's answers.
func updatePopulate(t *testing.T) {
	ctx := t.Context()
	conn := connect(ctx, t)
	settings := "SET TimeZone = '" + populateZone + "'; SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1"
	settings += "; CREATE TYPE pg_temp.mood AS ENUM ('" + strings.Join(populateEnum.Labels, "', '") + "')"
	if _, err := conn.Exec(ctx, settings); err != nil {
		t.Fatal(err)
	}
	var golden strings.Builder
	for i, of := range populateTypes {
		table := fmt.Sprintf("populate_%d", i)
		if _, err := conn.Exec(ctx, fmt.Sprintf("CREATE TEMP TABLE %s (v %s)", table, of.sql)); err != nil {
			t.Fatal(err)
		}
		for _, value := range populateValues {
			// Through output functions: a cast of boolean to text is not one.
			query := fmt.Sprintf("SELECT CASE WHEN v IS NOT NULL THEN format('%%s', v) END FROM json_populate_record(NULL::%s, $1::text::json)", table)
			golden.WriteString(populateLine(of.sql, value, answer(ctx, t, conn, query, `{"v":`+value+`}`)) + "\n")
		}
	}
	if err := os.WriteFile(populateGolden, []byte(golden.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// connect connects to the PostgreSQL that is asked.
func connect(ctx context.Context, t *testing.T) *pgx.Conn {
	url := os.Getenv("MILLRACE_TEST_DATABASE_URL")
	if url == "" {
		t.Fatal("-update needs MILLRACE_TEST_DATABASE_URL")
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(ctx)) })
	return conn
}

// answer is what PostgreSQL gives for a record: NULL, = and its value, or ! and
// its error.
func answer(ctx context.Context, t *testing.T, conn *pgx.Conn, query string, record any) string {
	var text *string
	err := conn.QueryRow(ctx, query, record).Scan(&text)
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused):
		result := "! " + refused.Code + " " + refused.Message
		if refused.Detail != "" {
			result += " / " + refused.Detail
		}
		return result
	case err != nil:
		t.Fatal(err)
	case text == nil:
		return "NULL"
	}
	return "= " + *text
}

// TestJSONRecordsAsPostgreSQL holds the table of records itself against
// PostgreSQL, with -update.
func TestJSONRecordsAsPostgreSQL(t *testing.T) {
	if !*update {
		t.Skip("asks PostgreSQL only with -update")
	}
	ctx := t.Context()
	conn := connect(ctx, t)
	if _, err := conn.Exec(ctx, "CREATE TEMP TABLE records (a integer, t text, f double precision)"); err != nil {
		t.Fatal(err)
	}
	const query = "SELECT concat_ws('|', coalesce(a::text, 'NULL'), coalesce(t, 'NULL'), coalesce(f::text, 'NULL'))" +
		" FROM json_populate_record(NULL::records, convert_from($1::bytea, 'UTF8')::json)"
	place := regexp.MustCompile(`,? at byte offset \d+\.?$| / At byte offset \d+\.$| / field "\w+"$`)
	for _, c := range recordCases {
		theirs := strings.TrimSuffix(strings.TrimLeft(answer(ctx, t, conn, query, []byte(c.record)), "!= "), ".")
		ours := strings.TrimSuffix(place.ReplaceAllString(c.want, ""), ".")
		if same := theirs == ours; same != (c.differs == "") {
			t.Errorf("%.60q: differs %q\n      ours %s\nPostgreSQL %s", c.record, c.differs, ours, theirs)
		}
	}
}
