package evaluate_test

import (
	"fmt"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/query"
)

// BenchmarkEvaluate is a batch's way to PostgreSQL and back; ns/row is what counts.
func BenchmarkEvaluate(b *testing.B) {
	d := newDatabase(b)
	d.execute(`CREATE FUNCTION plain(i bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT i * 2 + 1'`)
	d.execute(`CREATE FUNCTION called(i bigint) RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN i * 2 + 1; END'`)
	d.execute(`CREATE FUNCTION refuses(i bigint, every bigint) RETURNS bigint LANGUAGE plpgsql AS
		'BEGIN IF i % every = 0 THEN RAISE ''no''; END IF; RETURN i; END'`)
	for _, c := range []struct {
		name    string
		program *query.Remote
	}{
		{"expression=column", ints("i")},
		{"expression=sql", ints("plain(i)")},
		{"expression=plpgsql", ints("called(i)")},
		{"expression=to_char", ints("length(to_char(i, 'FM000000'))")},
		{"expression=plpgsql/failing=1", ints("refuses(i, 5000)")},
		{"expression=plpgsql/failing=all", ints("refuses(i, 1)")},
	} {
		for _, rows := range []int{64, column.BatchRows} {
			b.Run(fmt.Sprintf("%s/rows=%d", c.name, rows), func(b *testing.B) {
				b.ReportAllocs()
				inputs := numbers(rows)
				for b.Loop() {
					if _, err := d.evaluator.Evaluate(b.Context(), c.program, inputs, rows); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
			})
		}
	}
}
