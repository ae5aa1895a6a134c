package schema_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/sink/schema"
	"github.com/millrace/millrace/topology"
)

func writeOptimized(s schema.ViewSpec) schema.ViewSpec {
	s.Policy = topology.WriteOptimized
	return s
}

// recordedPlans are the plans of every SELECT that aggregator/query's tests accept
// and that PostgreSQL finishes without objects of a user's own.
func recordedPlans(t *testing.T) map[string]*query.Plan {
	t.Helper()
	file, err := os.Open("../../aggregator/query/testdata/analyses/pg15.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzip, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var recorded struct {
		Schema   query.Schema               `json:"schema"`
		Analyses map[string]*query.Analysis `json:"analyses"`
	}
	if err := json.NewDecoder(unzip).Decode(&recorded); err != nil {
		t.Fatal(err)
	}
	plans := map[string]*query.Plan{}
	for sql, analysis := range recorded.Analyses {
		plan, err := query.Build(analysis, recorded.Schema)
		if err == nil && !strings.Contains(fmt.Sprintf("%+v", plan.Output)+fmt.Sprintf("%+v", plan.Keys)+plan.Having, "analyse_o") {
			plans[sql] = plan
		}
	}
	return plans
}

// TestPoliciesShowTheSameColumns: v has the same columns, types, modifiers and
// collations under both policies, whatever the SELECT.
func TestPoliciesShowTheSameColumns(t *testing.T) {
	conn := installed(t)
	execute(t, conn, "CREATE SCHEMA w")
	plans := recordedPlans(t)
	if len(plans) < 80 {
		t.Fatalf("only %d plans", len(plans))
	}
	for sql, plan := range plans {
		tx, err := conn.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		read := spec("v")
		read.Plan = plan
		ensure(t, tx, read)
		execute(t, conn, "SET LOCAL search_path = w")
		write := writeOptimized(spec("v"))
		write.Plan = plan
		ensure(t, tx, write)
		columns := func(view string) []string {
			return lines(t, conn, fmt.Sprintf(`SELECT pg_catalog.concat_ws(' ', attname, atttypid, atttypmod, attcollation)
				FROM pg_catalog.pg_attribute WHERE attrelid = '%s'::pg_catalog.regclass AND attnum > 0 ORDER BY attnum`, view))
		}
		if got, want := columns("w.v"), columns("public.v"); len(want) != len(plan.Output) || strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s\ngot  %q\nwant %q", sql, got, want)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWriteOptimizedTable: a group has one row per shard.
func TestWriteOptimizedTable(t *testing.T) {
	conn := installed(t)
	ensure(t, conn, writeOptimized(spec("v")))
	equal(t, lines(t, conn, `SELECT attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull
		FROM pg_attribute WHERE attrelid = 'v_mrel'::regclass AND attnum > 0 ORDER BY attnum`),
		"_hash uuid true", "_shard integer true", "k0 text false", "n bigint false", "_error text false")
	equal(t, lines(t, conn, "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'v_mrel'::regclass"), "PRIMARY KEY (_hash, _shard)")
	const hash = "00000000-0000-0000-0000-00000000000"
	execute(t, conn, "INSERT INTO v_mrel VALUES ('"+hash+"1', 0, 'a', 2), ('"+hash+"1', 3, 'a', 3), ('"+hash+"2', 1, NULL, 4), ('"+hash+"2', 2, NULL, 5)")
	equal(t, lines(t, conn, "SELECT coalesce(k0, 'NULL') || ' ' || n FROM v ORDER BY k0"), "a 5", "NULL 9")
	// The view that someone dropped comes back as it was.
	execute(t, conn, "DELETE FROM millrace.views; DROP VIEW v; DROP TABLE v_mrel")
	s := writeOptimized(spec("v"))
	ensure(t, conn, s)
	execute(t, conn, "INSERT INTO v_mrel VALUES ('"+hash+"1', 0, 'a', 2), ('"+hash+"1', 3, 'a', 3); DROP VIEW v")
	ensure(t, conn, s)
	equal(t, lines(t, conn, "SELECT k0 || ' ' || n FROM v"), "a 5")
}

// TestWriteOptimizedUsesIndexes: a condition on a key goes through the
// combining down to an index of the table. PostgreSQL chooses freely.
func TestWriteOptimizedUsesIndexes(t *testing.T) {
	conn := installed(t)
	fill := func(s schema.ViewSpec, groups int, keys string) {
		ensure(t, conn, writeOptimized(s))
		table := pgx.Identifier{s.Name + "_mrel"}.Sanitize()
		execute(t, conn, fmt.Sprintf("INSERT INTO %s SELECT md5(g::text)::uuid, shard, %s, g FROM generate_series(1, %d) g, generate_series(0, 1) shard", table, keys, groups))
		execute(t, conn, "ANALYZE "+table)
	}
	fill(spec("single"), 50_000, "'key ' || g")
	fill(spec("double", datum.Int4), 10_000, "'key ' || g, g")
	varchar := spec("varchar")
	varchar.Plan.Output[0] = query.Output{Name: "k0", Type: "character varying", SQL: `"k0"::character varying`}
	varchar.Plan.Having = "n > 7"
	fill(varchar, 10_000, "'key ' || g")
	number := spec("number")
	number.Plan.Keys, number.Plan.Output = spec("", datum.Numeric).Plan.Keys[1:], append(spec("", datum.Numeric).Plan.Output[1:2:2], number.Plan.Output[1])
	fill(number, 10_000, "g / 100.0")
	for sql, want := range map[string]struct{ index, answer string }{
		"SELECT n FROM single WHERE k0 = 'key 500'":                          {"single_mrel_k0_idx", "1000"},
		"SELECT n FROM single WHERE k0 IN ('key 500', 'key 0', 'key -1')":    {"single_mrel_k0_idx", "1000"},
		"SELECT n FROM double WHERE k1 = 7":                                  {"double_mrel_k1_idx", "14"},
		"SELECT sum(n) FROM double WHERE k1 BETWEEN 7 AND 9":                 {"double_mrel_k1_idx", "48"},
		"SELECT n FROM double WHERE k0 = 'key 9'":                            {"double_mrel_k0_idx", "18"},
		"SELECT n FROM number WHERE k1 = 2.5000":                             {"number_mrel_k1_idx", "500"},
		`SELECT n FROM "varchar" WHERE k0 = 'key 500'`:                       {"varchar_mrel_k0_idx", "1000"},
		"SELECT k0 FROM double WHERE k1 = 7 AND n > 3":                       {"double_mrel_k1_idx", "key 7"},
		"SELECT d.n FROM (SELECT * FROM double WHERE n > 10) d WHERE k1 = 7": {"double_mrel_k1_idx", "14"},
	} {
		plan := strings.Join(lines(t, conn, "EXPLAIN "+sql), "\n")
		if !strings.Contains(plan, want.index) || strings.Contains(plan, "Seq Scan") {
			t.Errorf("%s:\n%s", sql, plan)
		}
		equal(t, lines(t, conn, "SELECT q::text FROM ("+sql+") AS t (q)"), want.answer)
	}
}
