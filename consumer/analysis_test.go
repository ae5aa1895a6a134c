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

// testAnalysis returns what PostgreSQL made of testSelect, as recorded.
func testAnalysis(t testing.TB) json.RawMessage {
	t.Helper()
	raw, err := os.ReadFile("testdata/analysis.json")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestAnalysis records the analysis anew under -update, and else sees that the
// recorded one is of testSelect.
func TestAnalysis(t *testing.T) {
	if !*update {
		var a struct{ Select string }
		if err := json.Unmarshal(testAnalysis(t), &a); err != nil || a.Select != testSelect {
			t.Fatalf("recorded analysis is of %q (%v): run with -update", a.Select, err)
		}
		return
	}
	conn, err := pgx.Connect(t.Context(), os.Getenv("MILLRACE_TEST_DATABASE_URL"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	columns := []analyse.Column{{Name: "k", TypeText: "text"}, {Name: "i", TypeText: "bigint"}}
	a, err := analyse.Analyse(t.Context(), conn, analyse.Stream{Name: "events", Columns: columns}, testSelect, 0)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.MarshalIndent(a, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("testdata/analysis.json", append(raw, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
