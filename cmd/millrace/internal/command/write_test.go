package command

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWriteIntoStreams writes rows by INSERT and COPY, and reads them in a view
// and in a table of PostgreSQL's that the same statements filled.
func TestWriteIntoStreams(t *testing.T) {
	p := newPlace(t)
	columns := "b boolean, s smallint, i integer, l bigint, r real, d double precision, n numeric, np numeric(12,3), t text, v varchar(5), " +
		"day date, ts timestamp, tz timestamptz, span interval"
	p.must("", "sql", "-c", fmt.Sprintf("CREATE STREAM w (%s) WITH (topic = '%s.w', partitions = 3)", columns, p.cluster),
		"-c", "CREATE TABLE plain ("+columns+")",
		"-c", "CREATE CONTINUOUS VIEW seen AS SELECT b, s, i, l, r, d, n, np, t, v, day, ts, tz, span, count(*) FROM w GROUP BY 1,2,3,4,5,6,7,8,9,10,11,12,13,14")
	p.node()
	script := "SET timezone = 'Asia/Kathmandu'; SET datestyle = 'SQL, DMY'; SET extra_float_digits = 0;\n"
	for _, table := range []string{"plain", "w"} {
		script += "INSERT INTO " + table + ` VALUES
  (true, -32768, -2147483648, -9223372036854775808, '1e-45', '5e-324', '123456789012345678901234567890.000000001000', 12.3456, E'a\nb\t"\\/\x01ü😀', 'ä€x', '4713-01-01 BC', '294276-12-31 23:59:59.999999', '4713-01-01 00:00:00+00 BC', '-178000000 years'),
  (false, 32767, 2147483647, 9223372036854775807, '3.4028235e38', '1.7976931348623157e308', 'NaN', -0.0005, '', '', 'infinity', '-infinity', 'infinity', '1 mon -1 day 00:00:00.000001'),
  (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (true, 1, 2, 3, 'NaN', '-Infinity', '-Infinity', 'NaN', '{"a": 1}', 'null', '2001-02-03', '2001-02-03 04:05:06.7', '2001-02-03 04:05:06.7+05:45', '1 day 02:03:04.5');
INSERT INTO ` + table + ` (i, d, n, ts) SELECT x, x / 7::float8, x / 7::numeric, '2001-01-01'::timestamp + x * interval '1.1 s' FROM generate_series(1, 500) x;
COPY ` + table + ` (t, i, d) FROM STDIN WITH (FORMAT csv, NULL '-');
"two
lines",1,0.1
-,2,1e300
\\.
INSERT INTO ` + table + ` DEFAULT VALUES;
`
	}
	script = strings.ReplaceAll(script, `\\.`, `\.`)
	out := p.must(script, "sql")
	if want := strings.Repeat("INSERT 0 4\nINSERT 0 500\nCOPY 2\nINSERT 0 1\n", 2); !strings.HasSuffix(out, want) {
		t.Errorf("printed\n%s", out)
	}
	// INSERT, flush and SELECT in one go.
	out = p.must("", "sql", "-c", "INSERT INTO w (i) VALUES (7777), (7777)", "-c", "SELECT pipelinedb.flush(); SELECT i, count FROM seen WHERE i = 7777")
	if !strings.Contains(out, " 7777 |     2\n") {
		t.Errorf("printed\n%s", out)
	}
	differences := p.must("", "sql", "-c", `WITH expected AS (SELECT *, count(*) FROM plain GROUP BY 1,2,3,4,5,6,7,8,9,10,11,12,13,14),
		got AS (SELECT * FROM seen WHERE i IS DISTINCT FROM 7777)
		(TABLE expected EXCEPT ALL TABLE got) UNION ALL (TABLE got EXCEPT ALL TABLE expected)`)
	if !strings.Contains(differences, "(0 rows)") {
		t.Errorf("the view and the table differ in\n%s", differences)
	}
	t.Run("nothing stays of what fails", func(t *testing.T) { checkFailedWrites(t, p) })
	t.Run("files", func(t *testing.T) { checkCopies(t, p) })
}

func checkFailedWrites(t *testing.T, p *place) {
	count := func() string {
		return p.must("", "sql", "-c", "SELECT pipelinedb.flush()", "-c", "SELECT sum(count) FROM seen")
	}
	before := count()
	for _, c := range []struct{ in, sql, err string }{
		{"", "INSERT INTO w (i) SELECT 100 / (50000 - x) FROM generate_series(1, 60000) x", "ERROR:  22012: division by zero"},
		{"", "INSERT INTO w (i) VALUES (1), (nope)", "ERROR:  42703"},
		{"1\n2\nx\n", "COPY w (i) FROM STDIN", "CONTEXT:  COPY w, line 3, column i: \"x\""},
		{"", "BEGIN; INSERT INTO w (i) VALUES (1)", "ERROR:  25001: cannot write into stream \"w\" inside a transaction block"},
		{"", "INSERT INTO w (i, t) SELECT x, repeat('x', CASE WHEN x = 30000 THEN 2000000 ELSE 100 END) FROM generate_series(1, 50000) x", "record 30000 has"},
		{"", "SELECT * FROM w", "ERROR:  42809: cannot select from stream \"w\""},
	} {
		if r := p.run(c.in, "sql", "-c", c.sql); r.status != 1 || !strings.Contains(r.err, c.err) {
			t.Errorf("%s: %+v", c.sql, r)
		}
	}
	if after := count(); after != before {
		t.Errorf("before\n%safter\n%s", before, after)
	}
}

func checkCopies(t *testing.T, p *place) {
	path := filepath.Join(t.TempDir(), "large.csv")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	const n = 200_000
	for i := range n {
		fmt.Fprintf(file, "%d,\"line %d of\ntwo\"\n", 1_000_000+i%100, i%100)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	script := "SELECT 1 AS one;\n\\copy w (i, t) from '" + path + "' with (format csv)\nSELECT pipelinedb.flush();" +
		"SELECT count(*), sum(count), min(count), max(count) FROM seen WHERE i BETWEEN 1000000 AND 1000099;"
	if out := p.must(script, "sql"); !strings.Contains(out, "COPY 200000\n") || !strings.Contains(out, "   100 | 200000 | 2000 | 2000\n") {
		t.Errorf("printed\n%s", out)
	}
	if r := p.run("8888\n8889\n", "sql", "-c", "COPY w (i) FROM STDIN", "-c", "SELECT pipelinedb.flush()", "-c", "SELECT sum(i) FROM seen WHERE i IN (8888, 8889)"); !strings.Contains(r.out, "COPY 2\n") || !strings.Contains(r.out, " 17777\n") {
		t.Errorf("COPY with piped data: %+v", r)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if out := p.must("", "sql", "-c", "\\copy w from "+path); out != "COPY 0\n" {
		t.Errorf("an empty file printed %q", out)
	}
}

// TestWriteEveryFormat inserts the same rows into streams of every format, with
// types of every kind.
func TestWriteEveryFormat(t *testing.T) {
	p := newPlace(t)
	const columns = `t text, by bytea, u uuid, j jsonb, a int[], ta text[], c char(3), tm time, ip inet, d text DEFAULT 'none'`
	const keys = "SELECT t, by, u, j, a, ta, c, tm, ip, d, count(*) FROM %s GROUP BY 1,2,3,4,5,6,7,8,9,10"
	p.must("", "sql", "-c", "CREATE TABLE plain ("+columns+")")
	formats := []string{"json", "ndjson", "csv", "text"}
	for _, format := range formats {
		p.must("", "sql", "-c", fmt.Sprintf("CREATE STREAM s_%s (%s) WITH (topic = '%s.%[1]s', partitions = 1, format = '%[1]s')", format, columns, p.cluster),
			"-c", "CREATE CONTINUOUS VIEW v_"+format+" AS "+fmt.Sprintf(keys, "s_"+format))
	}
	p.must("", "sql", "-c", fmt.Sprintf("CREATE STREAM s_raw (b bytea) WITH (topic = '%s.raw', partitions = 1, format = 'raw')", p.cluster),
		"-c", "CREATE CONTINUOUS VIEW v_raw AS SELECT b, count(*) FROM s_raw GROUP BY b")
	p.node()
	script := ""
	for _, table := range append([]string{"plain"}, "s_json", "s_ndjson", "s_csv", "s_text") {
		script += "INSERT INTO " + table + ` VALUES
  (E'a,"b"\n\\N\t', '\x00ff0a', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"b": [1, 2.50], "a": "x\ny"}', '{1,NULL,3}', ARRAY['a,"b', NULL, ''], 'x', '12:34:56.789', '10.0.0.1/24', 'given'),
  ('', '', NULL, '[null]', '{}', '{}', '', '24:00', '::1', ''),
  (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  ('\.', '\x5c2e', NULL, '"text"', '[0:1]={5,6}', '{{a,b},{c,d}}', 'äöü', '00:00', '1.2.3.4', DEFAULT);
INSERT INTO ` + table + " (t) SELECT x::text FROM generate_series(1, 20) x;\n"
	}
	p.must(script+`INSERT INTO s_raw VALUES ('\x00ff'), (''), (NULL); SELECT pipelinedb.flush()`, "sql")
	for _, format := range formats {
		differences := p.must("", "sql", "-c", fmt.Sprintf(`WITH expected AS (%s) (TABLE expected EXCEPT ALL TABLE v_%[2]s) UNION ALL (TABLE v_%[2]s EXCEPT ALL TABLE expected)`,
			fmt.Sprintf(keys, "plain"), format))
		if !strings.Contains(differences, "(0 rows)") {
			t.Errorf("%s: the view and the table differ in\n%s", format, differences)
		}
	}
	if out := p.must("", "sql", "-c", "SELECT * FROM v_raw ORDER BY b"); !strings.Contains(out, " \\x     |     1\n \\x00ff |     1\n        |     1\n") {
		t.Errorf("raw:\n%s", out)
	}
}
