package oracle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// random adds generated records to a stream.
func random(s *Stream, args []string) error {
	g := generator{}
	seed, rows := uint64(0), 0
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		var err error
		switch name {
		case "seed":
			seed, err = strconv.ParseUint(value, 10, 64)
		case "rows":
			rows, err = strconv.Atoi(value)
		case "wild":
			g.wild = true
		default:
			err = fmt.Errorf("no argument %s of random", a)
		}
		if err != nil {
			return err
		}
	}
	g.rng = rand.New(rand.NewPCG(seed, 0))
	for range rows {
		text, err := g.record(s)
		if err != nil {
			return err
		}
		s.Records = append(s.Records, Record{Value: []byte(text), Plain: text})
	}
	return nil
}

// generator makes records by chance.
type generator struct {
	rng  *rand.Rand
	wild bool
}

// record writes one record: every eighth value is NULL, of those every second
// by a missing field; fields come in any order.
func (g *generator) record(s *Stream) (string, error) {
	columns := strings.Split(s.Columns, "\n")
	g.rng.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
	var fields []string
	for _, c := range columns {
		name, typ, _ := strings.Cut(strings.TrimSuffix(strings.TrimSpace(c), ","), " ")
		value := "null"
		switch g.rng.IntN(16) {
		case 0:
			continue
		case 1:
		default:
			var err error
			if value, err = g.value(typ); err != nil {
				return "", err
			}
		}
		fields = append(fields, fmt.Sprintf("%q: %s", name, value))
	}
	return "{" + strings.Join(fields, ", ") + "}", nil
}

// value writes a value of a type in JSON.
func (g *generator) value(typ string) (string, error) {
	extreme := g.wild && g.rng.IntN(3) == 0
	switch typ {
	case "boolean":
		return pick(g, "true", "false", "true", "false", `"yes"`, `"f"`), nil
	case "smallint":
		return g.integer(extreme, "32767", "-32768"), nil
	case "integer":
		return g.integer(extreme, "2147483647", "-2147483648"), nil
	case "bigint":
		return g.integer(extreme, "9223372036854775807", "-9223372036854775808"), nil
	case "real":
		return g.float(extreme, "3.4028235e38", "-3.4028235e38", "1e-45"), nil
	case "double precision":
		return g.float(extreme, "1.7976931348623157e308", "-1.7976931348623157e308", "5e-324"), nil
	case "numeric":
		if extreme {
			return pick(g, `"NaN"`, `"Infinity"`, `"-Infinity"`, "1e300", "-1e-300", "99999999999999999999999999999999999999.99999", "0.000", "1.0", "1.00"), nil
		}
		return fmt.Sprintf("%d.%0*d", g.rng.IntN(200)-100, 1+g.rng.IntN(4), g.rng.IntN(10)), nil
	case "numeric(12,2)":
		return fmt.Sprintf("%d.%02d", g.rng.IntN(2000)-1000, g.rng.IntN(100)), nil
	case "text":
		return quoted(g.text(extreme))
	case "varchar(5)":
		return quoted(pick(g, "", "a", "b", "äöü", "abcde", "😀😀😀😀😀", "  x  "))
	}
	return g.time(typ, extreme)
}

func (g *generator) integer(extreme bool, extremes ...string) string {
	if extreme {
		return pick(g, extremes...)
	}
	n := strconv.Itoa(g.rng.IntN(40) - 20)
	if g.rng.IntN(8) == 0 {
		return `"` + n + `"`
	}
	return n
}

func (g *generator) float(extreme bool, extremes ...string) string {
	if extreme {
		return pick(g, append(extremes, `"NaN"`, `"Infinity"`, `"-Infinity"`, "-0.0", "0", "0.1")...)
	}
	return strconv.FormatFloat(float64(g.rng.IntN(400)-200)/8, 'g', -1, 64)
}

func (g *generator) text(extreme bool) string {
	if extreme {
		return pick(g, "", " ", "\x01", "\U0010FFFF", "ÿ", "e\u0301", "\"\\/\b\f\n\r\t", strings.Repeat("z", 1+g.rng.IntN(400)))
	}
	return pick(g, "a", "b", "B", "ab", "äöü", "Ä", "ß", "日本", "😀", "x y", "12", "-7.5", "true", "%_", "") + pick(g, "", "", "1", "2")
}

// time writes a value of a type of date and time.
func (g *generator) time(typ string, extreme bool) (string, error) {
	r := g.rng
	day := fmt.Sprintf("%04d-%02d-%02d", 2020+r.IntN(3), 1+r.IntN(12), 1+r.IntN(28))
	clock := fmt.Sprintf("%02d:%02d:%02d.%0*d", r.IntN(24), r.IntN(60), r.IntN(60), 1+r.IntN(6), r.IntN(10))
	switch typ {
	case "date":
		if extreme {
			day = pick(g, "infinity", "-infinity", "4713-01-01 BC", "5874897-12-31", "2000-02-29", "1999-12-31")
		}
		return quoted(day)
	case "timestamp":
		if extreme {
			return quoted(pick(g, "infinity", "-infinity", "4713-01-01 00:00:00 BC", "294276-12-31 23:59:59.999999", "2021-03-14 02:30:00"))
		}
		return quoted(day + " " + clock)
	case "timestamptz":
		if extreme {
			return quoted(pick(g, "infinity", "-infinity", "4713-01-02 00:00:00+00 BC", "294276-12-30 23:59:59.999999+00", "2021-11-07 01:30:00-04", "2021-11-07 01:30:00-05", "2021-03-14 02:30:00"))
		}
		return quoted(day + "T" + clock + pick(g, "Z", "+02:00", "-05", "", "+05:30"))
	case "interval":
		if extreme {
			return quoted(pick(g, "1 mon", "30 days", "720:00:00", "1 year", "12 mons", "-1 mon +30 days", "0", "178000000 years", "-178000000 years", "1 day", "24:00:00"))
		}
		return quoted(fmt.Sprintf("%d mons %d days %s", r.IntN(5)-2, r.IntN(60)-30, clock))
	}
	return "", fmt.Errorf("no random values of type %q", typ)
}

func quoted(s string) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

func pick[T any](g *generator, of ...T) T { return of[g.rng.IntN(len(of))] }
