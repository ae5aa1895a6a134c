package analyse

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
)

// objects are what a database's users have made, for row programs to name. The
// names of the tables' columns are no stream's.
const objects = `
	DROP SCHEMA IF EXISTS analyse_own CASCADE;
	DROP SCHEMA IF EXISTS analyse_other CASCADE;
	CREATE SCHEMA analyse_own;
	CREATE SCHEMA analyse_other;
	SET LOCAL search_path = analyse_own, public;
	CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
	CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
	CREATE DOMAIN digits AS text CHECK (VALUE ~ '^[0-9]+$');
	CREATE DOMAIN small AS integer;
	CREATE TYPE pair AS (a integer, b text);
	CREATE TYPE span AS RANGE (subtype = integer);
	CREATE FUNCTION twice(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT $1 * 2';
	CREATE FUNCTION label(k integer) RETURNS text LANGUAGE plpgsql AS $f$BEGIN RETURN 'k' || (k % 3); END$f$;
	CREATE FUNCTION make_pair(a integer, b text) RETURNS pair LANGUAGE sql AS 'SELECT ROW(a, b)::pair';
	CREATE FUNCTION analyse_other.near(a bigint, b bigint) RETURNS boolean LANGUAGE sql AS 'SELECT abs(a - b) < 3';
	CREATE OPERATOR analyse_other.=~ (FUNCTION = analyse_other.near, LEFTARG = bigint, RIGHTARG = bigint);
	CREATE TABLE town (k integer PRIMARY KEY, name text NOT NULL, weight numeric, region integer);
	INSERT INTO town SELECT k, 'town ' || k % 4, k * 1.5, CASE WHEN k % 3 > 0 THEN k % 3 END FROM generate_series(0, 9) k;
	CREATE TABLE region (id integer, region text);
	INSERT INTO region VALUES (1, 'north'), (2, 'south'), (2, 'far south'), (3, 'nowhere');
	CREATE TABLE "Odd Name" (t text, "Value" integer);
	INSERT INTO "Odd Name" VALUES ('0', 10), ('1', 11), ('1', 12), (NULL, 13)`

// makeObjects makes them and sets the connection's search_path.
func makeObjects(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	ctx := context.Background()
	var there bool
	if err := conn.QueryRow(ctx, `SELECT to_regclass('analyse_own."Odd Name"') IS NOT NULL AND to_regcollation('analyse_own.loose') IS NOT NULL`).Scan(&there); err != nil {
		t.Fatal(err)
	}
	if !there {
		if _, err := conn.Exec(ctx, "BEGIN; "+objects+"; COMMIT"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.Exec(ctx, `SET search_path = analyse_own, public`); err != nil {
		t.Fatal(err)
	}
}
