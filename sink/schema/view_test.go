package schema_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/sink/schema"
	"github.com/millrace/millrace/topology"
)

func TestEnsureView(t *testing.T) {
	conn := installed(t)
	s := spec("v", datum.Date, datum.Numeric, datum.Bool)
	s.Select = `SELECT '\ it''s'`
	ensure(t, conn, s)
	execute(t, conn, "INSERT INTO v_mrel (_hash, k0) VALUES (gen_random_uuid(), 'a')")
	ensure(t, conn, s)
	equal(t, lines(t, conn, "SELECT k0 || n FROM v"), "a0")
	equal(t, lines(t, conn, `SELECT attname || ' ' || format_type(atttypid, atttypmod) || ' ' || coalesce(collname, '')
		FROM pg_attribute LEFT JOIN pg_collation c ON c.oid = attcollation WHERE attrelid = 'v_mrel'::regclass AND attnum > 0 ORDER BY attnum`),
		"_hash uuid ", "k0 text C", "k1 date ", "k2 numeric ", "k3 boolean ", "n bigint ", "_error text default")
	equal(t, lines(t, conn, "SELECT replace(indexdef, 'public.', '') FROM pg_indexes WHERE tablename = 'v_mrel' ORDER BY 1"),
		"CREATE INDEX v_mrel_k0_idx ON v_mrel USING spgist (k0)", "CREATE INDEX v_mrel_k1_k3_idx ON v_mrel USING btree (k1, k3)",
		"CREATE UNIQUE INDEX v_mrel_pkey ON v_mrel USING btree (_hash)")
	equal(t, lines(t, conn, "SELECT obj_description('v'::regclass)"), `Millrace continuous view "v": SELECT '\ it''s'`)
	equal(t, lines(t, conn, "SELECT reloptions::text FROM pg_class WHERE oid = 'v_mrel'::regclass"), "{fillfactor=80}")
}

// TestEnsureViewUnwanted: nothing is made for a view that was dropped meanwhile,
// and a view whose relations are there is not asked about.
func TestEnsureViewUnwanted(t *testing.T) {
	conn := installed(t)
	s := spec("v")
	dropped := errors.New("dropped")
	s.Wanted = func(context.Context) error { return dropped }
	if err := schema.EnsureView(t.Context(), conn, s, always(schema.Live)); !errors.Is(err, dropped) {
		t.Fatalf("got %v", err)
	}
	equal(t, lines(t, conn, "SELECT count(*)::text FROM pg_class WHERE relname IN ('v', 'v_mrel')"), "0")
	s.Wanted = nil
	ensure(t, conn, s)
	s.Wanted = func(context.Context) error { return dropped }
	ensure(t, conn, s)
}

// TestEnsureViewKeepsTypes: the guard against groups in error changes no type.
func TestEnsureViewKeepsTypes(t *testing.T) {
	conn := installed(t)
	s := spec("v")
	types := []string{"numeric(10,2)", "character varying(5)", "timestamp(3) without time zone", "interval", "double precision", "text", "date", "integer[]"}
	for _, typ := range types {
		s.Plan.Output = append(s.Plan.Output, query.Output{Name: typ, Type: typ, SQL: "NULL::" + typ})
	}
	ensure(t, conn, s)
	equal(t, lines(t, conn, "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'v'::regclass AND attnum > 2 ORDER BY attnum"), types...)
}

// TestViewUsesIndexes: a view's guard does not hide its key columns from indexes.
func TestViewUsesIndexes(t *testing.T) {
	conn := installed(t)
	ensure(t, conn, spec("single"))
	ensure(t, conn, spec("double", datum.Int4))
	varchar := spec("varchar")
	varchar.Plan.Output[0] = query.Output{Name: "k0", Type: "character varying", SQL: `"k0"::character varying`}
	ensure(t, conn, varchar)
	execute(t, conn, "SET enable_seqscan = off; SET enable_bitmapscan = off")
	for query, index := range map[string]string{
		"SELECT n FROM single WHERE k0 = 'a'":    "single_mrel_k0_idx",
		`SELECT n FROM "varchar" WHERE k0 = 'a'`: "varchar_mrel_k0_idx",
		"SELECT n FROM double WHERE k1 = 5":      "double_mrel_k1_idx",
		"SELECT n FROM double WHERE k0 = 'a'":    "double_mrel_k0_idx",
	} {
		if plan := strings.Join(lines(t, conn, "EXPLAIN "+query), "\n"); !strings.Contains(plan, index) {
			t.Errorf("%s:\n%s", query, plan)
		}
	}
}

func TestEnsureViewByManyNodes(t *testing.T) {
	url := newDatabase(t)
	if err := schema.Install(t.Context(), connect(t, url)); err != nil {
		t.Fatal(err)
	}
	s := spec("v")
	var all sync.WaitGroup
	for range 8 {
		conn := connect(t, url)
		all.Go(func() {
			if err := schema.EnsureView(t.Context(), conn, s, always(schema.Unknown)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// TestForeignRelations: relations that are not this view's are never touched.
func TestForeignRelations(t *testing.T) {
	conn := installed(t)
	for _, ddl := range []string{
		"CREATE TABLE v (x int)", "CREATE TABLE v_mrel (x int)", "CREATE VIEW v AS SELECT 1 AS x", "CREATE SEQUENCE v_mrel", "CREATE MATERIALIZED VIEW v AS SELECT 1 AS x",
	} {
		execute(t, conn, "BEGIN; "+ddl)
		e := refused(t, schema.EnsureView(t.Context(), conn, spec("v"), always(schema.Dropped)), "42P07")
		if e.Hint == "" || !strings.Contains(e.Detail, "not Millrace's") {
			t.Fatalf("%s: %+v", ddl, e)
		}
		execute(t, conn, "ROLLBACK")
	}
}

// TestNameOfAnotherView: the relations of another continuous view give way only where
// it is known to be dropped.
func TestNameOfAnotherView(t *testing.T) {
	conn := installed(t)
	old := spec("v")
	ensure(t, conn, old)
	execute(t, conn, "INSERT INTO v_mrel (_hash) VALUES (gen_random_uuid())")
	for _, known := range []schema.State{schema.Unknown, schema.Live} {
		e := refused(t, schema.EnsureView(t.Context(), conn, spec("v"), always(known)), "42P07")
		if !strings.Contains(e.Detail, old.ID.String()) {
			t.Fatalf("got %+v", e)
		}
	}
	elsewhere := spec("v")
	elsewhere.Cluster = "other"
	refused(t, schema.EnsureView(t.Context(), conn, elsewhere, always(schema.Dropped)), "42P07")

	young := spec("v")
	if err := schema.EnsureView(t.Context(), conn, young, always(schema.Dropped)); err != nil {
		t.Fatal(err)
	}
	equal(t, lines(t, conn, "SELECT count(*)::text FROM v_mrel"), "0")
	// Who comes late with the old one's drop does no harm.
	if err := schema.DropView(t.Context(), conn, old.Cluster, old.ID, true); err != nil {
		t.Fatal(err)
	}
	equal(t, lines(t, conn, "SELECT name FROM millrace.views"), "v")
	ensure(t, conn, young)
}

func TestKnownFrom(t *testing.T) {
	c := topology.NewCatalog()
	live := topology.View{ID: topology.ViewID{1}, Name: "v", Shards: 1, Partitions: 1, Created: 3}
	c.Apply(&topology.Record{Version: 1, Revision: 3, Kind: topology.KindView, Name: "v", View: &live})
	known := schema.KnownFrom(c)
	for id, want := range map[topology.ViewID][2]schema.State{
		{1}: {schema.Live, schema.Live}, {2}: {schema.Dropped, schema.Unknown},
	} {
		if got := [2]schema.State{known(id, 3), known(id, 4)}; got != want {
			t.Errorf("%v: %v", id, got)
		}
	}
}

func TestCheckView(t *testing.T) {
	conn := installed(t)
	good := spec("v")
	if err := schema.CheckView(t.Context(), conn, good, always(schema.Unknown)); err != nil {
		t.Fatal(err)
	}
	equal(t, lines(t, conn, "SELECT relname FROM pg_class WHERE relname IN ('v', 'v_mrel')"))
	equal(t, lines(t, conn, "SELECT name FROM millrace.views"))

	bad := spec("v")
	bad.Plan.Output[1].SQL = "nonsense(n)"
	refused(t, schema.CheckView(t.Context(), conn, bad, always(schema.Unknown)), "42883")
	refused(t, schema.CheckView(t.Context(), conn, spec(strings.Repeat("x", 59)), always(schema.Unknown)), "42622")
	if err := schema.CheckView(t.Context(), conn, spec(strings.Repeat("x", 58)), always(schema.Unknown)); err != nil {
		t.Fatal(err)
	}
}

func TestViewNeedsPrivileges(t *testing.T) {
	conn := installed(t)
	execute(t, conn, "BEGIN; CREATE ROLE millrace_weak; GRANT ALL ON ALL TABLES IN SCHEMA millrace TO millrace_weak; SET ROLE millrace_weak")
	refused(t, schema.CheckView(t.Context(), conn, spec("v"), always(schema.Unknown)), "42501")
	execute(t, conn, "ROLLBACK")
}

func TestDropView(t *testing.T) {
	conn := installed(t)
	s := spec(`odd "name"`)
	ensure(t, conn, s)
	execute(t, conn, `CREATE VIEW mine AS SELECT * FROM "odd ""name"""`)
	e := refused(t, schema.DropView(t.Context(), conn, s.Cluster, s.ID, false), "2BP01")
	if !strings.Contains(e.Detail, "view mine depends on") || e.Hint == "" {
		t.Fatalf("got %+v", e)
	}
	if err := schema.DropView(t.Context(), conn, "another", s.ID, true); err != nil {
		t.Fatal(err)
	}
	ensure(t, conn, s)
	for range 2 {
		if err := schema.DropView(t.Context(), conn, s.Cluster, s.ID, true); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, lines(t, conn, "SELECT relname FROM pg_class WHERE relname IN ('odd \"name\"', 'odd \"name\"_mrel', 'mine')"))
	equal(t, lines(t, conn, "SELECT name FROM millrace.views"))
}

// TestRelationsDroppedByHand: the view comes back, the table cannot.
func TestRelationsDroppedByHand(t *testing.T) {
	conn := installed(t)
	s := spec("v")
	ensure(t, conn, s)
	execute(t, conn, "INSERT INTO v_mrel (_hash, k0) VALUES (gen_random_uuid(), 'a'); DROP VIEW v")
	ensure(t, conn, s)
	equal(t, lines(t, conn, "SELECT k0 FROM v"), "a")
	ensure(t, conn, s)
	execute(t, conn, "DROP TABLE v_mrel CASCADE")
	refused(t, schema.EnsureView(t.Context(), conn, s, always(schema.Unknown)), "42P01")
	if err := schema.DropView(t.Context(), conn, s.Cluster, s.ID, false); err != nil {
		t.Fatal(err)
	}
	ensure(t, conn, s)
}

// TestRowFromTheStart: a view without GROUP BY shows its row before any event.
func TestRowFromTheStart(t *testing.T) {
	conn := installed(t)
	s := spec("v")
	s.Plan.Keys = nil
	s.Plan.Aggregates = append(s.Plan.Aggregates, query.Aggregate{
		Function: &agg.Function{States: []agg.State{{Type: datum.Numeric, Merge: agg.MergeAdd, Zero: "NULL"}}}, Columns: []string{"total"},
	})
	s.Plan.Output = []query.Output{{Name: "n", Type: "bigint", SQL: "n"}, {Name: "total", Type: "numeric", SQL: "total"}}
	ensure(t, conn, s)
	ensure(t, conn, s)
	equal(t, lines(t, conn, "SELECT n || coalesce(total::text, ' nothing') FROM v"), "0 nothing")
	s = spec("w")
	s.Plan.Keys, s.Plan.Output, s.Plan.Having = nil, s.Plan.Output[1:], "n > 0"
	ensure(t, conn, s)
	equal(t, lines(t, conn, "SELECT n::text FROM w"))
}

// TestLookup finds relations by id under whatever name.
func TestLookup(t *testing.T) {
	conn := installed(t)
	s := spec("v")
	if rel, err := schema.Lookup(t.Context(), conn, s.Cluster, s.ID); err != nil || rel != (schema.Relations{}) {
		t.Fatalf("%+v, %v", rel, err)
	}
	ensure(t, conn, s)
	execute(t, conn, `CREATE SCHEMA "My"; ALTER TABLE v_mrel SET SCHEMA "My"; ALTER VIEW v RENAME TO "W"`)
	rel, err := schema.Lookup(t.Context(), conn, s.Cluster, s.ID)
	if err != nil || rel != (schema.Relations{Registered: true, Schema: "My", View: `public."W"`, Mrel: `"My".v_mrel`}) {
		t.Fatalf("%+v, %v", rel, err)
	}
}

func TestSQLErrorPassesOthers(t *testing.T) {
	other := errors.New("other")
	if schema.SQLError(other) != other || schema.SQLError(nil) != nil {
		t.Fatal("changed")
	}
}
