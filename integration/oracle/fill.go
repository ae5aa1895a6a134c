package oracle

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/topology"
)

// PostgreSQL reads the records of every format itself: objects by
// json_populate_record over a row of the defaults, lines by COPY, and what is raw as
// it is. Where there is more than objects, one record goes at a time through a table
// of the declared columns, behind which its metadata is put.

// metadataColumns are the plain table's metadata columns, "" for none.
func (s *Stream) metadataColumns() string {
	if !s.Kafka {
		return ""
	}
	list := ""
	for _, m := range topology.MetadataColumns() {
		list += ", " + m.Name + " " + m.Type
	}
	return list
}

// rows puts a stream's records into its plain table.
func (d *Database) rows(ctx context.Context, s *Stream, table string, early bool) error {
	format := "json"
	if !s.Inferred {
		parsed, err := s.parse()
		if err != nil {
			return err
		}
		if o, ok := parsed.Options["format"]; ok {
			format = o.Value
		}
	}
	if format != "json" || s.Kafka {
		return d.rowsByRecord(ctx, s, table, early, format)
	}
	base, err := d.defaults(ctx, s, table)
	if err != nil {
		return err
	}
	var lines []string
	for _, r := range s.Records {
		if r.Dead == "" && (!r.Early || early) {
			lines = append(lines, r.Plain)
		}
	}
	return d.exec(ctx, fmt.Sprintf("INSERT INTO %s SELECT (json_populate_record(%s, line::json)).* FROM unnest($1::text[]) AS line", table, base), lines)
}

// defaults returns a row of the table's default values, as SQL.
func (d *Database) defaults(ctx context.Context, s *Stream, table string) (string, error) {
	var row string
	err := d.conn.QueryRow(ctx, `SELECT 'ROW(' || string_agg(coalesce('(' || pg_get_expr(adbin, adrelid) || ')', 'NULL'), ', ' ORDER BY attnum) || ')::' || $1
		FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attrelid = $1::regclass AND attnum > 0`, table).Scan(&row)
	if err != nil {
		return "", fmt.Errorf("defaults of stream %s: %w", s.Name, err)
	}
	return row, nil
}

// rowsByRecord is rows with one record after the other, in the order of their offsets:
// those that are early come first.
func (d *Database) rowsByRecord(ctx context.Context, s *Stream, table string, early bool, format string) error {
	stage := pgx.Identifier{"stage_" + s.Name}.Sanitize()
	if err := d.exec(ctx, fmt.Sprintf("DROP TABLE IF EXISTS pg_temp.%[1]s; CREATE TEMP TABLE %[1]s (%[2]s)", stage, s.Columns)); err != nil {
		return err
	}
	base, err := d.defaults(ctx, s, "pg_temp."+stage)
	if err != nil {
		return err
	}
	offset := 0
	for _, first := range []bool{true, false} {
		for _, r := range s.Records {
			if r.Early != first {
				continue
			}
			if r.Dead == "" && (!r.Early || early) {
				if err := d.stage(ctx, s, stage, format, base, r); err != nil {
					return fmt.Errorf("record %q: %w", r.Value, err)
				}
				if err := d.take(ctx, s, stage, table, offset, r); err != nil {
					return err
				}
			}
			offset++
		}
	}
	return nil
}

// stage has PostgreSQL read one record.
func (d *Database) stage(ctx context.Context, s *Stream, stage, format, base string, r Record) error {
	if err := d.exec(ctx, "TRUNCATE pg_temp."+stage); err != nil {
		return err
	}
	switch format {
	case "json", "ndjson":
		lines := r.Plain
		if format == "ndjson" {
			lines = string(r.Value)
		}
		for line := range strings.SplitSeq(lines, "\n") {
			if strings.TrimSpace(line) == "" {
				continue
			}
			if err := d.exec(ctx, fmt.Sprintf("INSERT INTO pg_temp.%s SELECT (json_populate_record(%s, $1::json)).*", stage, base), line); err != nil {
				return err
			}
		}
		return nil
	case "raw":
		return d.exec(ctx, fmt.Sprintf("INSERT INTO pg_temp.%s SELECT %s", stage, rawValue(s)), r.Value)
	}
	sql := fmt.Sprintf("COPY pg_temp.%s FROM STDIN WITH (%s)", stage, copyOptions(s, format))
	if _, err := d.conn.PgConn().CopyFrom(ctx, bytes.NewReader(r.Value), sql); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

// rawValue is a raw stream's value from the bytes in $1.
func rawValue(s *Stream) string {
	if strings.Contains(s.Columns, "bytea") {
		return "$1::bytea"
	}
	return "convert_from($1::bytea, 'UTF8')"
}

// copyOptions writes a stream's options as COPY has them.
func copyOptions(s *Stream, format string) string {
	list := []string{"FORMAT " + format}
	for option := range strings.SplitSeq(s.Options, ", ") {
		name, value, _ := strings.Cut(option, "=")
		switch name {
		case "delimiter", "null", "quote", "escape":
			list = append(list, name+" "+value)
		case "header":
			list = append(list, name+" "+strings.Trim(value, "'"))
		case "force_null", "force_not_null":
			list = append(list, name+" ("+strings.Trim(value, "'")+")")
		}
	}
	return strings.Join(list, ", ")
}

// take moves the staged rows into the plain table, with the record's metadata.
func (d *Database) take(ctx context.Context, s *Stream, stage, table string, offset int, r Record) error {
	if !s.Kafka {
		return d.exec(ctx, fmt.Sprintf("INSERT INTO %s SELECT * FROM pg_temp.%s ORDER BY ctid", table, stage))
	}
	headers := map[string]*string{}
	for _, h := range r.Headers {
		headers[h.Key] = nil
		if h.Value != nil {
			text := string(h.Value)
			headers[h.Key] = &text
		}
	}
	object, err := json.Marshal(headers)
	if err != nil {
		return err
	}
	at := any(nil)
	if !r.Time.IsZero() {
		at = r.Time
	}
	return d.exec(ctx, fmt.Sprintf(`INSERT INTO %s SELECT s.*, $1, 0, $2::bigint, row_number() OVER (ORDER BY s.ctid), $3::bytea, $4::text::jsonb, $5::timestamptz
		FROM pg_temp.%s AS s ORDER BY s.ctid`, table, stage), s.Name, offset, r.Key, string(object), at)
}
