package consumer

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/sink/analyse"
)

var update = flag.Bool("update", false, "record testdata/analysis.json from the PostgreSQL of MILLRACE_TEST_DATABASE_URL")

// testSelect is the view of this package's tests, over (k text, i bigint).
const testSelect = `SELECT k, count(*), sum(i), min(i) FROM events GROUP BY k`

// remoteSelect is the same with a function that only PostgreSQL knows; see
// [testEvaluator].
const remoteSelect = `SELECT k, count(*), sum(f(i)), min(f(i)) FROM events WHERE i < 450 GROUP BY k`

// testAnalysis returns what PostgreSQL made of testSelect, as recorded.
func testAnalysis(t testing.TB) json.RawMessage { return recorded(t, "testdata/analysis.json") }

// remoteAnalysis is of remoteSelect.
func remoteAnalysis(t testing.TB) json.RawMessage {
	return recorded(t, "testdata/analysis_remote.json")
}

func recorded(t testing.TB, name string) json.RawMessage {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestAnalysis records the analyses anew under -update, and else sees that the
// recorded ones are of the tests' SELECTs.
func TestAnalysis(t *testing.T) {
	for name, query := range map[string]string{"testdata/analysis.json": testSelect, "testdata/analysis_remote.json": remoteSelect} {
		if *update {
			record(t, name, query)
		}
		var a struct{ Select string }
		if err := json.Unmarshal(recorded(t, name), &a); err != nil || a.Select != query {
			t.Fatalf("%s is of %q (%v): run with -update", name, a.Select, err)
		}
	}
}

func record(t *testing.T, name, query string) {
	conn, err := pgx.Connect(t.Context(), os.Getenv("MILLRACE_TEST_DATABASE_URL"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `CREATE OR REPLACE FUNCTION public.f(bigint) RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN $1; END'`); err != nil {
		t.Fatal(err)
	}
	columns := []analyse.Column{{Name: "k", TypeText: "text"}, {Name: "i", TypeText: "bigint"}}
	a, err := analyse.Analyse(t.Context(), conn, analyse.Stream{Name: "events", Columns: columns}, query, 0)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.MarshalIndent(a, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(raw, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
