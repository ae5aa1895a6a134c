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
}

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
		d := format.NewJSON([]format.Field{{Name: "v", Type: of.of, Typmod: of.typmod}}, format.Env{Zone: zone})
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

// showIn is show with the values of PostgreSQL's output told from errors.
func showIn(v *column.Vector, row int, zone *time.Location) string {
	switch {
	case v.IsNull(row):
		return "NULL"
	case v.Type == datum.TimestampTZ:
		return "= " + string(datum.AppendTimestampTZ(nil, v.Ints[row], zone))
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
