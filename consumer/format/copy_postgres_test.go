package format_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/consumer/format"
)

// copyCase is a table and options, for PostgreSQL and for the decoder.
type copyCase struct {
	columns []string // as wanted takes them, and PostgreSQL too
	sql     string
	options format.CopyOptions
}

// copyCases are the combinations that TestCopyLikePostgres goes through.
func copyCases() []copyCase {
	three, one, strict := []string{"a integer", "b text", "c text"}, []string{"b text"}, []string{"a integer", "b text not null"}
	var all []copyCase
	for _, columns := range [][]string{three, one, strict} {
		all = append(all,
			copyCase{columns, "FORMAT csv", csvOptions},
			copyCase{columns, "FORMAT text", textOptions},
			copyCase{columns, "FORMAT csv, DELIMITER ';', QUOTE '''', ESCAPE '\\', NULL 'x'", format.CopyOptions{CSV: true, Delimiter: ';', Quote: '\'', Escape: '\\', Null: "x"}},
			copyCase{columns, "FORMAT text, DELIMITER ',', NULL ''", format.CopyOptions{Delimiter: ',', Null: ""}},
			copyCase{columns, "FORMAT csv, HEADER true, FORCE_NULL (b)", format.CopyOptions{CSV: true, Delimiter: ',', Quote: '"', Escape: '"', Header: format.SkipHeader, ForceNull: []string{"b"}}},
			copyCase{columns, "FORMAT csv, FORCE_NOT_NULL (b)", format.CopyOptions{CSV: true, Delimiter: ',', Quote: '"', Escape: '"', ForceNotNull: []string{"b"}}},
			copyCase{columns, "FORMAT text, HEADER match", format.CopyOptions{Delimiter: '\t', Null: `\N`, Header: format.MatchHeader}},
			copyCase{columns, "FORMAT csv, HEADER match", format.CopyOptions{CSV: true, Delimiter: ',', Quote: '"', Escape: '"', Header: format.MatchHeader}},
			copyCase{columns, "FORMAT csv, ESCAPE '\\'", format.CopyOptions{CSV: true, Delimiter: ',', Quote: '"', Escape: '\\'}},
		)
	}
	return all
}

// TestCopyLikePostgres gives random bytes, and PostgreSQL's own lines with something
// changed, to COPY … FROM STDIN and to the decoder: the rows are the same, or the
// SQLSTATE and the message. MILLRACE_COPY_SEED repeats a run.
func TestCopyLikePostgres(t *testing.T) {
	url := os.Getenv("MILLRACE_TEST_DATABASE_URL")
	if url == "" {
		t.Skip("MILLRACE_TEST_DATABASE_URL names no database: run through `make test`")
	}
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("MILLRACE_COPY_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	const tries = 150
	for i, c := range copyCases() {
		table := fmt.Sprintf("copied_%d", i)
		if _, err := conn.Exec(t.Context(), "CREATE TEMP TABLE "+table+" ("+strings.Join(c.columns, ", ")+")"); err != nil {
			t.Fatal(err)
		}
		d := copyDecoder(t, c.options, c.columns...)
		accepted := 0
		for range tries {
			record := randomCopy(rng, c)
			if c.options.CSV && bytes.Contains(record, []byte(`\.`)) {
				continue // the end of the data up to PostgreSQL 17, a row from 18 on
			}
			want, err := copied(t.Context(), conn, table, c, record)
			if err != nil {
				t.Fatal(err)
			}
			got := decodeAll(d, string(record))
			if strings.HasPrefix(got, "22021") && !utf8.Valid(bytes.ReplaceAll(record, []byte{0}, []byte{0xff})) && (want != "" || bytes.Contains(record, []byte(`\.`))) {
				continue // PostgreSQL comes upon another error before
			}
			if before, _, is := strings.Cut(got, " / line"); is {
				got = before
			}
			if strings.HasPrefix(want, "22021") {
				got, _, _ = strings.Cut(got, " / ")
			}
			if got != want {
				t.Errorf("%s (%s), %q:\n     got %q\nPostgres %q", c.columns, c.sql, record, got, want)
			}
			if len(got) < 5 || !strings.HasPrefix(got, "22") {
				accepted++
			}
		}
		if accepted < tries/20 {
			t.Errorf("%s (%s): %d of %d records are accepted: the test shows little", c.columns, c.sql, accepted, tries)
		}
	}
}

// copied returns PostgreSQL's rows or error for a record.
func copied(ctx context.Context, conn *pgx.Conn, table string, c copyCase, record []byte) (string, error) {
	if _, err := conn.Exec(ctx, "TRUNCATE "+table); err != nil {
		return "", err
	}
	sql := "COPY " + table + " FROM STDIN WITH (" + c.sql + ")"
	_, err := conn.PgConn().CopyFrom(ctx, bytes.NewReader(record), sql)
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		message := refused.Message
		if refused.Code == "23502" { // it names the relation too
			message = "null value in column \"b\" violates not-null constraint"
		}
		return refused.Code + " " + message, nil
	}
	if err != nil {
		return "", err
	}
	rows, err := conn.Query(ctx, "SELECT * FROM "+table+" ORDER BY ctid", pgx.QueryResultFormats{pgx.TextFormatCode})
	if err != nil {
		return "", err
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		var values []string
		for _, v := range row.RawValues() {
			if v == nil {
				values = append(values, "NULL")
			} else {
				values = append(values, string(v))
			}
		}
		return strings.Join(values, "|"), nil
	})
	return strings.Join(all, "; "), err
}

// randomCopy makes a record: lines of values that are mostly right, with bytes that
// mean something put in, taken out and doubled.
func randomCopy(rng *rand.Rand, c copyCase) []byte {
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	end := pick("\n", "\n", "\n", "\r\n", "\r")
	var out []byte
	if c.options.Header != format.NoHeader && rng.IntN(8) > 0 {
		var names []string
		for _, column := range c.columns {
			name, _, _ := strings.Cut(column, " ")
			names = append(names, name)
		}
		out = append(out, strings.Join(names, string(c.options.Delimiter))+end...)
	}
	for range rng.IntN(4) {
		for i, column := range c.columns {
			if i > 0 {
				out = append(out, c.options.Delimiter)
			}
			value := pick("a", "", "x", "é y", "''", `""`, "long enough for more than one word of it", "5")
			if strings.Contains(column, "integer") {
				value = pick("1", "-20", "", " 3 ", "4", "5", "99999999999", "x")
			}
			if c.options.CSV && rng.IntN(3) == 0 {
				value = string(c.options.Quote) + strings.ReplaceAll(value, string(c.options.Quote), string([]byte{c.options.Escape, c.options.Quote})) + string(c.options.Quote)
			}
			if rng.IntN(6) == 0 {
				value = c.options.Null
			}
			out = append(out, value...)
		}
		out = append(out, end...)
	}
	specials := []string{
		"\n", "\r", "\r\n", `\`, `\\`, `\N`, `\n`, `\.`, "\\.\n", `\x41`, `\101`, `\xc3\xa9`, `\xff`, `\0`, "\xff", "\xc3", "\x00", "é",
		string(c.options.Delimiter), string(c.options.Quote), string(c.options.Escape), c.options.Null, "a",
	}
	for rng.IntN(3) > 0 {
		at := rng.IntN(len(out) + 1)
		special := pick(specials...)
		if c.options.Quote == 0 {
			special = strings.ReplaceAll(special, "\x00", `"`)
		}
		if rng.IntN(4) == 0 && at < len(out) {
			out = append(out[:at], out[at+1:]...)
			continue
		}
		out = append(out[:at], append([]byte(special), out[at:]...)...)
	}
	return out
}
