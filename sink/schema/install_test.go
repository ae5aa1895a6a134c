package schema_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/millrace/millrace/sink/schema"
)

func TestInstallTwice(t *testing.T) {
	conn := installed(t)
	if err := schema.Install(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	equal(t, lines(t, conn, "SELECT version::text FROM millrace.version"), strconv.Itoa(schema.Version))
	equal(t, lines(t, conn, `SELECT relname || ' ' || coalesce(reloptions::text, '') FROM pg_class
		WHERE relnamespace = 'millrace'::regnamespace AND relkind = 'r' ORDER BY 1`),
		"ledger {fillfactor=80}", "nodes {fillfactor=80}", "partitions {fillfactor=80}", "version ", "views ")
}

func TestInstallByManyNodes(t *testing.T) {
	url := newDatabase(t)
	var all sync.WaitGroup
	for range 8 {
		conn := connect(t, url)
		all.Go(func() {
			if err := schema.Install(t.Context(), conn); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	equal(t, lines(t, connect(t, url), "SELECT count(*)::text FROM millrace.version"), "1")
}

func TestInstallRefusals(t *testing.T) {
	conn := installed(t)
	execute(t, conn, "UPDATE millrace.version SET version = 99")
	e := refused(t, schema.Install(t.Context(), conn), "55000")
	if !strings.Contains(e.Message, "newer millrace") || e.Hint == "" {
		t.Fatalf("got %+v", e)
	}
	equal(t, lines(t, conn, "SELECT version::text FROM millrace.version"), "99")

	conn = connect(t, newDatabase(t))
	execute(t, conn, "CREATE SCHEMA millrace")
	refused(t, schema.Install(t.Context(), conn), "42P06")
}

// TestInstallUnderAnySearchPath shadows what the statements use.
func TestInstallUnderAnySearchPath(t *testing.T) {
	conn := connect(t, newDatabase(t))
	execute(t, conn, `CREATE SCHEMA mine; CREATE TABLE mine.version (x int);
		CREATE FUNCTION mine.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz';
		CREATE FUNCTION mine.left(text, int) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
		SET search_path = mine, pg_catalog`)
	if err := schema.Install(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	s := spec("v")
	ensure(t, conn, s)
	execute(t, conn, "INSERT INTO mine.v_mrel (_hash, k0, _error) VALUES (gen_random_uuid(), 'a', '22012 division by zero')")
	if _, err := conn.Exec(t.Context(), "SELECT n FROM mine.v"); refused(t, schema.SQLError(err), "22012").Message != "division by zero" {
		t.Fatal(err)
	}
	execute(t, conn, "SET search_path = ''")
	ensure(t, conn, s) // is where it was
	refused(t, schema.EnsureView(t.Context(), conn, spec("w"), always(schema.Unknown)), "3F000")
}
