package native

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/millrace/millrace/aggregator/datum"
)

// argument draws a value of a type in its text form, nil for NULL.
func argument(rng *rand.Rand, of datum.Type) *string {
	if rng.IntN(16) == 0 {
		return nil
	}
	if of.IsArray() {
		return ptr(arrayText(rng, of.Elem()))
	}
	if special := specials[of]; len(special) > 0 && rng.IntN(3) == 0 {
		return ptr(special[rng.IntN(len(special))])
	}
	return ptr(randoms[of](rng))
}

func ptr(s string) *string { return &s }

// specials are the values of each type where errors live.
var specials = map[datum.Type][]string{
	datum.Bool: {"true", "false"},
	datum.Int2: {"0", "1", "-1", "2", "32767", "-32768", "181", "-182"},
	datum.Int4: {"0", "1", "-1", "2", "2147483647", "-2147483648", "46341", "-46341", "32767", "-32769", "31", "32", "256"},
	datum.Int8: {
		"0", "1", "-1", "2", "9223372036854775807", "-9223372036854775808", "3037000500", "-3037000500",
		"2147483648", "-2147483649", "4294967296", "9007199254740993",
	},
	datum.Float4: {
		"0", "-0", "1", "-1", "3.4028235e38", "-3.4028235e38", "1e-45", "1.1754944e-38", "16777216", "NaN", "Infinity", "-Infinity",
		"32767.5", "2147483648", "-9.223372e18",
	},
	datum.Float8: {
		"0", "-0", "1", "-1", "2", "0.5", "1.7976931348623157e308", "-1.7976931348623157e308", "5e-324", "2.2250738585072014e-308",
		"9007199254740993", "NaN", "Infinity", "-Infinity", "32767.5", "2147483647.5", "9223372036854775807", "-9223372036854775808",
		"1e300", "1e-300", "709.7", "-745.1",
	},
	datum.Numeric: {
		"0", "0.00", "1", "1.00", "-1", "2", "0.5", "-0.5", "0.9", "1.1", "10", "NaN", "Infinity", "-Infinity", "32767.5", "-32768.5",
		"2147483647.4999", "9223372036854775807.5", "-9223372036854775808", "9223372036854775808", "0.000000000000001",
		"-99999999999999999999", "1e40", "1e-20", "1e310", "-1e310", "0.99999999999999999999", "1.00000000000000000001", "1e-1000", "0.0000",
	},
	datum.Text: {
		"", " ", "a", "A", "abc", "ABC", "  abc  ", "Ünïcödé ß", "日本語テキスト", "a%b_c", "\\", "a\\", "%", "_", "😀x😀", "true", "12", "-7.5",
		"\t\n x", "İıſK", "é", "ǆǅ", "NULL", "{}", "0", "\u00a0",
	},
	datum.Date: {
		"2000-01-01", "1999-12-31", "2024-02-29", "1970-01-01", "0001-01-01", "0001-12-31 BC", "4714-11-24 BC", "5874897-12-31",
		"infinity", "-infinity", "2024-03-31", "2024-10-27", "294276-12-31", "294277-01-01", "1582-10-15", "0100-12-31 BC",
	},
	datum.Timestamp: {
		"2000-01-01 00:00:00", "1999-12-31 23:59:59.999999", "1970-01-01 00:00:00", "2024-03-31 02:30:00", "2024-10-27 02:30:00",
		"infinity", "-infinity", "294276-12-31 23:59:59.999999", "4714-11-24 00:00:00 BC", "0044-03-15 10:00:00 BC", "1900-06-15 08:00:00.5",
	},
	datum.TimestampTZ: {
		"2000-01-01 00:00:00+00", "1999-12-31 23:59:59.999999+00", "2024-03-31 00:59:59+00", "2024-03-31 01:00:00+00",
		"2024-10-27 00:30:00+00", "2024-10-27 01:30:00+00", "infinity", "-infinity", "294276-12-31 23:59:59.999999+00",
		"4714-11-24 00:00:00+00 BC", "1890-06-15 08:00:00+00",
	},
	datum.Interval: {
		"00:00:00", "1 mon", "-1 mons", "1 day", "-1 days", "30 days", "720:00:00", "1 year 2 mons 3 days 04:05:06.789", "00:00:00.000001",
		"178000000 years", "-178000000 years", "2147483647 days", "-2147483648 days", "2562047788:00:54.775807", "-2562047788:00:54.775807",
		"24:00:00", "00:15:00", "-00:20:00",
	},
	datum.Bytea:  {`\x`, `\x00`, `\xff`, `\x0001fe`, `\x25`, `\x5c`},
	datum.Bpchar: {"", " ", "a", "a  ", "abc", "ABC   ", "Ü "},
	datum.Time:   {"00:00:00", "24:00:00", "23:59:59.999999", "00:00:00.000001", "12:00:00"},
	datum.UUID:   {"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
	datum.JSON:   {"null", "true", "0", `""`, "{}", "[]", ` {"a" : 1 , "a":2}`, `"\u0041"`, `[1, [2], {"a":null}]`, "-0", "1e5", `"a"`},
	datum.JSONB:  {"null", "true", "0", `""`, "{}", "[]", `{"a":1,"a":2}`, `[1,[2],{"a":null}]`, "-0", "1e5", "1.0", "1.00", `"a"`, `["a"]`, `{"a":{"b":[]}}`},
	datum.Inet:   {"0.0.0.0/0", "255.255.255.255", "127.0.0.1", "::", "::1", "::/0", "10.1.2.3/8", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::ffff:1.2.3.4"},
	datum.Cidr:   {"0.0.0.0/0", "255.255.255.255/32", "10.0.0.0/8", "::/0", "::1/128", "2001:db8::/32"},
}

// randoms draw one of each type.
var randoms = map[datum.Type]func(*rand.Rand) string{
	datum.Bool: func(rng *rand.Rand) string { return strconv.FormatBool(rng.IntN(2) == 0) },
	datum.Int2: func(rng *rand.Rand) string { return whole(rng, 16) },
	datum.Int4: func(rng *rand.Rand) string { return whole(rng, 32) },
	datum.Int8: func(rng *rand.Rand) string { return whole(rng, 64) },
	datum.Float4: func(rng *rand.Rand) string {
		if rng.IntN(2) == 0 {
			return strconv.FormatFloat(float64(float32(rng.NormFloat64()*100)), 'g', -1, 32)
		}
		for {
			if f := math.Float32frombits(rng.Uint32()); f-f == 0 {
				return strconv.FormatFloat(float64(f), 'g', -1, 32)
			}
		}
	},
	datum.Float8: func(rng *rand.Rand) string {
		switch rng.IntN(3) {
		case 0:
			return strconv.FormatFloat(rng.NormFloat64()*100, 'g', -1, 64)
		case 1:
			return strconv.FormatFloat(float64(rng.IntN(2001)-1000)/8, 'g', -1, 64)
		}
		for {
			if f := math.Float64frombits(rng.Uint64()); f-f == 0 {
				return strconv.FormatFloat(f, 'g', -1, 64)
			}
		}
	},
	datum.Numeric:     numericText,
	datum.Text:        func(rng *rand.Rand) string { return letters(rng, 12) },
	datum.Date:        func(rng *rand.Rand) string { return dateText(rng) },
	datum.Timestamp:   func(rng *rand.Rand) string { return instant(rng).Format("2006-01-02 15:04:05.999999") },
	datum.TimestampTZ: func(rng *rand.Rand) string { return instant(rng).Format("2006-01-02 15:04:05.999999-07") },
	datum.Interval:    intervalText,
	datum.Bytea:       func(rng *rand.Rand) string { return fmt.Sprintf(`\x%x`, letters(rng, 8)) },
	datum.Bpchar:      func(rng *rand.Rand) string { return letters(rng, 4) + strings.Repeat(" ", rng.IntN(3)) },
	datum.Time: func(rng *rand.Rand) string {
		return fmt.Sprintf("%02d:%02d:%02d.%06d", rng.IntN(24), rng.IntN(60), rng.IntN(60), rng.IntN(2)*rng.IntN(1e6))
	},
	datum.UUID: func(rng *rand.Rand) string {
		return fmt.Sprintf("%08x-0000-4000-8000-%012x", rng.Uint32(), rng.IntN(3))
	},
	datum.JSON:  func(rng *rand.Rand) string { return jsonText(rng, 3) },
	datum.JSONB: func(rng *rand.Rand) string { return jsonText(rng, 3) },
	datum.Inet: func(rng *rand.Rand) string {
		if rng.IntN(3) == 0 {
			return fmt.Sprintf("2001:db8:%x::%x/%d", rng.IntN(4), rng.IntN(1<<16), rng.IntN(129))
		}
		return fmt.Sprintf("%d.%d.%d.%d/%d", rng.IntN(256), rng.IntN(2), rng.IntN(3), rng.IntN(256), rng.IntN(33))
	},
	datum.Cidr: func(rng *rand.Rand) string {
		if rng.IntN(3) == 0 {
			return fmt.Sprintf("2001:db8:%x::/48", rng.IntN(4))
		}
		return fmt.Sprintf("%d.%d.0.0/%d", rng.IntN(256), rng.IntN(2), 16+rng.IntN(17))
	},
}

// whole draws an integer of so many bits, small ones as often as large.
func whole(rng *rand.Rand, bits int) string {
	v := int64(rng.Uint64()) >> (64 - bits)
	return strconv.FormatInt(v>>rng.IntN(bits), 10)
}

// numericText draws numbers of one to sixty digits, and rarely of thousands.
func numericText(rng *rand.Rand) string {
	n := 1 + rng.IntN(8)
	switch rng.IntN(40) {
	case 0:
		n = 100 + rng.IntN(1500)
	case 1, 2, 3, 4:
		n = 1 + rng.IntN(60)
	}
	digits := make([]byte, n)
	for i := range digits {
		digits[i] = byte('0' + rng.IntN(10))
		if rng.IntN(3) == 0 {
			digits[i] = '0'
		}
	}
	text := string(digits)
	if at := rng.IntN(n + 1); at < n {
		text = text[:at] + "." + text[at:]
		if at == 0 {
			text = "0" + text
		}
	}
	if rng.IntN(3) == 0 {
		text = "-" + text
	}
	return text
}

// alphabet holds what is apt to go wrong in texts more often than letters.
var alphabet = []rune("aabbccABC 019._%-+/\\,;:'\"()[]{}^$*?|&#éßÄ日本😀İ\t\n")

func letters(rng *rand.Rand, most int) string {
	text := make([]rune, rng.IntN(most+1))
	for i := range text {
		text[i] = alphabet[rng.IntN(len(alphabet))]
	}
	return string(text)
}

func instant(rng *rand.Rand) time.Time {
	year := 1850 + rng.IntN(300)
	if rng.IntN(6) == 0 {
		year = 1 + rng.IntN(9998)
	}
	micros := rng.IntN(1e6)
	if rng.IntN(2) == 0 {
		micros = 0
	}
	return time.Date(year, time.Month(1+rng.IntN(12)), 1+rng.IntN(28), rng.IntN(24), rng.IntN(60), rng.IntN(60), micros*1000, time.UTC)
}

func dateText(rng *rand.Rand) string {
	if rng.IntN(6) == 0 {
		return fmt.Sprintf("%04d-%02d-%02d BC", 1+rng.IntN(4700), 1+rng.IntN(12), 1+rng.IntN(28))
	}
	return instant(rng).Format("2006-01-02")
}

func intervalText(rng *rand.Rand) string {
	signed := func(n int) int { return rng.IntN(2*n+1) - n }
	switch rng.IntN(4) {
	case 0:
		return fmt.Sprintf("%d mons %d days %d seconds", signed(40), signed(60), signed(200000))
	case 1:
		return fmt.Sprintf("%d days", signed(1000))
	case 2:
		return fmt.Sprintf("%d microseconds", int64(rng.Uint64())>>rng.IntN(40))
	}
	return fmt.Sprintf("%d mons %d days %d microseconds", int32(rng.Uint32()), int32(rng.Uint32())>>rng.IntN(20), int64(rng.Uint64())>>rng.IntN(30))
}

// jsonText draws a json value of at most so many levels.
func jsonText(rng *rand.Rand, levels int) string {
	space := strings.Repeat(" ", rng.IntN(5)/4)
	if levels == 0 || rng.IntN(3) == 0 {
		return space + jsonScalar(rng) + space
	}
	var items []string
	object := rng.IntN(2) == 0
	for range rng.IntN(4) {
		item := jsonText(rng, levels-1)
		if object {
			item = jsonKeys[rng.IntN(len(jsonKeys))] + space + ":" + item
		}
		items = append(items, item)
	}
	if object {
		return "{" + strings.Join(items, ","+space) + space + "}"
	}
	return "[" + strings.Join(items, ","+space) + space + "]"
}

var jsonKeys = []string{`"a"`, `"b"`, `"ab"`, `""`, `"é"`, `"a\"b"`, `"\u0061"`, `"0"`, `"1"`, `"\n"`}

func jsonScalar(rng *rand.Rand) string {
	scalars := []string{
		"null", "true", "false", "0", "1", "-1", "1.5", "1.50", "1e2", "-0.0", "12345678901234567890", `""`, `"a"`, `"b"`, `"ab"`,
		`"é"`, `"\u00e9"`, `"a\\\"\/\b\f\n\r\t"`, `"\ud83d\ude00"`, "1E+3", "1e-3", `"0"`, `"1"`,
	}
	return scalars[rng.IntN(len(scalars))]
}

// arrayText draws an array, rarely of two dimensions or with bounds of its own.
func arrayText(rng *rand.Rand, elem datum.Type) string {
	switch rng.IntN(12) {
	case 0:
		return "{}"
	case 1:
		return fmt.Sprintf("{%s,%s}", list(rng, elem, 2), list(rng, elem, 2))
	case 2:
		return "[0:1]=" + list(rng, elem, 2)
	}
	return list(rng, elem, 1+rng.IntN(5))
}

func list(rng *rand.Rand, elem datum.Type, n int) string {
	items := make([]string, n)
	for i := range items {
		items[i] = "NULL"
		if value := argument(rng, elem); value != nil {
			items[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(*value) + `"`
		}
	}
	return "{" + strings.Join(items, ",") + "}"
}
