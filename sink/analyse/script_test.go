package analyse

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/topology"
)

var record = flag.Bool("record", false, "write what this PostgreSQL answers into the testdata of aggregator/query")

const queryTestdata = "../../aggregator/query/testdata"

// connect opens a connection to the test database.
func connect(t *testing.T) *pgx.Conn {
	url := os.Getenv("MILLRACE_TEST_DATABASE_URL")
	if url == "" {
		t.Fatal("MILLRACE_TEST_DATABASE_URL is not set: run the tests with make test, which starts a PostgreSQL and sets it")
	}
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// testStream has a column of every type, and a stream's metadata columns.
func testStream(t *testing.T, conn *pgx.Conn) (Stream, query.Schema) {
	makeObjects(t, conn)
	stream, schema := resolved(t, conn, `CREATE STREAM s (bo boolean, i2 smallint, i4 integer, i8 bigint, f4 real, f8 double precision, n numeric,
		n2 numeric(10,2), t text, v varchar(5), d date, ts timestamp, tz timestamptz, i interval)`)
	for _, m := range topology.MetadataColumns() {
		of, _ := datum.TypeOf(m.OID)
		stream.Columns = append(stream.Columns, Column{Name: m.Name, TypeText: m.Type, Hidden: true})
		schema = append(schema, query.SchemaColumn{Name: m.Name, Type: of, Typmod: -1, Metadata: true})
	}
	return stream, schema
}

func resolved(t *testing.T, conn *pgx.Conn, create string) (Stream, query.Schema) {
	parsed, err := statement.Parse(create)
	if err != nil {
		t.Fatal(err)
	}
	columns, err := ResolveColumns(context.Background(), conn, parsed.(*statement.CreateStream).Columns)
	if err != nil {
		t.Fatal(err)
	}
	stream, schema := Stream{Name: parsed.(*statement.CreateStream).Name}, query.Schema{}
	for _, c := range columns {
		stream.Columns = append(stream.Columns, Column{Name: c.Name, TypeText: c.TypeName, NotNull: c.NotNull})
		schema = append(schema, query.SchemaColumn{Name: c.Name, Type: c.Type, Typmod: c.Typmod, NotNull: c.NotNull})
	}
	return stream, schema
}

// recording is what aggregator/query's tests read.
type recording struct {
	Schema   query.Schema               `json:"schema"`
	Analyses map[string]*query.Analysis `json:"analyses"`
	Errors   map[string]*datum.Error    `json:"errors"`
}

// TestScripts runs the scripts of aggregator/query against the live PostgreSQL:
// every version must give the plans and errors that stand there.
func TestScripts(t *testing.T) {
	ctx := context.Background()
	conn := connect(t)
	stream, schema := testStream(t, conn)
	all := recording{schema, map[string]*query.Analysis{}, map[string]*datum.Error{}}
	version := 0
	datadriven.Walk(t, queryTestdata+"/scripts", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			analysis, err := Analyse(ctx, conn, stream, d.Input, 0)
			var failed *datum.Error
			switch {
			case errors.As(err, &failed):
				all.Errors[d.Input] = failed
				return failure(d.Input, err)
			case err != nil:
				t.Fatal(err)
			}
			all.Analyses[d.Input] = analysis
			version = analysis.ServerVersion / 10000
			plan, err := query.Build(analysis, schema)
			if err != nil {
				return failure(d.Input, err)
			}
			return plan.Describe()
		})
	})
	if *record {
		write(t, fmt.Sprintf("%s/analyses/pg%d.json.gz", queryTestdata, version), all)
	}
}

func write(t *testing.T, path string, all recording) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	zip, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(json.NewEncoder(zip).Encode(all), zip.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
}

// failure prints an error as psql does, the line and the caret included.
func failure(sql string, err error) string {
	var pure *datum.Error
	if !errors.As(err, &pure) {
		return "not a datum.Error: " + err.Error() + "\n"
	}
	out := fmt.Sprintf("ERROR: %s: %s\n", pure.Code, pure.Message)
	if pure.Position > 0 {
		before := []rune(sql + " ")[:pure.Position-1]
		line := strings.Count(string(before), "\n")
		column := len(before) - len([]rune(string(before)[:strings.LastIndex(string(before), "\n")+1]))
		out += fmt.Sprintf("LINE %d: %s\n%s^\n", line+1, strings.Split(sql, "\n")[line], strings.Repeat(" ", column+len("LINE 1: ")))
	}
	if pure.Detail != "" {
		out += "DETAIL: " + pure.Detail + "\n"
	}
	if pure.Hint != "" {
		out += "HINT: " + pure.Hint + "\n"
	}
	return out
}
