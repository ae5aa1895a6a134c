package expr

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator/datum"
)

// samples are the interesting values of each type in their text form. NULL is
// always among them.
var samples = map[datum.Type][]string{
	datum.Bool: {"true", "false"},
	datum.Int2: {"0", "1", "-1", "2", "7", "-13", "32767", "-32768", "181", "-182"},
	datum.Int4: {"0", "1", "-1", "2", "7", "-13", "2147483647", "-2147483648", "46341", "-46341", "32767", "-32769", "31", "32"},
	datum.Int8: {
		"0", "1", "-1", "2", "-13", "9223372036854775807", "-9223372036854775808", "3037000500", "-3037000500",
		"2147483648", "-2147483649", "4294967296", "9007199254740993",
	},
	datum.Float4: {
		"0", "-0", "1", "-1", "0.1", "2.5", "-3.5", "3.4028235e38", "-3.4028235e38", "1e-45", "1.1754944e-38",
		"16777216", "NaN", "Infinity", "-Infinity", "32767.5", "2147483648", "-9.223372e18",
	},
	datum.Float8: {
		"0", "-0", "1", "-1", "0.1", "2.5", "-3.5", "1.7976931348623157e308", "-1.7976931348623157e308", "5e-324",
		"2.2250738585072014e-308", "9007199254740993", "NaN", "Infinity", "-Infinity", "32767.5", "2147483647.5",
		"9223372036854775807", "-9223372036854775808", "1e300", "1e-300", "1700000000.123456", "0.5", "3", "-2", "1e-46",
	},
	datum.Numeric: {
		"0", "0.00", "1", "1.00", "-1", "2.5", "-2.5", "0.5", "3", "7", "NaN", "Infinity", "-Infinity", "32767.5", "-32768.5",
		"2147483647.4999", "9223372036854775807.5", "-9223372036854775808", "123456789012345678901234567890.123456789",
		"0.000000000000001", "-99999999999999999999", "1e40", "1e-20", "3.14159265358979", "1e310", "12345.6789",
	},
	datum.Text: {
		"", "a", "abc", "ABC", " abc  ", "Ünïcödé ß", "日本語テキスト", "a%b_c", "abcabc", "b", "c", "cab", "😀x😀", "xyzzy",
		"true", "12", "-7.5", "The quick brown fox jumps over the lazy dog", "\t\n x", "ÄÖÜ", "äöü",
	},
	datum.Date: {
		"2000-01-01", "1999-12-31", "2024-02-29", "1970-01-01", "0001-01-01", "0001-12-31 BC", "4714-11-24 BC", "5874897-12-31",
		"infinity", "-infinity", "2024-03-31", "2024-10-27", "294276-12-31", "294277-01-01", "1582-10-15", "2023-01-01",
	},
	datum.Timestamp: {
		"2000-01-01 00:00:00", "1999-12-31 23:59:59.999999", "2024-02-29 12:34:56.789", "1970-01-01 00:00:00",
		"2024-03-31 02:30:00", "2024-10-27 02:30:00", "infinity", "-infinity", "294276-12-31 23:59:59.999999",
		"4714-11-24 00:00:00 BC", "0044-03-15 10:00:00 BC", "2024-01-31 00:00:00", "1900-06-15 08:00:00.5", "2023-01-01 00:00:00",
	},
	datum.TimestampTZ: {
		"2000-01-01 00:00:00+00", "1999-12-31 23:59:59.999999+00", "2024-02-29 12:34:56.789+05:30", "1970-01-01 00:00:00+00",
		"2024-03-31 00:59:59+00", "2024-03-31 01:00:00+00", "2024-10-27 00:30:00+00", "2024-10-27 01:30:00+00", "infinity", "-infinity",
		"294276-12-31 23:59:59.999999+00", "4714-11-24 00:00:00+00 BC", "1890-06-15 08:00:00+00", "2024-06-30 22:00:00+00", "2023-01-01 00:00:00+01",
	},
	datum.Interval: {
		"00:00:00", "1 mon", "-1 mons", "1 day", "-1 days", "30 days", "720:00:00", "1 year 2 mons 3 days 04:05:06.789",
		"-1 years -2 mons +3 days -04:05:06.789", "00:00:00.000001", "100 years", "178000000 years", "-178000000 years",
		"2147483647 days", "-2147483648 days", "2562047788:00:54.775807", "13 mons 40 days 25:00:00", "15 days", "00:15:00", "-00:20:00",
	},
}

// newSamples are those of the types that came later.
func newSamples() map[datum.Type][]string {
	return map[datum.Type][]string{
		datum.Bytea:  {`\x`, `\x00`, `\xff`, `\x6162`, `\x616263`, `\x20616220`, `\x0001fe`},
		datum.Bpchar: {"", "a", "a  ", "abc", "ABC   ", "Ü ", "b"},
		datum.Time:   {"00:00:00", "24:00:00", "23:59:59.999999", "00:00:00.000001", "12:34:56.789", "08:00:00"},
		datum.UUID:   {"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		datum.JSON: {
			"null", " true", "0", `""`, "{}", "[]", ` {"a" : 1 , "a":[1, {"b":"x"}]}`, `"\u0041\n"`, `[1, [2], {"a":null}]`, "-0", "1e5", `"a"`,
		},
		datum.JSONB: {
			"null", "true", "0", `""`, "{}", "[]", `{"a":1,"b":[1,{"b":"x"}]}`, `[1,[2],{"a":null},"a"]`, "-7", "1e5", "1.0", "1.00", `"a"`,
			`{"a":1}`, `[1]`, `{"b":[1]}`, "32768", "3e9",
		},
		datum.Inet:                 {"0.0.0.0/0", "255.255.255.255", "127.0.0.1", "::", "::1", "10.1.2.3/8", "10.0.0.0/8", "2001:db8::1/32", "10.1.0.0/16"},
		datum.Cidr:                 {"0.0.0.0/0", "255.255.255.255/32", "10.0.0.0/8", "::/0", "2001:db8::/32"},
		datum.ArrayOf(datum.Int4):  {"{}", "{1}", "{1,2,3}", "{NULL,2}", "{{1,2},{3,4}}", "[0:1]={7,8}", "{3,2,1}", "{1,1}"},
		datum.ArrayOf(datum.Text):  {"{}", "{a}", "{a,b}", "{NULL}", "{b,1,b}", `{"x y","","NULL"}`, "{{a,b},{c,d}}", "{0}", "{-1}", "{1,0}"},
		datum.ArrayOf(datum.JSONB): {"{}"},
	}
}

// fieldNames are arguments of date_trunc, date_part and extract.
var fieldNames = []string{
	"microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "century",
	"millennium", "epoch", "dow", "isodow", "doy", "isoyear", "julian", "timezone", "timezone_hour", "timezone_minute",
	"Hour", "DAYS", "y", "bogus", "",
}

var zoneNames = []string{"Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC", "Australia/Lord_Howe"}

// special are samples of certain arguments, by function and place.
// factors multiply and divide intervals.
var factors = []string{
	"0", "1", "-1", "0.1", "2.5", "-3.5", "3", "0.5", "1e300", "1e-300", "NaN", "Infinity", "-Infinity", "1e6", "0.333333333", "30", "1e10",
}

var special = specialArguments()

func specialArguments() map[uint32]map[int][]string {
	special := map[uint32]map[int][]string{
		1703: {1: {"-1", "327686", "655366", "196608", "131078", "65540", "262144", "2621448", "131076", "133122", "65541"}}, // numeric(p,s)
		669:  {1: {"-1", "4", "5", "7", "9", "14"}},
		1961: {1: {"-1", "0", "1", "3", "5", "6", "7"}},
		1967: {1: {"-1", "0", "1", "3", "5", "6", "7"}},
		1200: {1: {"-1", "2147418115", "2147418112", "327679", "196607", "458751", "589823", "67174399", "67698687", "201392127", "201916415", "470351871", "268435459", "402718719", "469762050", "134283263"}},
		1707: {1: {"0", "1", "2", "-1", "-3", "10", "-40", "50", "3000", "-3000"}},
		1709: {1: {"0", "1", "2", "-1", "-3", "10", "-40", "50", "3000", "-3000"}},
		2088: {1: {"b", "", "a", "ab", "%", "zz"}, 2: {"1", "2", "-1", "-2", "0", "3", "-3"}},
		3060: {1: {"0", "1", "2", "-1", "-3", "100", "-100", "2147483647", "-2147483647"}},
		3061: {1: {"0", "1", "2", "-1", "-3", "100", "-100", "2147483647", "-2147483647"}},
		877:  {1: {"0", "1", "2", "-1", "-3", "100", "2147483647", "-2147483648"}, 2: {"0", "1", "3", "5", "-1", "2147483647"}},
		936:  {1: {"0", "1", "2", "-1", "-3", "100", "2147483647", "-2147483648"}, 2: {"0", "1", "3", "5", "-1", "2147483647"}},
		1347: {0: {"0", "1", "-1", "709.5", "710", "-745", "-746", "NaN", "Infinity", "-Infinity", "0.001", "20.5", "-3.25"}},
		3846: {
			0: {"2024", "2023", "1900", "2000", "0", "1", "-1", "-4", "-44", "-4714", "-4715", "5874897", "5874898", "2147483647", "-2147483648"},
			1: {"1", "2", "2", "12", "0", "13", "-1", "4", "11"}, 2: {"1", "28", "29", "30", "31", "0", "32", "-1", "24"},
		},
		1618: {1: factors},
		1624: {0: factors},
		1326: {1: factors},
		878:  {1: {"abc", "", "aé", "日本", "xyz", "aab"}, 2: {"", "x", "1234", "日本語", "xyz"}},
		1621: {0: {"65", "0", "-1", "955", "128512", "1114111", "1114112", "55296", "127", "2147483647"}},
		873:  {1: {"0", "3", "-1", "10", "6"}, 2: {"", "x", "日本", "abc"}},
		874:  {1: {"0", "3", "-1", "10", "6"}, 2: {"", "x", "日本", "abc"}},
		879:  {1: {"0", "3", "-1", "10", "6"}},
		880:  {1: {"0", "3", "-1", "10", "6"}},
		1284: {2: zoneNames},
		1159: {0: zoneNames},
		2069: {0: zoneNames},
	}
	patterns := []string{"", "%", "a%", "%c", "%b%", "a_c", "___", "a\\%b\\_c", "abc", "\\", "%\\", "a%\\", "%ab%c", "日%", "_本%", "%_😀", "%%a", "ABC"}
	for _, oid := range []uint32{850, 851, 1569, 1570, 1633, 1634} {
		special[oid] = map[int][]string{1: patterns}
	}
	special[1637] = map[int][]string{0: {"a#%b", "##", "a\\b", "\\", "#\\", "#", "日%"}, 1: {"#", "\\", "", "ab", "日"}}
	for _, oid := range []uint32{2020, 1217, 1218, 1384, 2021, 1171, 1172, 6199, 6202, 6203, 6204} {
		special[oid] = map[int][]string{0: fieldNames}
	}
	special[1284][0] = fieldNames
	addSpecials(special)
	return special
}

// addSpecials adds those of the functions that came later.
func addSpecials(special map[uint32]map[int][]string) {
	regexes := []string{"a", "^a", "b+$", "[abc]+", "(a|b)c", "", `\d+`, "日", "x*", "A", `\.`, ".", "a{2}"}
	for _, oid := range []uint32{1254, 1256, 1238, 1239, 6263, 1656, 1657, 1658, 1659} {
		special[oid] = map[int][]string{1: regexes}
	}
	special[2284] = map[int][]string{1: regexes, 2: {"", "x", `[\&]`, `\\`}}
	special[2285] = map[int][]string{1: regexes, 2: {"", "x", `[\&]`, `\\`}, 3: {"g", "", "gi", "i"}}
	special[1622] = map[int][]string{1: {"0", "1", "3", "-1", "40"}}
	special[668] = map[int][]string{1: {"-1", "5", "6", "9", "24"}}
	special[1968] = map[int][]string{1: {"-1", "0", "1", "3", "6"}}
	special[1385] = map[int][]string{0: fieldNames}
	special[6200] = map[int][]string{0: fieldNames}
	seconds := []string{"0", "59.5", "60", "60.5", "-1", "NaN", "30.25"}
	special[3847] = map[int][]string{0: {"0", "12", "23", "24", "25", "-1"}, 1: {"0", "30", "59", "60", "-1"}, 2: seconds}
	fields := map[int][]string{
		0: {"2024", "2023", "0", "-44", "294276", "294277", "5874898"}, 1: {"1", "2", "12", "13"}, 2: {"1", "29", "31", "0"},
		3: {"0", "12", "24"}, 4: {"0", "59", "60"}, 5: seconds, 6: zoneNames,
	}
	special[3461], special[3462], special[3463] = fields, fields, fields
	small := []string{"0", "1", "-1", "40", "1000"}
	special[3464] = map[int][]string{0: small, 1: small, 2: small, 3: small, 4: small, 5: small, 6: seconds}
	special[320] = map[int][]string{0: {"0", "1", "5.5", "10", "11", "NaN", "-Infinity"}, 1: {"0", "10", "Infinity"}, 2: {"10", "0", "20"}, 3: {"1", "4", "0", "2147483647"}}
	special[2170] = special[320]
	numbers := []string{"0", "1", "2", "0.5", "-1", "10", "2.718281828", "1.5", "100", "0.000001", "NaN", "Infinity", "-Infinity", "-2.5", "123.456"}
	for _, oid := range []uint32{1730, 1731, 1732, 1733, 1734, 1735, 1736, 1737, 1741, 1481, 1738, 1739, 2169} {
		special[oid] = map[int][]string{0: numbers, 1: append([]string{"3", "-7", "40"}, numbers...)}
	}
	offsets := []string{"01:00:00", "-05:30:00", "00:00:00.5", "1 day", "00:00:00"}
	special[1026] = map[int][]string{0: offsets}
	special[2070] = map[int][]string{0: offsets}
	places := []string{"0", "1", "2", "-1", "-2", "7"}
	for _, oid := range []uint32{3949, 3950, 3215, 3216, 2012, 2085, 2013, 2086, 721, 2176, 2091, 2092} {
		special[oid] = map[int][]string{1: places, 2: places}
	}
	for _, oid := range []uint32{3947, 3948, 3478, 3214, 4047} {
		special[oid] = map[int][]string{1: {"a", "b", "", "0", "zz"}}
	}
	special[1404] = map[int][]string{2: places, 3: places}
	special[1405] = map[int][]string{2: places}
}

// ioSamples are inputs of the casts from text beyond the samples.
var ioSamples = []string{"", " 12 ", "+5", "1e3", "0x10", "12abc", "99999999999999999999", "nan", "inf", "yes", "off", "t", "NaN", "2024-01-02", "1 day", "1e400"}

func writeGolden(t *testing.T) {
	url := os.Getenv("MILLRACE_TEST_DATABASE_URL")
	if url == "" {
		t.Fatal("-update needs MILLRACE_TEST_DATABASE_URL")
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "SET TimeZone = '"+goldenZone+"'; SET DateStyle = 'ISO, MDY'; SET IntervalStyle = postgres; SET extra_float_digits = 1"); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(2026, 3))
	var b strings.Builder
	for _, s := range goldenSections() {
		fmt.Fprintln(&b, s.title())
		for _, args := range s.draw(rng) {
			for _, a := range args {
				if a == nil {
					b.WriteString("NULL\t")
				} else {
					b.WriteString(quoteGolden(*a) + "\t")
				}
			}
			fmt.Fprintln(&b, ask(t, ctx, conn, s, args))
		}
	}
	if err := os.WriteFile(goldenFile, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// goldenSections are the sections to fill: every function, with every type
// where it takes any, and the casts through text.
func goldenSections() []section {
	var all []section
	for _, f := range Functions() {
		if slices.Contains(f.Args, datum.Enum) {
			continue // whose labels are each database's own
		}
		for _, args := range instances(f) {
			all = append(all, section{oid: f.OID, name: f.Name, args: args, result: f.Result})
		}
	}
	for _, typ := range datum.AllTypes() {
		if typ == datum.Text || typ.IsArray() && typ != datum.ArrayOf(datum.Int4) && typ != datum.ArrayOf(datum.Text) {
			continue
		}
		all = append(all, section{name: "cast", args: takes(datum.Text), result: typ})
		if typ != datum.Bool { // whose cast to text is a function
			all = append(all, section{name: "cast", args: takes(typ), result: datum.Text})
		}
	}
	return all
}

// instances are the types of a function's arguments, several where it takes any.
func instances(f FunctionInfo) [][]datum.Type {
	if f.Variadic {
		fixed := f.Args[:len(f.Args)-1]
		return [][]datum.Type{
			slices.Concat(fixed, takes(datum.Text, datum.Int4)),
			slices.Concat(fixed, takes(datum.Bool, datum.TimestampTZ, datum.Text)),
		}
	}
	if !slices.Contains(f.Args, datum.Invalid) {
		return [][]datum.Type{f.Args}
	}
	types := takes(datum.ArrayOf(datum.Int4), datum.ArrayOf(datum.Text))
	if f.Name == "anytextcat" || f.Name == "textanycat" {
		types = datum.Types()
	}
	var all [][]datum.Type
	for _, typ := range types {
		args := slices.Clone(f.Args)
		for i := range args {
			if args[i] == datum.Invalid {
				args[i] = typ
			}
		}
		all = append(all, args)
	}
	return all
}

// pool is what an argument is drawn from.
func (s section) pool(place int) []string {
	switch {
	case s.oid == 0 && s.args[0] == datum.Text:
		return slices.Concat(samples[s.result], newSamples()[s.result], ioSamples)
	case special[s.oid][place] != nil:
		return special[s.oid][place]
	case samples[s.args[place]] == nil:
		return newSamples()[s.args[place]]
	}
	return samples[s.args[place]]
}

// draw makes the calls of a section: every value of a function of one argument,
// else random combinations, and always NULLs.
func (s section) draw(rng *rand.Rand) [][]*string {
	var calls [][]*string
	seen := map[string]bool{}
	add := func(args []*string) {
		key := ""
		for _, a := range args {
			if a == nil {
				key += "\x00"
			} else {
				key += *a
			}
			key += "\x01"
		}
		if !seen[key] {
			seen[key] = true
			calls = append(calls, args)
		}
	}
	if len(s.args) == 1 {
		for _, v := range s.pool(0) {
			add([]*string{&v})
		}
		add([]*string{nil})
		return calls
	}
	wanted := 45
	if s.result == datum.Bool {
		wanted = 35
	}
	for place := range s.args {
		args := s.random(rng)
		args[place] = nil
		add(args)
	}
	for try := 0; len(calls) < wanted && try < 4*wanted; try++ {
		add(s.random(rng))
	}
	return calls
}

func (s section) random(rng *rand.Rand) []*string {
	args := make([]*string, len(s.args))
	for i := range args {
		pool := s.pool(i)
		v := pool[rng.IntN(len(pool))]
		args[i] = &v
	}
	// Equal arguments are too rare by chance.
	if len(args) == 2 && s.args[0] == s.args[1] && rng.IntN(6) == 0 {
		args[1] = args[0]
	}
	return args
}

// sqlName is a type's name without a length: "character" means character(1).
func sqlName(t datum.Type) string {
	return strings.Replace(t.String(), datum.Bpchar.String(), "bpchar", 1)
}

// ask has PostgreSQL compute one call.
func ask(t *testing.T, ctx context.Context, conn *pgx.Conn, s section, args []*string) string {
	literals := make([]string, len(args))
	for i, a := range args {
		typ := sqlName(s.args[i])
		if s.oid == 669 && i == 0 {
			typ = "varchar"
		}
		if a == nil {
			literals[i] = "NULL::" + typ
		} else {
			literals[i] = "'" + strings.ReplaceAll(*a, "'", "''") + "'::text::" + typ
		}
	}
	if strings.Contains(s.name, "extract_path") {
		literals[1] = "VARIADIC " + literals[1]
	}
	value := "pg_catalog.\"" + s.name + "\"(" + strings.Join(literals, ", ") + ")"
	if s.oid == 0 {
		value = literals[0] + "::" + sqlName(s.result)
	}
	query := "SELECT (" + value + ")::text"
	switch s.result {
	case datum.Bpchar, datum.Inet, datum.Cidr: // whose casts to text are functions
		query = "SELECT CASE WHEN v IS NOT NULL THEN format('%s', v) END FROM (SELECT " + value + ") AS t(v)"
	}
	if s.oid == 0 && s.result == datum.Text {
		query = "SELECT CASE WHEN v IS NOT NULL THEN format('%s', v) END FROM (SELECT " + literals[0] + ") AS t(v)"
	}
	var answer *string
	err := conn.QueryRow(ctx, query, pgx.QueryExecModeSimpleProtocol).Scan(&answer)
	var pgErr *pgconn.PgError
	switch {
	case errors.As(err, &pgErr):
		return "!" + pgErr.Code + " " + pgErr.Message
	case err != nil:
		t.Fatalf("%s: %v", query, err)
	case answer == nil:
		return "NULL"
	}
	return quoteGolden(*answer)
}
