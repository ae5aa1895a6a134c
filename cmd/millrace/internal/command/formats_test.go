package command

import (
	"fmt"
	"maps"
	"strings"
	"testing"
)

// TestFormatsEndToEnd: streams of lines, their defaults, LIKE and further columns, by
// the commands that a person has.
func TestFormatsEndToEnd(t *testing.T) {
	p := newPlace(t)
	topic := func(name string) string { return p.cluster + "." + name }
	script := fmt.Sprintf(`CREATE TABLE template (k text NOT NULL, n numeric(6,1) DEFAULT 1.25, more int GENERATED ALWAYS AS (1) STORED);
CREATE STREAM visits (LIKE template INCLUDING DEFAULTS) WITH (topic = '%s', partitions = 1, format = 'csv', null = '-');
CREATE STREAM again (LIKE visits INCLUDING DEFAULTS, extra text DEFAULT 'e' || 'x') WITH (topic = '%s', partitions = 1);
CREATE CONTINUOUS VIEW by_k AS SELECT k, count(*), sum(n) AS sum, min(_offset) AS first FROM visits GROUP BY k;
CREATE CONTINUOUS VIEW by_extra AS SELECT k, extra, n, count(*) FROM again GROUP BY k, extra, n;
`, topic("visits"), topic("again"))
	if got, want := p.must("", "sql", "-f", file(t, "schema.sql", []byte(script))),
		"CREATE TABLE\nCREATE STREAM\nCREATE STREAM\nCREATE CONTINUOUS VIEW\nCREATE CONTINUOUS VIEW\n"; got != want {
		t.Errorf("printed %q", got)
	}
	stop := p.node()
	p.must("a,1.5,1\nb,-,2\n\"a\",2,3\n", "produce", "visits")
	p.must("alone\n", "produce", "visits")
	p.must(`{"k": "x"}`+"\n"+`{"k": "x", "n": null, "extra": null}`+"\n", "produce", "again")
	p.must("", "sql", "-c", "ALTER STREAM visits ADD COLUMN c int NOT NULL DEFAULT 2 + 3, ADD COLUMN IF NOT EXISTS n int")
	p.must("b,1,4,6\nc,1,5\n", "produce", "visits")
	p.must("", "sql", "-c", "CREATE CONTINUOUS VIEW by_c WITH (start = 'earliest') AS SELECT c, count(*) FROM visits GROUP BY c")
	p.must("", "flush", "--timeout", "60s")
	for sql, want := range map[string]string{
		"SELECT k, count, sum, first FROM by_k ORDER BY k": " a |     2 | 3.5 |     0\n b |     2 | 1.0 |     1\n c |     1 | 1.0 |     5\n",
		"SELECT * FROM by_extra ORDER BY n":                " x | ex    | 1.3 |     1\n x |       |     |     1\n",
		"SELECT c, count FROM by_c ORDER BY c":             " 5 |     4\n 6 |     1\n",
	} {
		if got := p.must("", "sql", "-c", sql); !strings.Contains(got, want) {
			t.Errorf("%s printed\n%s", sql, got)
		}
	}
	missing := map[string]int{} // by view: one letter names both where they read the record together
	for _, dead := range decoded[deadLine](t, p, "dead", "list", "visits") {
		for _, view := range dead.Views {
			if dead.SQLState == "22P04" && dead.Offset == 3 {
				missing[view]++
			}
		}
	}
	if want := map[string]int{"by_k": 1, "by_c": 1}; !maps.Equal(missing, want) {
		t.Errorf("dead letters %v, want %v", missing, want)
	}
	stop()
	for _, c := range []struct{ sql, err string }{
		{"ALTER STREAM visits ADD COLUMN c text", "ERROR:  42701: column \"c\" of stream \"visits\" already exists"},
		{"ALTER STREAM visits ADD COLUMN _offset text", "ERROR:  42701: column name \"_offset\" conflicts with a metadata column"},
		{"ALTER STREAM by_k ADD COLUMN c text", "ERROR:  42809: \"by_k\" is not a stream"},
		{"ALTER STREAM absent ADD COLUMN c text", "ERROR:  42P01: stream \"absent\" does not exist"},
		{"ALTER STREAM IF EXISTS absent ADD COLUMN c text", "NOTICE:  stream \"absent\" does not exist, skipping"},
		{"ALTER STREAM visits ADD COLUMN IF NOT EXISTS c text", "NOTICE:  column \"c\" of stream \"visits\" already exists, skipping"},
		{"ALTER STREAM visits ADD COLUMN d timestamptz DEFAULT now()", "ERROR:  0A000: DEFAULT of column \"d\" is not a constant"},
		{"CREATE STREAM r (a text, b text) WITH (format = 'raw', partitions = 1)", "ERROR:  22023: a stream of format raw has one column"},
		{"CREATE STREAM r (a text) WITH (format = 'csv', force_null = 'b', partitions = 1)", "ERROR:  42703: column \"b\" of stream \"r\" does not exist"},
		{"CREATE STREAM r (LIKE nosuch)", "ERROR:  42P01: relation \"nosuch\" does not exist"},
		{"CREATE STREAM r (k int, LIKE visits)", "ERROR:  42701: column \"k\" specified more than once"},
		{"CREATE VIEW star AS SELECT *, _offset FROM visits", "ERROR:  0A000: * cannot stand beside the metadata column \"_offset\""},
	} {
		if r := p.run("", "sql", "-c", c.sql); !strings.HasPrefix(r.err, c.err) {
			t.Errorf("%s: %+v", c.sql, r)
		}
	}
	p.must("", "sql", "-c", fmt.Sprintf("CREATE STREAM headed (a int) WITH (topic = '%s', partitions = 1, format = 'csv', header = true)", topic("headed")))
	if r := p.run("1\n", "produce", "headed"); r.status != 1 || !strings.Contains(r.err, "begins with a header line") {
		t.Errorf("produce to records with headers: %+v", r)
	}
}
