package native

import (
	"regexp"
	"slices"
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
)

// stub says that PostgreSQL cannot be asked: there is no value of an enum that
// both sides know.
func (s section) stub() bool { return slices.Contains(s.args, datum.Enum) }

// tolerance is by how much floats may differ, relatively: in the last of
// seventeen digits, and by the error of the C library's cbrt.
func (s section) tolerance() float64 {
	switch {
	case !slices.Contains(s.args, datum.Float8):
		return 0
	case slices.Contains([]string{"dexp", "exp", "dlog1", "ln", "dlog10", "log", "log10", "dpow", "pow", "power"}, s.name):
		return 0x1p-52
	case s.name == "dcbrt" || s.name == "cbrt":
		return 0x1p-50
	}
	return 0
}

// deliberate are the differences from PostgreSQL 15 that the language page names.
func (s section) deliberate(want, got outcome, args []string) bool {
	if into, found := strings.CutPrefix(s.name, "input of "); found {
		// Malformed times that PostgreSQL happens to read are refused.
		switch typeNamed(strings.TrimSuffix(into, "[]")) {
		case datum.Date, datum.Time, datum.Timestamp, datum.TimestampTZ, datum.Interval:
			return got.code != ""
		case datum.Numeric:
			// Until 15 an exponent may have white space before it.
			return got.code == datum.CodeInvalidText && spacedExponent.MatchString(args[0])
		}
	}
	switch s.oid {
	case 1384:
		// It is an expression to PostgreSQL, which casts before it looks at the NULL.
		return args[0] == "NULL" && want.code == datum.CodeDatetimeOverflow
	case 1188, 2031, 1190, 2033, 2072, 1200, 3464:
		// Where 15 wraps around, silently, 17 and later raise an error.
		return got.code == datum.CodeDatetimeOverflow && want.code == ""
	case 1419:
		// PostgreSQL's sum leaves 64 bits, and it shows times after midnight.
		return strings.Contains(args[0], "2562047788:")
	case 320, 2170:
		// What rounds to the upper bound is in the last bucket, as in later versions,
		// and bounds whose difference is infinite have buckets.
		return got.value != nil && (`"`+*got.value+`"` == args[3] || want.value != nil && *want.value == "-2147483648")
	case 6202, 6203:
		// In the last decades that a timestamp has, 15 rounds the microseconds away.
		return args[0] == `"epoch"` && strings.HasPrefix(args[1], `"294276-`)
	}
	return false
}

// spacedExponent is what 16 refuses too. The text is quoted.
var spacedExponent = regexp.MustCompile(`[eE]( |\\t|\\n)+[-+]?[0-9]`)

// literals are the places of arguments that must be literals to be native.
var literals = map[uint32][]int{
	1284: {2}, 1159: {0}, 2069: {0}, 3463: {6}, // zones
	873: {1}, 874: {1}, 879: {1}, 880: {1}, 1622: {1}, // lengths
	668:  {1},
	1656: {1}, 1657: {1}, 1658: {1}, 1659: {1},
	1254: {1}, 1256: {1}, 1238: {1}, 1239: {1}, 6263: {1}, 2284: {1, 2}, 2285: {1, 2, 3}, // patterns
}

// longest bounds the digits where computing with thousands takes PostgreSQL too long.
var longest = map[string]int{
	"exp": 60, "numeric_exp": 60, "ln": 60, "numeric_ln": 60, "log": 40, "log10": 40, "numeric_log": 40,
	"pow": 12, "power": 12, "numeric_power": 12, "sqrt": 200, "numeric_sqrt": 200,
}

var (
	units = []string{
		"microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "century",
		"millennium", "epoch", "dow", "isodow", "doy", "isoyear", "julian", "timezone", "timezone_hour", "timezone_minute",
		"Hour", "DAYS", "y", "bogus", "",
	}
	zones    = []string{"Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC", "Australia/Lord_Howe", "GMT"}
	likes    = []string{"", "%", "a%", "%c", "%b%", "a_c", "___", `a\%b\_c`, "abc", `\`, `%\`, `a%\`, "%ab%c", "日%", "_本%", "%_😀", "%%a", "ABC", "_", "%_"}
	patterns = []string{
		"a", "^a", "a$", "^$", "", "a|b", "^a|b", "(a|ab)(c|bcd)*", "[abc]", "[^abc]", "[a-c]+", "[]a]", "[^]a]", "[a-]", "a*", "a+b?", "b{2}", "b{1,3}", "b{2,}",
		"a{0}", `\d+`, `\D`, `[\d.]+`, "[[:digit:]]", `\.`, `\\`, "日本", "[日-本]", "😀", ".", "..", "^.*$", "(?:ab)+", "()", "(a|)", "a|", "é", "x*", "a.c", "A", "[A-Z]",
		"b*", "c*$", "a{1,2}b", `\t`, `[\n\t]`, "(a(b(c)))", "[+]", "a}", "{", "a{x", "]", "k", "s", "a+?", "(a*)*", "^ ", "[a-c-]", "%", "[%]",
		// Not native, each for its reason: they must not be taken.
		`\w`, `\mabc`, `(a)\1`, "(?=a)", "(?i)a", "***=a", `\y`, "a**", "[[:alpha:]]", "[a-b-c]", `\x41`, "(", ")", "*", `\`,
	}
	replacements = []string{"", "x", "[\\&]", `\\`, `\`, `a\`, `\x`, "日", `\1`, `\&\&`}
	typmods      = []string{"-1", "0", "1", "2", "3", "4", "5", "6"}
	lengths      = []string{"0", "1", "2", "3", "5", "8", "-1", "-2", "-5", "100", "2147483647", "-2147483648"}
	scales       = []string{"0", "1", "2", "-1", "-3", "10", "-40", "50", "3000", "-3000", "2147483647", "-2147483648"}
	factors      = []string{"0", "1", "-1", "0.1", "2.5", "-3.5", "3", "0.5", "1e300", "1e-300", "NaN", "Infinity", "-Infinity", "1e6", "0.333333333", "30", "1e10"}
	numbersOf    = []string{"0", "1", "2", "12", "13", "23", "24", "28", "29", "30", "31", "59", "60", "-1", "2024", "2023", "1900"}
	years        = []string{"2024", "2023", "1900", "2000", "0", "1", "-1", "-4", "-44", "-4713", "-4714", "-4715", "294276", "294277", "5874897", "5874898", "2147483647", "-2147483648"}
	secondsOf    = []string{"0", "59.999999", "59.9999996", "60", "60.5", "-1", "-0", "0.0000005", "NaN", "Infinity", "30.25", "1e300"}
)

// pool are the values to draw an argument from where any of its type would mostly
// give the same error; nil where any will do.
func (s section) pool(place int) []string {
	switch {
	case s.oid == 1703 && place == 1:
		return []string{"-1", "327686", "655366", "196608", "131078", "65540", "262144", "2621448", "131076", "133122", "65541"}
	case s.oid == 1200 && place == 1:
		return []string{"-1", "2147418115", "2147418112", "327679", "196607", "458751", "589823", "67174399", "67698687", "201392127", "201916415", "470351871", "268435459", "402718719", "469762050", "134283263"}
	case (s.oid == 669 || s.oid == 668) && place == 1:
		return []string{"-1", "4", "5", "7", "9", "14"}
	case slices.Contains([]uint32{1961, 1967, 1968}, s.oid) && place == 1:
		return typmods
	case slices.Contains([]uint32{1707, 1709}, s.oid) && place == 1:
		return scales
	case s.oid == 1618 && place == 1, s.oid == 1624 && place == 0, s.oid == 1326 && place == 1:
		return factors
	case slices.Contains([]string{"date_trunc", "date_part", "extract"}, s.name) && place == 0:
		return units
	case s.oid == 1284 && place == 2, s.name == "timezone" && place == 0 && s.args[0] == datum.Text, s.oid == 3463 && place == 6:
		return zones
	case strings.Contains(s.name, "regex") || strings.Contains(s.name, "regexp"):
		return [][]string{nil, patterns, replacements, {"", "g", "i", "gi", "n", "x"}}[place]
	case strings.Contains(s.name, "like") && place == 1 && s.name != "like_escape":
		return likes
	case s.name == "like_escape" && place == 1:
		return []string{"#", `\`, "", "ab", "日"}
	}
	return s.numberPool(place)
}

// numberPool are the counts, lengths and places of functions of texts and times.
func (s section) numberPool(place int) []string {
	if s.args[place] == datum.Text && place == 1 && s.name == "split_part" {
		return []string{"b", "", "a", "ab", "%", ",", "zz"}
	}
	if s.args[place] == datum.Float8 && strings.HasPrefix(s.name, "make_") {
		return secondsOf
	}
	if s.args[place] != datum.Int4 {
		return nil
	}
	switch {
	case strings.HasPrefix(s.name, "subscript"), strings.Contains(s.name, "_array_element"):
		return []string{"0", "1", "2", "3", "-1", "-2", "2147483647", "-2147483648"}
	case strings.HasPrefix(s.name, "make_") && s.name != "make_interval":
		if place == 0 && s.name != "make_time" {
			return years
		}
		return numbersOf
	case s.oid == 1622 && place == 1:
		return []string{"0", "1", "2", "7", "-1", "256", "257"}
	case slices.Contains([]uint32{873, 874, 879, 880}, s.oid):
		return []string{"0", "3", "-1", "10", "6"}
	case s.name == "width_bucket":
		return []string{"1", "10", "0", "-5", "7", "2147483647"}
	case s.name == "chr":
		return []string{"65", "0", "-1", "955", "128512", "1114111", "1114112", "55296", "127", "2147483647"}
	case slices.Contains([]string{"substr", "substring", "left", "right", "split_part", "overlay"}, s.name):
		return lengths
	}
	return nil
}
