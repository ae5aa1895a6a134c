package sink_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/sink"
)

// mergeValues are each type's values: NULL, extremes, special ones.
var mergeValues = map[datum.Type][]string{
	datum.Bool:        {"NULL", "true", "false"},
	datum.Int2:        {"NULL", "0", "-32768", "32767"},
	datum.Int4:        {"NULL", "0", "-2147483648", "2147483647"},
	datum.Int8:        {"NULL", "0", "-4611686018427387904", "4611686018427387903", "1"},
	datum.Float4:      {"NULL", "0", "-0", "NaN", "Infinity", "-Infinity", "3.4e38", "-1.5", "1e-45"},
	datum.Float8:      {"NULL", "0", "-0", "NaN", "Infinity", "-Infinity", "8e307", "0.1", "-0.2", "5e-324"},
	datum.Numeric:     {"NULL", "0", "0.00", "NaN", "Infinity", "-Infinity", "1.50", "-1.5", "123456789012345678901234567890.123456789", "1e-40"},
	datum.Text:        {"NULL", "", "a", "B", "b", "é", "東", "a\U0001F600", strings.Repeat("x", 5000)},
	datum.Date:        {"NULL", "infinity", "-infinity", "2000-01-01", "4713-01-01 BC", "5874897-12-31"},
	datum.Timestamp:   {"NULL", "infinity", "-infinity", "2000-01-01 00:00:00.000001", "4713-01-01 00:00:00 BC", "294276-12-31 23:59:59.999999"},
	datum.TimestampTZ: {"NULL", "infinity", "-infinity", "2024-02-29 12:00:00+00", "1969-12-31 23:59:59.5+00"},
	datum.Interval:    {"NULL", "0", "1 mon", "30 days", "-1 year 2 days", "720:00:00", "00:00:00.000001", "80000000 years"},
	datum.Bpchar:      {"NULL", "", "a ", "a", "B", "a\t"},
	datum.Time:        {"NULL", "00:00", "24:00", "12:00:00.000001"},
	datum.Inet:        {"NULL", "10.0.0.1", "10.0.0.1/8", "::1", "0.0.0.0/0"},

	datum.ArrayOf(datum.Int4):        {"NULL", "{}", "{1}", "{1,NULL}", "{1,2}", "[0:0]={1}", "{{1}}"},
	datum.ArrayOf(datum.Text):        {"NULL", "{a}", "{B}", `{"a b",NULL,"NULL"}`, `{"\"","\\"}`, "{é}", `{""}`},
	datum.ArrayOf(datum.Numeric):     {"NULL", "{1.0}", "{1.00}", "{NaN}", "{-Infinity,1e-40}"},
	datum.ArrayOf(datum.TimestampTZ): {"NULL", "{infinity}", "{2024-02-29 12:00:00.5+00}"},
	datum.ArrayOf(datum.Bytea):       {"NULL", `{"\\x00"}`, `{"\\xff","\\x"}`},
	datum.ArrayOf(datum.UUID):        {"NULL", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "{}"},
}

// extremes are the types that min and max take.
func extremes() []datum.Type {
	return append(datum.Types(), datum.Bpchar, datum.Time, datum.Inet,
		datum.ArrayOf(datum.Int4), datum.ArrayOf(datum.Text), datum.ArrayOf(datum.Numeric), datum.ArrayOf(datum.TimestampTZ),
		datum.ArrayOf(datum.Bytea), datum.ArrayOf(datum.UUID))
}

// vectorOf parses values of a type, "NULL" among them.
func vectorOf(t testing.TB, typ datum.Type, values ...string) *column.Vector {
	t.Helper()
	v := column.New(typ)
	in := datum.Input{Type: typ, Typmod: datum.AnyTypmod}
	for _, s := range values {
		if s == "NULL" {
			v.AppendNull()
			continue
		}
		value, err := in.Append(nil, []byte(s))
		if err != nil {
			t.Fatal(err)
		}
		v.AppendValue(value)
	}
	return v
}

// TestMergeRules folds each pair of values of each type, one after the other into one
// group, and compares the state with PostgreSQL's aggregate over the two.
func TestMergeRules(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	rules := []struct {
		name  string
		rule  agg.MergeRule
		sql   string
		types []datum.Type
	}{
		{"add", agg.MergeAdd, "sum(x)", []datum.Type{datum.Int8, datum.Float8, datum.Numeric, datum.Interval}},
		{"min", agg.MergeMin, "min(x)", extremes()},
		{"max", agg.MergeMax, "max(x)", extremes()},
	}
	partition := int32(0)
	for _, r := range rules {
		for _, typ := range r.types {
			partition++
			p, sql := partition, r.sql
			if typ == datum.Bool {
				sql = map[agg.MergeRule]string{agg.MergeMin: "bool_and(x)", agg.MergeMax: "bool_or(x)"}[r.rule]
			}
			t.Run(fmt.Sprintf("%s/%v", r.name, typ), func(t *testing.T) {
				mergePairs(t, s, url, fmt.Sprintf("v%d", p), p, typ, r.rule, sql)
			})
		}
	}
}

func mergePairs(t *testing.T, s *sink.Store, url, name string, partition int32, typ datum.Type, rule agg.MergeRule, aggregate string) {
	spec := makeView(t, s, name, planOf([]datum.Type{datum.Int4}, state{"s", typ, rule, ""}))
	values := mergeValues[typ]
	var firsts, seconds, keys []string
	var hashes [][16]byte
	for i, a := range values {
		for j, b := range values {
			n := i*len(values) + j
			var hash [16]byte
			binary.BigEndian.PutUint32(hash[:], uint32(n))
			hashes, keys = append(hashes, hash), append(keys, fmt.Sprint(n))
			firsts, seconds = append(firsts, a), append(seconds, b)
		}
	}
	conn := connect(t, withParam(t, url, "timezone", "UTC"))
	execute(t, conn, "CREATE TEMP TABLE plain (g int, x "+typ.String()+")")
	c, err := s.Claim(t.Context(), topic, partition)
	if err != nil {
		t.Fatal(err)
	}
	for _, side := range [][]string{firsts, seconds} {
		foldNext(t, s, c, aggregator.ViewRows{
			View: spec.ID, Name: spec.Name, Plan: spec.Plan, Hashes: hashes,
			Keys: []*column.Vector{vectorOf(t, datum.Int4, keys...)}, States: []*column.Vector{vectorOf(t, typ, side...)},
		})
		for g, x := range side {
			if x == "NULL" {
				execute(t, conn, "INSERT INTO plain VALUES ($1, NULL)", g)
			} else {
				execute(t, conn, "INSERT INTO plain VALUES ($1, $2::text::"+typ.String()+")", g, x)
			}
		}
	}
	if typ == datum.Text || typ == datum.Bpchar || typ.Elem() == datum.Text {
		aggregate = strings.Replace(aggregate, "(x)", `(x COLLATE "C")`, 1)
	}
	equal(t, text(t, conn, "SELECT count(*), count(s) = (SELECT count(*) FROM (SELECT g FROM plain GROUP BY g HAVING count(x) > 0) q) AS nulls FROM "+name),
		fmt.Sprintf("%d|true", len(hashes)))
	equal(t, text(t, conn, "SELECT g, s::text AS got, want::text FROM "+name+
		" JOIN (SELECT g, "+aggregate+" AS want FROM plain GROUP BY g) q ON g = k0 WHERE s IS DISTINCT FROM want ORDER BY g"))
}
