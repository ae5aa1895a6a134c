package datum_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/internal/specimen"
)

// specimens is how many random values of each type are compared with PostgreSQL's.
const specimens = 1500

// TestValuesAsPostgreSQL walks every type, arrays too, over random and extreme texts:
// input and output, the canonical key's equality against =, the order against <, and
// the binary form in both directions.
func TestValuesAsPostgreSQL(t *testing.T) {
	seed := typesSeed(t)
	conn := orderedByBytes(t)
	for _, typ := range datum.AllTypes() {
		t.Run(typ.String(), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, uint64(typ)))
			left, right := randomTexts(rng, typ), randomTexts(rng, typ)
			a, b := inputs(t, typ, left), inputs(t, typ, right)
			comparePairs(t, conn, typ, left, right, a, b)
			compareWire(t, conn, typ, left, a)
		})
	}
}

// orderedByBytes connects to a database of the test's, where texts inside of jsonb
// are ordered by their bytes too.
func orderedByBytes(t *testing.T) *pgx.Conn {
	t.Helper()
	url := os.Getenv("MILLRACE_TEST_DATABASE_URL")
	if url == "" {
		t.Skip("MILLRACE_TEST_DATABASE_URL is not set: make test sets it")
	}
	ctx := context.Background()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	open := func() *pgx.Conn {
		conn, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	admin := open()
	t.Cleanup(func() { _ = admin.Close(ctx) })
	name := fmt.Sprintf("millrace_datum_%016x", rand.Uint64())
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	config.Database = name
	config.RuntimeParams["timezone"], config.RuntimeParams["client_encoding"] = "UTC", "UTF8"
	conn := open()
	t.Cleanup(func() { _ = conn.Close(ctx) })
	return conn
}

// typesSeed is that of MILLRACE_TYPES_SEED, or a new one.
func typesSeed(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if given := os.Getenv("MILLRACE_TYPES_SEED"); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("MILLRACE_TYPES_SEED=%d", seed)
	return seed
}

func randomTexts(rng *rand.Rand, typ datum.Type) []string {
	texts := make([]string, specimens)
	for i := range texts {
		texts[i] = specimen.Text(rng.IntN, typ)
	}
	return texts
}

// inputs reads texts as values.
func inputs(t *testing.T, typ datum.Type, texts []string) [][]byte {
	t.Helper()
	in := datum.Input{Type: typ, Typmod: datum.AnyTypmod}
	values := make([][]byte, len(texts))
	for i, text := range texts {
		value, err := in.Append(nil, []byte(text))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if !datum.ValidValue(value, typ) {
			t.Fatalf("%q is read as %x, which is no value", text, value)
		}
		values[i] = value
	}
	return values
}

// comparePairs compares output, keys and order.
func comparePairs(t *testing.T, conn *pgx.Conn, typ datum.Type, left, right []string, a, b [][]byte) {
	t.Helper()
	conditions := "NULL::boolean, NULL::boolean"
	switch {
	case typ == datum.Text, typ == datum.Bpchar, typ.Elem() == datum.Text, typ.Elem() == datum.Bpchar:
		conditions = `a = b, a COLLATE "C" < b COLLATE "C"`
	case typ.HasKey():
		conditions = "a = b, a < b"
	}
	rows, err := conn.Query(t.Context(), fmt.Sprintf(`SELECT format('%%s', a), %s FROM (SELECT x::%[2]s AS a, y::%[2]s AS b, i
		FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS s(x, y, i)) AS s ORDER BY i`, conditions, typ), left, right)
	if err != nil {
		t.Fatal(err)
	}
	var output string
	var equal, less *bool
	i := 0
	_, err = pgx.ForEachRow(rows, []any{&output, &equal, &less}, func() error {
		if got := string(datum.AppendOutput(nil, typ, a[i], nil)); got != output {
			t.Errorf("%q is printed as %q, PostgreSQL says %q", left[i], got, output)
		}
		if equal != nil {
			if got := bytes.Equal(datum.AppendKeyValue(nil, typ, a[i]), datum.AppendKeyValue(nil, typ, b[i])); got != *equal {
				t.Errorf("%q = %q: keys say %v, PostgreSQL %v", left[i], right[i], got, *equal)
			}
			if got := datum.CompareValues(typ, a[i], b[i]); got < 0 != *less || got == 0 != *equal {
				t.Errorf("%q < %q: compared as %d, PostgreSQL says %v", left[i], right[i], got, *less)
			}
		}
		i++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if i != len(left) {
		t.Errorf("%d rows", i)
	}
}

// compareWire compares the binary form that PostgreSQL sends, both ways.
func compareWire(t *testing.T, conn *pgx.Conn, typ datum.Type, texts []string, values [][]byte) {
	t.Helper()
	rows, err := conn.Query(t.Context(), fmt.Sprintf("SELECT x::%s FROM unnest($1::text[]) WITH ORDINALITY AS s(x, i) ORDER BY i", typ),
		pgx.QueryResultFormats{pgx.BinaryFormatCode}, texts)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for i := 0; rows.Next(); i++ {
		wire := rows.RawValues()[0]
		value, ok := datum.AppendFromWire(nil, typ, wire)
		if !ok || !bytes.Equal(value, values[i]) {
			t.Errorf("%q is sent as %x, which is read as %x (%v), want %x", texts[i], wire, value, ok, values[i])
		}
		if got := datum.AppendWire(nil, typ, values[i]); !bytes.Equal(got, wire) {
			t.Errorf("%q: %x is written, PostgreSQL sends %x", texts[i], got, wire)
		}
		if len(wire) > 0 && (typ.IsArray() || typ == datum.Inet) {
			if _, ok := datum.AppendFromWire(nil, typ, wire[:len(wire)-1]); ok {
				t.Errorf("%q: %x without its last byte is a value", texts[i], wire)
			}
		}
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
}
