package session

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/cmd/millrace/internal/ddl"
	"github.com/millrace/millrace/integration/harness"
	"github.com/millrace/millrace/sink/analyse"
	"github.com/millrace/millrace/topology"
)

// kept is a Millrace that has streams and keeps what is written to them.
type kept struct {
	nothing
	streams map[string]*topology.Stream
	batches []*batch
	refuse  error // of Commit
	asked   []string
}

func (k *kept) Execute(context.Context, string) (ddl.Result, error) {
	return ddl.Result{Tag: "DONE"}, nil
}

func (k *kept) Stream(_ context.Context, name statement.Ref) (*topology.Stream, error) {
	k.asked = append(k.asked, name.Name)
	if name.Schema != "" {
		return nil, nil
	}
	return k.streams[name.Name], nil
}

func (k *kept) Write(_ context.Context, stream *topology.Stream, _ int64) (Records, error) {
	b := &batch{kept: k, stream: stream.Name}
	k.batches = append(k.batches, b)
	return b, nil
}

// batch is what one statement writes.
type batch struct {
	kept    *kept
	stream  string
	records []string
	end     string
}

func (b *batch) Add(_ context.Context, value []byte) error {
	if strings.Contains(string(value), "unwritable") {
		return errors.New("the broker refuses it")
	}
	b.records = append(b.records, string(value))
	return nil
}

func (b *batch) Records() int64 { return int64(len(b.records)) }

func (b *batch) Commit(context.Context) error {
	if b.kept.refuse == nil {
		b.end = "committed"
	}
	return b.kept.refuse
}

func (b *batch) Abort() {
	if b.end == "" {
		b.end = "aborted"
	}
}

// written prints what was written since the last time.
func (k *kept) written() string {
	var out strings.Builder
	for _, b := range k.batches {
		fmt.Fprintf(&out, "%d records of %s %s\n", len(b.records), b.stream, b.end)
		for _, r := range b.records {
			fmt.Fprintf(&out, "  %s\n", strings.ReplaceAll(r, "\n", "\\n"))
		}
	}
	k.batches = nil
	return out.String()
}

// define makes a stream as CREATE STREAM does, without a catalog.
func (k *kept) define(t *testing.T, url, sql string) {
	t.Helper()
	parsed, err := statement.Parse(sql)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	create := parsed.(*statement.CreateStream)
	columns, err := analyse.ResolveColumns(t.Context(), conn, create.Columns)
	if err != nil {
		t.Fatal(err)
	}
	stream := &topology.Stream{Name: create.Name, Topic: create.Name, Format: cmp.Or(create.Options["format"].Value, "json")}
	for _, c := range columns {
		stream.Columns = append(stream.Columns, topology.StreamColumn{Name: c.Name, Type: c.TypeName, OID: c.TypeOID, Typmod: c.Typmod, NotNull: c.NotNull, Kind: c.Kind, Enum: c.Enum})
	}
	k.streams[create.Name] = stream
}

// TestStreams runs testdata/streams. Commands: stream defines a stream, setup
// has PostgreSQL prepare something, run carries out a script and prints what is
// printed and what was written; stdin names the process's standard input.
func TestStreams(t *testing.T) {
	datadriven.Walk(t, "testdata/streams", func(t *testing.T, path string) {
		url := harness.Get(t).DatabaseURL(t)
		k := &kept{streams: map[string]*topology.Stream{}}
		stdin := ""
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "stream":
				k.define(t, url, d.Input)
				return ""
			case "stdin":
				stdin = d.Input
				if d.HasArg("newline") {
					stdin += "\n"
				}
				return ""
			}
			var out, errOut bytes.Buffer
			s := newSession(url, &out, &errOut)
			s.Millrace, s.In = k, strings.NewReader(stdin)
			defer s.Close()
			k.refuse = nil
			if d.HasArg("refused") {
				k.refuse = errors.New("the broker refuses the commit")
			}
			name := ""
			if d.HasArg("file") {
				name = "script.sql"
			}
			said := ""
			if err := s.Script(t.Context(), name, strings.NewReader(d.Input)); err != nil && !errors.Is(err, ErrReported) {
				said = "error: " + err.Error() + "\n"
			}
			if d.Cmd == "setup" {
				return errOut.String() + said
			}
			status := ""
			if s.InTransaction() {
				status = "in a transaction: " + string(s.TxStatus()) + "\n"
			}
			return strings.ReplaceAll(strings.ReplaceAll(out.String()+errOut.String()+said+k.written()+status, " \n", " $\n"), "\n\n", "\n$\n")
		})
	})
}

// TestTablesAreAskedForOnce proves that a script of many INSERTs into a table
// does not ask Kafka for each of them whether it is a stream.
func TestTablesAreAskedForOnce(t *testing.T) {
	url := harness.Get(t).DatabaseURL(t)
	k := &kept{streams: map[string]*topology.Stream{}}
	var out, errOut bytes.Buffer
	s := newSession(url, &out, &errOut)
	s.Millrace = k
	defer s.Close()
	err := s.Script(t.Context(), "", strings.NewReader(`CREATE TABLE plain (a int); INSERT INTO plain VALUES (1); INSERT INTO plain VALUES (2);
		COPY plain FROM STDIN; CREATE STREAM other (a int); INSERT INTO plain VALUES (3);`))
	if err != nil || strings.Join(k.asked, " ") != "plain plain" {
		t.Errorf("asked for %q, %v %s", k.asked, err, errOut.String())
	}
}

// TestRoundTrip inserts values of every type and reads the records back as
// PostgreSQL does it, which the decoder is compared with.
func TestRoundTrip(t *testing.T) {
	url := harness.Get(t).DatabaseURL(t)
	k := &kept{streams: map[string]*topology.Stream{}}
	const columns = `b boolean, s smallint, i integer, l bigint, r real, d double precision, n numeric, np numeric(12,3), t text, v varchar(5),
		day date, ts timestamp, tz timestamptz, span interval`
	k.define(t, url, "CREATE STREAM every ("+columns+")")
	table := "CREATE TABLE plain (" + columns + ")"
	values := []string{
		`(true, -32768, -2147483648, -9223372036854775808, '1e-45', '5e-324', '123456789012345678901234567890.000000001000', 12.3456, E'a\nb\t"\\/\x01ü😀', 'ä€x', '4713-01-01 BC', '294276-12-31 23:59:59.999999', '4713-01-01 00:00:00+00 BC', '-178000000 years')`,
		`(false, 32767, 2147483647, 9223372036854775807, '3.4028235e38', '1.7976931348623157e308', 'NaN', -0.0005, '', '', 'infinity', '-infinity', 'infinity', '1 mon -1 day 00:00:00.000001')`,
		`(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
		`(true, 1, 2, 3, 0.1, 0.1, 1e100, 1e5, 'null', 'null', '2001-02-03', '2001-02-03 04:05:06.7', '1900-01-01 00:00:00 Europe/Amsterdam', '1 day 02:03:04.5')`,
		`(true, 1, 2, 3, 'NaN', '-Infinity', '-Infinity', 'NaN', '{"a": 1}', '[1]', '0001-01-01', '0001-01-01 BC', '2001-02-03 04:05:06.7+05:45', '00:00')`,
		`(true, 1, 2, 3, 1e10::float8 / 3, 1::float8 / 3, 1.0 / 3, 1.50, '1.50', ' x ', now(), now(), now(), now() - '2001-02-03')`,
	}
	var out, errOut bytes.Buffer
	s := newSession(url, &out, &errOut)
	s.Millrace = k
	defer s.Close()
	// Whatever the session prints like, the records are the same.
	const settings = `SET datestyle = 'SQL, DMY'; SET intervalstyle = 'iso_8601'; SET timezone = 'Asia/Kathmandu'; SET extra_float_digits = -10; SET bytea_output = 'escape';`
	insert := " VALUES " + strings.Join(values, ", ") + ";"
	if err := s.Script(t.Context(), "", strings.NewReader(table+";"+settings+"INSERT INTO plain"+insert+"INSERT INTO every"+insert)); err != nil {
		t.Fatal(err, errOut.String())
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for i, record := range k.batches[0].records {
		var same bool
		// now() differs between the two statements.
		err := conn.QueryRow(t.Context(), `SELECT (to_jsonb(json_populate_record(NULL::plain, $1)) - ARRAY['ts', 'tz', 'span'] = to_jsonb(p) - ARRAY['ts', 'tz', 'span'])
			AND ($2 OR json_populate_record(NULL::plain, $1) IS NOT DISTINCT FROM p) FROM plain p OFFSET $3 LIMIT 1`, record, i == len(values)-1, i).Scan(&same)
		if err != nil || !same {
			t.Errorf("row %d, %s, written as %s: %v", i, values[i], record, err)
		}
	}
}
