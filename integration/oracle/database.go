package oracle

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// Database is the PostgreSQL that answers: plain tables with the streams' rows
// in the schema plain, and without the early ones in plain_latest.
type Database struct {
	conn    *pgx.Conn
	ordered bool // the database's own collation orders text by bytes
}

// The schemas of the plain tables.
const (
	plainSchema  = "plain"
	latestSchema = "plain_latest"
)

// Fill makes the plain tables of a corpus. PostgreSQL itself reads the records,
// by json_populate_record. The connection stays the caller's.
func Fill(ctx context.Context, conn *pgx.Conn, corpus *Corpus) (*Database, error) {
	d := &Database{conn: conn}
	if err := conn.QueryRow(ctx, "SELECT 'B'::text < 'a' AND 'z'::text < 'é' AND 'ａ'::text < '😀'").Scan(&d.ordered); err != nil {
		return nil, err
	}
	if err := MakeObjects(ctx, conn, corpus); err != nil {
		return nil, err
	}
	for _, schema := range []string{plainSchema, latestSchema} {
		if err := d.exec(ctx, "CREATE SCHEMA "+schema); err != nil {
			return nil, err
		}
	}
	for _, s := range corpus.Streams {
		if err := d.fill(ctx, s); err != nil {
			return nil, fmt.Errorf("plain table of stream %s: %w", s.Name, err)
		}
	}
	return d, nil
}

// MakeObjects carries out what the scripts make in a database besides streams, in
// the schema public.
func MakeObjects(ctx context.Context, conn *pgx.Conn, corpus *Corpus) error {
	for _, sql := range corpus.Objects {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

func (d *Database) exec(ctx context.Context, sql string, args ...any) error {
	if _, err := d.conn.Exec(ctx, sql, args...); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

// byteOrder gives every text column of a table the order that Millrace keeps,
// where the database's own is another. Letters beyond ASCII have no case then.
const byteOrder = `DO $do$ DECLARE c record; BEGIN
	FOR c IN SELECT attname, format_type(atttypid, atttypmod) AS type FROM pg_attribute
		WHERE attrelid = '%[1]s'::regclass AND attnum > 0 AND attcollation <> 0
	LOOP EXECUTE format('ALTER TABLE %[1]s ALTER %%I TYPE %%s COLLATE "C"', c.attname, c.type); END LOOP;
END $do$`

func (d *Database) fill(ctx context.Context, s *Stream) error {
	for _, schema := range []string{plainSchema, latestSchema} {
		table := pgx.Identifier{schema, s.Name}.Sanitize()
		if err := d.exec(ctx, fmt.Sprintf("CREATE TABLE %s (%s%s)", table, s.Columns, s.metadataColumns())); err != nil {
			return err
		}
		if !d.ordered {
			if err := d.exec(ctx, fmt.Sprintf(byteOrder, table)); err != nil {
				return err
			}
		}
		if err := d.rows(ctx, s, table, schema == plainSchema); err != nil {
			return err
		}
		if err := d.exec(ctx, "ANALYZE "+table); err != nil {
			return err
		}
	}
	return nil
}

// Answer is what a SELECT gives: columns and rows, or an SQLSTATE.
type Answer struct {
	Columns []Column
	Rows    [][]string
	Code    string
}

// Column is a column of an answer.
type Column struct {
	Name   string
	OID    uint32 // 0 of a type that users have made, which is another in each database
	Typmod int32
	Type   string // of such a type its name
}

// firstUserOID is PostgreSQL's FirstNormalObjectId.
const firstUserOID = 16384

// null is how an answer's rows show NULL: no text of PostgreSQL is like it.
const null = "\x00NULL"

// Expected returns PostgreSQL's own answer to a case's SELECT, without the
// rows that an expectation sets apart.
func (d *Database) Expected(ctx context.Context, c *Case) (*Answer, error) {
	schema := plainSchema
	if c.Latest {
		schema = latestSchema
	}
	if e, ok := c.expects("group"); ok {
		whole, err := d.ask(ctx, schema, c.Select, nil)
		if err != nil {
			return nil, err
		}
		if whole.Code != e.Code {
			return nil, fmt.Errorf("PostgreSQL raises %q, not %s", whole.Code, e.Code)
		}
	}
	var apart []string
	for _, e := range c.Expect {
		if e.Kind != "error" {
			apart = append(apart, "coalesce(("+e.Text+"), false)")
		}
	}
	if len(apart) > 0 {
		own := pgx.Identifier{"case_" + c.Name}.Sanitize()
		sql := fmt.Sprintf("CREATE SCHEMA %[1]s; CREATE VIEW %[1]s.%[2]s AS SELECT * FROM %[3]s.%[2]s WHERE NOT (%[4]s)",
			own, pgx.Identifier{c.Stream.Name}.Sanitize(), schema, strings.Join(apart, " OR "))
		if err := d.exec(ctx, sql); err != nil {
			return nil, err
		}
		schema = own
	}
	answer, err := d.ask(ctx, schema, c.Select, c.Loose)
	if err == nil && answer.Code != "" {
		err = fmt.Errorf("PostgreSQL raises %s", answer.Code)
	}
	return answer, err
}

// Got returns what a case's view in a schema shows, and the SQLSTATE that
// reading the groups set apart raises, "" where none is expected or raised.
func (d *Database) Got(ctx context.Context, schema string, c *Case) (answer *Answer, raised string, err error) {
	sql := "SELECT * FROM " + pgx.Identifier{c.Name}.Sanitize()
	if e, ok := c.expects("group"); ok {
		whole, err := d.ask(ctx, schema, sql, nil)
		if err != nil {
			return nil, "", err
		}
		raised = whole.Code
		sql += " WHERE NOT coalesce((" + e.Text + "), false)"
	}
	answer, err = d.ask(ctx, schema, sql, c.Loose)
	return answer, raised, err
}

// DeadWanted returns how many dead letters a case must leave by evaluation.
func (d *Database) DeadWanted(ctx context.Context, c *Case) (map[string]int, error) {
	want := map[string]int{}
	schema := plainSchema
	if c.Latest {
		schema = latestSchema
	}
	for _, e := range c.Expect {
		if e.Kind != "dead" {
			continue
		}
		var n int
		counted := "*"
		if c.Stream.Kafka { // a record may have several rows
			counted = "DISTINCT _offset"
		}
		sql := fmt.Sprintf("SELECT count(%s) FROM %s.%s WHERE %s", counted, schema, pgx.Identifier{c.Stream.Name}.Sanitize(), e.Text)
		if err := d.conn.QueryRow(ctx, sql).Scan(&n); err != nil {
			return nil, fmt.Errorf("%s: %w", sql, err)
		}
		want[e.Code] += n
	}
	return want, nil
}

// ask carries out a SELECT with a search_path.
func (d *Database) ask(ctx context.Context, schema, sql string, loose []int) (*Answer, error) {
	if err := d.exec(ctx, "SET search_path = "+schema+", public"); err != nil {
		return nil, err
	}
	described, err := d.conn.Prepare(ctx, "", sql)
	if err != nil {
		return failed(err)
	}
	answer := &Answer{}
	var names, shown []string
	for i, f := range described.Fields {
		column := Column{f.Name, f.DataTypeOID, f.TypeModifier, ""}
		if f.DataTypeOID >= firstUserOID {
			column.OID = 0
			if err := d.conn.QueryRow(ctx, "SELECT format_type($1, NULL)", f.DataTypeOID).Scan(&column.Type); err != nil {
				return nil, err
			}
		}
		answer.Columns = append(answer.Columns, column)
		names = append(names, fmt.Sprintf("c%d", i+1))
		shown = append(shown, fmt.Sprintf(look(f.DataTypeOID, contains(loose, i+1)), names[i]))
	}
	all, err := d.conn.Query(ctx, fmt.Sprintf("SELECT %s FROM (%s\n) AS q(%s)", strings.Join(shown, ", "), sql, strings.Join(names, ", ")))
	if err != nil {
		return failed(err)
	}
	answer.Rows, err = pgx.CollectRows(all, func(row pgx.CollectableRow) ([]string, error) {
		texts := make([]string, len(names))
		for i, raw := range row.RawValues() {
			if texts[i] = string(raw); raw == nil {
				texts[i] = null
			}
		}
		return texts, nil
	})
	if err != nil {
		return failed(err)
	}
	return answer, nil
}

// failed turns PostgreSQL's refusal into an answer.
func failed(err error) (*Answer, error) {
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code[:2] != "42" {
		return &Answer{Code: refused.Code}, nil
	}
	return nil, err
}

// look is the SQL, over %s, of how a column is compared: by its text or, loose,
// by what = sees of it.
func look(oid uint32, loose bool) string {
	if !loose {
		return "%s::text"
	}
	switch oid {
	case pgtype.NumericOID:
		return "trim_scale(%s)::text"
	case pgtype.Float4OID, pgtype.Float8OID:
		return "(%s + 0)::text"
	case pgtype.IntervalOID:
		return "(((extract(year from %[1]s) * 12 + extract(month from %[1]s)) * 30 + extract(day from %[1]s)) * 86400" +
			" + extract(hour from %[1]s) * 3600 + extract(minute from %[1]s) * 60 + extract(second from %[1]s))::text"
	case pgtype.JSONBOID, pgtype.JSONBArrayOID, pgtype.NumericArrayOID:
		// Zeros behind the point, and the point, at the end of a number.
		return `regexp_replace(regexp_replace(%s::text, '(\.[0-9]*?)0+(?![0-9.])', '\1', 'g'), '\.(?![0-9])', '', 'g')`
	case pgtype.Float4ArrayOID, pgtype.Float8ArrayOID:
		return `regexp_replace(%s::text, '-0(?=[,}])', '0', 'g')`
	}
	return "%s::text"
}

func contains(list []int, n int) bool {
	for _, x := range list {
		if x == n {
			return true
		}
	}
	return false
}
