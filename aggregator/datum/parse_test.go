package datum_test

import (
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/aggregator/datum"
)

// TestRefused holds what this package refuses on purpose although some or every
// PostgreSQL reads it: words that mean another instant each time, and forms on
// which PostgreSQL 15 to 18 disagree.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ kind, text, code string }{
		{"timestamptz", "now", datum.CodeFeatureNotSupported},
		{"timestamptz", "Today", datum.CodeFeatureNotSupported},
		{"timestamp", "tomorrow 10:00", datum.CodeFeatureNotSupported},
		{"date", " yesterday ", datum.CodeFeatureNotSupported},
		{"date", "+infinity", datum.CodeInvalidDatetime},                      // 16
		{"date", "y2001m1d5", datum.CodeInvalidDatetime},                      // until 15
		{"timestamptz", "2001-01-05 10:00 MSK", datum.CodeInvalidDatetime},    // a zone whose offset depends on the date
		{"timestamptz", "2001-01-05 10:00 UTC+3", datum.CodeInvalidParameter}, // POSIX
		{"timestamptz", "2001-01-05 10:00 Local", datum.CodeInvalidDatetime},
		{"timestamptz", "2001-01-05 10:00 ../etc/passwd", datum.CodeInvalidDatetime},
		{"interval", "infinity", datum.CodeInvalidDatetime},  // 17
		{"interval", "1 day day", datum.CodeInvalidDatetime}, // until 15
		{"interval", "ago 1 day", datum.CodeInvalidDatetime}, // until 15
		{"numeric", "1_000", datum.CodeInvalidText},          // 16
		{"numeric", "0x10", datum.CodeInvalidText},           // 16
		{"integer", "0b11", datum.CodeInvalidText},           // 16
	} {
		var err *datum.Error
		text := []byte(c.text)
		switch c.kind {
		case "date":
			_, err = datum.ParseDate(text)
		case "timestamp":
			_, err = datum.ParseTimestamp(text)
		case "timestamptz":
			_, err = datum.ParseTimestampTZ(text, time.UTC)
		case "interval":
			_, err = datum.ParseInterval(text)
		case "numeric":
			_, err = datum.ParseDecimal(text)
		default:
			_, err = datum.ParseInt(text, datum.Int4)
		}
		if err == nil || err.Code != c.code {
			t.Errorf("%s %q: %v, want SQLSTATE %s", c.kind, c.text, err, c.code)
		}
	}
}

func berlin(tb testing.TB) *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		tb.Fatal(err)
	}
	return zone
}

func seed(f *testing.F, texts ...[]string) {
	for _, list := range texts {
		for _, s := range list {
			if len(s) < 100 {
				f.Add([]byte(s))
			}
		}
	}
}

func FuzzParseDecimal(f *testing.F) {
	seed(f, decimalTexts)
	f.Fuzz(func(t *testing.T, s []byte) {
		d, err := datum.ParseDecimal(s)
		if err != nil {
			return
		}
		text := d.String()
		again, err := datum.ParseDecimal([]byte(text))
		if err != nil || again.String() != text || again.Cmp(d) != 0 {
			t.Fatalf("%.100q: %.100s becomes %.100s (%v)", s, text, again, err)
		}
		if e, ok := datum.DecodeDecimalChecked(datum.AppendDecimal(nil, d)); !ok || e.String() != text {
			t.Fatalf("%.100q: encoded as %.100s", text, e)
		}
		if e, ok := datum.DecimalFromWire(datum.AppendDecimalWire(nil, d)); !ok || e.String() != text {
			t.Fatalf("%.100q: on the wire %.100s", text, e)
		}
		if d.Neg().Neg().String() != text || d.Cmp(d) != 0 {
			t.Fatalf("%.100q: -(-x) is %.100s", text, d.Neg().Neg())
		}
	})
}

func FuzzDecodeDecimal(f *testing.F) {
	for _, s := range decimalEdges[:50] {
		f.Add(datum.AppendDecimal(nil, decimalOf(s)))
		f.Add(datum.AppendDecimalWire(nil, decimalOf(s)))
	}
	f.Add([]byte{40, 0, 0, 0, 0, 0x81, 1, 0, 2, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, ok := datum.DecodeDecimalChecked(b); ok {
			if again := datum.AppendDecimal(nil, d); string(again) != string(b) {
				t.Fatalf("%x is another encoding of %x", b, again)
			}
		}
		for _, decode := range []func([]byte) (datum.Decimal, bool){datum.DecimalFromWire, datum.DecimalFromDatum} {
			if d, ok := decode(b); ok {
				e, ok := datum.DecimalFromWire(datum.AppendDecimalWire(nil, d))
				if !ok || e.String() != d.String() {
					t.Fatalf("%x: %.100s becomes %.100s", b, d, e)
				}
			}
		}
	})
}

func FuzzParseInterval(f *testing.F) {
	seed(f, intervalTexts)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := datum.ParseInterval(b)
		if err != nil || s.Micros == -1<<63 { // which PostgreSQL prints and cannot read
			return
		}
		text := datum.AppendInterval(nil, s)
		if again, err := datum.ParseInterval(text); err != nil || again != s {
			t.Fatalf("%q: %s becomes %v (%v)", b, text, again, err)
		}
	})
}

func FuzzParseTimestamp(f *testing.F) {
	seed(f, datetimeTexts)
	zone := berlin(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := datum.ParseDate(b); err == nil {
			text := datum.AppendDate(nil, d)
			if again, err := datum.ParseDate(text); err != nil || again != d {
				t.Fatalf("date %q: %s becomes %d (%v)", b, text, again, err)
			}
		}
		ts, err := datum.ParseTimestamp(b)
		if err == nil {
			text := datum.AppendTimestamp(nil, ts)
			if again, err := datum.ParseTimestamp(text); err != nil || again != ts {
				t.Fatalf("timestamp %q: %s becomes %d (%v)", b, text, again, err)
			}
		}
		ts, err = datum.ParseTimestampTZ(b, zone)
		if err == nil {
			text := datum.AppendTimestampTZ(nil, ts, zone)
			if again, err := datum.ParseTimestampTZ(text, time.UTC); err != nil || again != ts {
				t.Fatalf("timestamptz %q: %s becomes %d (%v)", b, text, again, err)
			}
		}
	})
}

func FuzzParseScalar(f *testing.F) {
	seed(f, floatTexts, intTexts, boolTexts)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, typ := range []datum.Type{datum.Float4, datum.Float8} {
			x, err := datum.ParseFloat(b, typ)
			if err != nil {
				continue
			}
			text := datum.AppendFloat(nil, x, typ)
			if again, err := datum.ParseFloat(text, typ); err != nil || again != x && x == x {
				t.Fatalf("%v %q: %s becomes %v (%v)", typ, b, text, again, err)
			}
		}
		for _, typ := range []datum.Type{datum.Int2, datum.Int4, datum.Int8} {
			if v, err := datum.ParseInt(b, typ); err == nil {
				if again, err := datum.ParseInt([]byte(intText(v)), typ); err != nil || again != v {
					t.Fatalf("%v %q: %d becomes %d", typ, b, v, again)
				}
			}
		}
		if _, err := datum.ParseBool(b); err == nil && len(strings.TrimSpace(string(b))) == 0 {
			t.Fatalf("%q is a boolean", b)
		}
	})
}
