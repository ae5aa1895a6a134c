package analyse

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/aggregator/statement"
)

// singleSelect refuses text that is not just one SELECT.
func singleSelect(text string, offset int) error {
	tokens, bad := statement.Tokens(text)
	if bad != nil {
		bad.Position += offset
		return bad
	}
	fail := func(token statement.Token, code, format string, args ...any) error {
		err := datum.Errorf(code, format, args...)
		err.Position = token.Pos + offset
		err.Hint = "A continuous view is CREATE CONTINUOUS VIEW name AS SELECT … FROM stream."
		return err
	}
	if len(tokens) == 0 {
		return fail(statement.Token{Pos: 1}, datum.CodeSyntaxError, "syntax error at end of input")
	}
	switch first := tokens[0]; {
	case first.Is("select"), first.Is("with"):
	case first.Is("values"), first.Is("table"), first.IsOp("("):
		return fail(first, datum.CodeFeatureNotSupported, "a continuous view must begin with SELECT")
	default:
		return fail(first, datum.CodeSyntaxError, "syntax error at or near \"%s\"", first.Text)
	}
	for _, token := range tokens {
		if token.IsOp(";") {
			return fail(token, datum.CodeSyntaxError, "syntax error at or near \";\"")
		}
	}
	return nil
}

// probe makes the table and the view, and reads the tree and the columns.
func probe(ctx context.Context, tx pgx.Tx, stream Stream, analysis *query.Analysis) error {
	_, create, err := createTable(stream, true)
	if err != nil {
		return err
	}
	if err := run(ctx, tx, create); err != nil {
		return serverError("make the stream's table", err)
	}
	prefix := "CREATE TEMP VIEW " + pgx.Identifier{probeView}.Sanitize() + " AS "
	if err := run(ctx, tx, prefix+analysis.Select); err != nil {
		return placedError("analyse the SELECT", err, utf8.RuneCountInString(prefix), analysis.Offset)
	}
	view := "pg_temp." + pgx.Identifier{probeView}.Sanitize()
	var encoding, version string
	err = tx.QueryRow(ctx, `SELECT r.ev_action::text, current_setting('server_version_num')::int,
			current_setting('TimeZone'), to_regclass($2)::oid, current_setting('server_encoding'), version()
		FROM pg_catalog.pg_rewrite r WHERE r.ev_class = to_regclass($1)`,
		view, "pg_temp."+pgx.Identifier{stream.Name}.Sanitize()).
		Scan(&analysis.Tree, &analysis.ServerVersion, &analysis.TimeZone, &analysis.Relation, &encoding, &version)
	if err != nil {
		return serverError("read the analysed SELECT", err)
	}
	if err := readable(encoding, version); err != nil {
		return err
	}
	return readSettings(ctx, tx, analysis)
}

// readable refuses a database whose constants Millrace would misread: the tree
// holds their bytes as they are in the server's memory.
func readable(encoding, version string) error {
	if encoding != "UTF8" {
		err := datum.Errorf(datum.CodeFeatureNotSupported, "the database's encoding is %s, which is not supported", encoding)
		err.Hint = "Create the database with ENCODING 'UTF8'."
		return err
	}
	for _, machine := range []string{"s390", "powerpc-", "powerpc64-", "ppc64-"} {
		if strings.Contains(version, " on "+machine) {
			return datum.Errorf(datum.CodeFeatureNotSupported, "PostgreSQL on a big-endian machine is not supported: %s", version)
		}
	}
	return nil
}
