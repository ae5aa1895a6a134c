package analyse

import (
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/aggregator/statement"
)

// programView is a name that no user has.
const programView = "millrace analyse: the row program"

// makeProgram has PostgreSQL check and qualify the row program of an analysed
// SELECT, where the native evaluator lacks something of it. What it is asked, it
// is asked in the transaction of the analysis: the program means what the SELECT
// means.
func makeProgram(ctx context.Context, tx pgx.Tx, stream Stream, analysis *query.Analysis) error {
	if err := refuseTemporary(ctx, tx, stream, analysis); err != nil {
		return err
	}
	schema, columns, err := draftColumns(ctx, tx, stream, analysis)
	if err != nil {
		return err
	}
	draft, err := query.NewDraft(analysis, schema, columns)
	if err != nil || draft == nil {
		return err
	}
	if analysis.Fragments, err = fragments(ctx, tx, draft); err != nil || !draft.Remote() {
		return err
	}
	if err := chooseTexts(ctx, tx, draft); err != nil {
		return err
	}
	text, err := draft.Text()
	if err != nil {
		return err
	}
	tree, err := viewTree(ctx, tx, text, draft.Results()+1)
	if err != nil {
		return programError(err)
	}
	if err := draft.Verify(tree); err != nil {
		return err
	}
	if analysis.Program, err = qualified(ctx, tx, draft); err != nil {
		return programError(err)
	}
	// It must be possible to prepare what is stored.
	if _, err := tx.Conn().PgConn().Prepare(ctx, "", analysis.Program.SQL, nil); err != nil {
		return programError(serverError("prepare the row program", err))
	}
	return nil
}

// refuseTemporary refuses what other sessions do not have: temporary tables,
// functions, operators and types.
func refuseTemporary(ctx context.Context, tx pgx.Tx, stream Stream, analysis *query.Analysis) error {
	var what, name string
	err := tx.QueryRow(ctx, `SELECT pg_describe_object(d.refclassid, d.refobjid, 0), n.name
		FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
		JOIN (SELECT 'pg_catalog.pg_class'::regclass, oid, relnamespace, relname FROM pg_catalog.pg_class
			UNION ALL SELECT 'pg_catalog.pg_proc'::regclass, oid, pronamespace, proname FROM pg_catalog.pg_proc
			UNION ALL SELECT 'pg_catalog.pg_operator'::regclass, oid, oprnamespace, oprname FROM pg_catalog.pg_operator
			UNION ALL SELECT 'pg_catalog.pg_type'::regclass, oid, typnamespace, typname FROM pg_catalog.pg_type WHERE typtype <> 'c') n(class, oid, namespace, name)
			ON n.class = d.refclassid AND n.oid = d.refobjid
		WHERE r.ev_class = to_regclass($1) AND n.namespace = pg_my_temp_schema() AND n.oid <> r.ev_class AND n.name <> $2 LIMIT 1`,
		"pg_temp."+pgx.Identifier{probeView}.Sanitize(), stream.Name).Scan(&what, &name)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return serverError("look for temporary objects", err)
	}
	refused := datum.Errorf(datum.CodeFeatureNotSupported, "%s is temporary and cannot be used in a continuous view", what)
	refused.Hint = "Create it in a schema that every session sees."
	refused.Position = analysis.Offset + 1
	tokens, _ := statement.Tokens(analysis.Select)
	for _, token := range tokens {
		if token.Value == name {
			refused.Position = analysis.Offset + token.Pos
			break
		}
	}
	return refused
}

// programError names what PostgreSQL refused, which the user's text does not show.
func programError(err error) error {
	var failed *datum.Error
	if !errors.As(err, &failed) {
		return err
	}
	refused := datum.Errorf(datum.CodeFeatureNotSupported, "PostgreSQL cannot evaluate this SELECT for the rows of a batch: %s", failed.Message)
	refused.Detail = failed.Detail
	refused.Hint = "Write the expression in another way."
	return refused
}

// draftColumns describes the stream's columns as its temporary table has them.
func draftColumns(ctx context.Context, tx pgx.Tx, stream Stream, analysis *query.Analysis) (query.Schema, []query.DraftColumn, error) {
	columns, err := readColumns(ctx, tx, stream.Name)
	if err != nil {
		return nil, nil, err
	}
	var schema query.Schema
	var drafts []query.DraftColumn
	for i, c := range columns {
		of := c.Type
		sent := of.Sent().String()
		if of.Sent() == datum.Bpchar {
			sent = "bpchar" // character is character(1)
		}
		schema = append(schema, query.SchemaColumn{Name: c.Name, Type: of, Typmod: c.Typmod, NotNull: c.NotNull})
		drafts = append(drafts, query.DraftColumn{
			Name: c.Name, Type: c.TypeName, Sent: sent, Collate: isText(stream.Columns[i].TypeText), Composite: analysis.Kinds[c.TypeOID].Kind == "c",
		})
	}
	return schema, drafts, nil
}

// chooseTexts finds the texts of what the program must give: all candidates at
// once where PostgreSQL takes them, else one by one.
func chooseTexts(ctx context.Context, tx pgx.Tx, draft *query.Draft) error {
	texts := draft.Candidates()
	if len(texts) == 0 {
		return nil
	}
	tree, err := viewTree(ctx, tx, draft.Trial(texts), len(texts)+1)
	if err == nil {
		return draft.Choose(texts, tree)
	}
	if !isDatum(err) {
		return err
	}
	for _, text := range texts {
		switch tree, err := viewTree(ctx, tx, draft.Trial([]string{text}), 2); {
		case isDatum(err): // it is no expression over rows
		case err != nil:
			return err
		default:
			if err := draft.Choose([]string{text}, tree); err != nil {
				return err
			}
		}
	}
	return nil
}

func isDatum(err error) bool {
	var failed *datum.Error
	return errors.As(err, &failed)
}

// fragments has PostgreSQL write what Millrace cannot.
func fragments(ctx context.Context, tx pgx.Tx, draft *query.Draft) ([]query.Fragment, error) {
	var written []query.Fragment
	for i := range draft.Fragments() {
		found := false
		for _, text := range draft.FragmentTexts(i) {
			tree, err := viewTree(ctx, tx, "SELECT "+text, 1)
			if err != nil && !isDatum(err) {
				return nil, err
			}
			if err != nil || !draft.MatchFragment(i, tree) {
				continue
			}
			printed, err := printView(ctx, tx)
			if err != nil {
				return nil, err
			}
			fragment, err := draft.Fragment(i, printed)
			if err != nil {
				return nil, err
			}
			written, found = append(written, fragment), true
			break
		}
		if !found {
			return nil, draft.Refusal(i)
		}
	}
	return written, nil
}

// printView prints the view that viewTree made with an empty search_path.
func printView(ctx context.Context, tx pgx.Tx) (string, error) {
	var path, text string
	if err := tx.QueryRow(ctx, `SELECT current_setting('search_path')`).Scan(&path); err != nil {
		return "", serverError("read the search_path", err)
	}
	if err := setPath(ctx, tx, ""); err != nil {
		return "", err
	}
	view := pgx.Identifier{"pg_temp", programView}.Sanitize()
	if err := tx.QueryRow(ctx, `SELECT pg_get_viewdef(to_regclass($1))`, view).Scan(&text); err != nil {
		return "", serverError("print what was analysed", err)
	}
	return text, setPath(ctx, tx, path)
}

// viewTree makes a temporary view of a SELECT with a number of columns in place of
// the one before, and returns its tree. Where PostgreSQL refuses it, the
// transaction is as it was.
func viewTree(ctx context.Context, tx pgx.Tx, sql string, columns int) (string, error) {
	nested, err := tx.Begin(ctx)
	if err != nil {
		return "", serverError("set a savepoint for the row program", err)
	}
	view := pgx.Identifier{"pg_temp", programView}.Sanitize()
	if err := run(ctx, nested, "DROP VIEW IF EXISTS "+view); err != nil {
		rollback(nested)
		return "", serverError("drop the last row program", err)
	}
	if err := run(ctx, nested, "CREATE TEMP VIEW "+pgx.Identifier{programView}.Sanitize()+" ("+numbered(columns)+") AS "+sql); err != nil {
		rollback(nested)
		return "", serverError("analyse the row program", err)
	}
	var tree string
	err = nested.QueryRow(ctx, `SELECT ev_action::text FROM pg_catalog.pg_rewrite WHERE ev_class = to_regclass($1)`, view).Scan(&tree)
	if err != nil {
		rollback(nested)
		return "", serverError("read the analysed row program", err)
	}
	return tree, nested.Commit(ctx)
}

// numbered is c1, c2, ….
func numbered(n int) string {
	list := ""
	for i := range n {
		if i > 0 {
			list += ", "
		}
		list += "c" + strconv.Itoa(i+1)
	}
	return list
}

// qualified prints the program with an empty search_path, so that it means the
// same for ever, whatever is created and whatever the session's path is.
func qualified(ctx context.Context, tx pgx.Tx, draft *query.Draft) (*query.Program, error) {
	text, err := printView(ctx, tx)
	if err != nil {
		return nil, err
	}
	if err := setPath(ctx, tx, ""); err != nil { // for the types' names
		return nil, err
	}
	columns, err := readColumns(ctx, tx, programView)
	if err != nil {
		return nil, err
	}
	var results []query.OutputColumn
	for _, c := range columns[1:] {
		results = append(results, query.OutputColumn{Name: c.Name, OID: c.TypeOID, Typmod: c.Typmod, Type: c.TypeName})
	}
	return draft.Program(text, results)
}
