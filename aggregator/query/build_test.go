package query

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/millrace/millrace/aggregator/datum"
)

// recorded returns an analysis of testdata that the caller may change.
func recorded(t *testing.T, sql string) (*Analysis, Schema) {
	for _, r := range recordings(t) {
		if a, ok := r.Analyses[sql]; ok {
			copied := *a
			return &copied, slices.Clone(r.Schema)
		}
	}
	t.Fatalf("%s is not recorded", sql)
	return nil, nil
}

func code(err error) string {
	var pure *datum.Error
	if errors.As(err, &pure) {
		return pure.Code
	}
	return ""
}

// A stream may get columns after a view was made, anywhere in its schema.
func TestSchemaMayGrow(t *testing.T) {
	a, schema := recorded(t, "SELECT t, count(*) FROM s GROUP BY t")
	before, err := Build(a, schema)
	if err != nil {
		t.Fatal(err)
	}
	grown := append(Schema{{Name: "new", Type: datum.Int4, Typmod: -1}}, schema...)
	after, err := Build(a, grown)
	if err != nil {
		t.Fatal(err)
	}
	if len(before.Columns) != 1 || len(after.Columns) != 1 || after.Columns[0] != before.Columns[0]+1 {
		t.Errorf("columns %v, then %v", before.Columns, after.Columns)
	}
	if before.Describe() != after.Describe() {
		t.Errorf("%s\nis now\n%s", before.Describe(), after.Describe())
	}
}

func TestSchemaThatDoesNotFit(t *testing.T) {
	a, schema := recorded(t, "SELECT t, count(*) FROM s GROUP BY t")
	at := slices.IndexFunc(schema, func(c SchemaColumn) bool { return c.Name == "t" })
	without := slices.Delete(slices.Clone(schema), at, at+1)
	if _, err := Build(a, without); code(err) != datum.CodeUndefinedColumn {
		t.Errorf("without the column: %v", err)
	}
	schema[at].Type = datum.Int4
	if _, err := Build(a, schema); code(err) != datum.CodeInvalidObjectState {
		t.Errorf("with another type: %v", err)
	}
}

// The catalog keeps analyses as JSON.
func TestAnalysisSurvivesJSON(t *testing.T) {
	a, schema := recorded(t, "SELECT round(avg(n), 2) AS r, trunc(avg(f8)) AS t FROM s")
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var again Analysis
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	one, err1 := Build(a, schema)
	two, err2 := Build(&again, schema)
	if err1 != nil || err2 != nil || one.Describe() != two.Describe() {
		t.Errorf("%v %v", err1, err2)
	}
}

// Positions count from the start of the statement that the SELECT stands in.
func TestOffsetMovesPositions(t *testing.T) {
	sql := "SELECT count(*) FROM s WHERE to_char(d, 'D') = '1'"
	a, schema := recorded(t, sql)
	a.Offset, a.Program = 100, nil
	_, err := Build(a, schema)
	var pure *datum.Error
	if !errors.As(err, &pure) || pure.Position != 100+strings.Index(sql, "to_char")+1 {
		t.Errorf("%+v", err)
	}
}

func TestBrokenTrees(t *testing.T) {
	a, schema := recorded(t, "SELECT count(*) FROM s")
	for _, tree := range []string{"", "<>", "()", "({QUERY})", "({QUERY :jointree {FROMEXPR :fromlist <>}})", "({SELECT})", "(", "{QUERY :a}"} {
		a.Tree = tree
		if _, err := Build(a, schema); code(err) != "XX000" && code(err) != datum.CodeFeatureNotSupported {
			t.Errorf("%q: %v", tree, err)
		}
	}
}
