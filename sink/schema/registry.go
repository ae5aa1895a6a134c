package schema

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// Relations are where a view's results are.
type Relations struct {
	Registered bool   // the database knows the view
	Schema     string // of the table, unquoted; "" where it is gone
	View       string // qualified and quoted, "" where it is gone
	Mrel       string // qualified and quoted, "" where it is gone
	Shards     int    // 0 where an older millrace recorded none
}

func (r Relations) complete() bool { return r.View != "" && r.Mrel != "" }

// knows reports whether the database has where the view's shards live, as far as
// the spec says.
func (r Relations) knows(spec *ViewSpec) bool { return spec.Shards == 0 || r.Shards != 0 }

// Querier runs a query: a pool, a connection or a transaction.
type Querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Lookup finds a view's relations by its id, under whatever names they have
// now.
func Lookup(ctx context.Context, db Querier, cluster string, id topology.ViewID) (Relations, error) {
	rel, err := lookup(ctx, db, cluster, id)
	return rel, SQLError(err)
}

func lookup(ctx context.Context, db Querier, cluster string, id topology.ViewID) (Relations, error) {
	var rel Relations
	err := db.QueryRow(ctx, `SELECT true, coalesce(mn.nspname, ''),
			coalesce(pg_catalog.quote_ident(vn.nspname) || '.' || pg_catalog.quote_ident(v.relname), ''),
			coalesce(pg_catalog.quote_ident(mn.nspname) || '.' || pg_catalog.quote_ident(m.relname), ''), coalesce(r.shards, 0)
		FROM millrace.views r
		LEFT JOIN pg_catalog.pg_class v ON v.oid = r.view::pg_catalog.oid LEFT JOIN pg_catalog.pg_namespace vn ON vn.oid = v.relnamespace
		LEFT JOIN pg_catalog.pg_class m ON m.oid = r.mrel::pg_catalog.oid LEFT JOIN pg_catalog.pg_namespace mn ON mn.oid = m.relnamespace
		WHERE r.cluster = $1 AND r.id = $2`, cluster, [16]byte(id)).
		Scan(&rel.Registered, &rel.Schema, &rel.View, &rel.Mrel, &rel.Shards)
	if errors.Is(err, pgx.ErrNoRows) {
		return Relations{}, nil
	}
	return rel, err
}

// begin starts a change of definitions: one at a time in a cluster, and never
// waiting for long behind a reader, for every later reader would wait as well.
func begin(ctx context.Context, tx pgx.Tx, cluster string) error {
	if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '10s'"); err != nil {
		return err
	}
	return lock(ctx, tx, "views of "+cluster)
}

// target returns the schema in which new relations are created.
func target(ctx context.Context, tx pgx.Tx) (string, error) {
	var schema *string
	if err := tx.QueryRow(ctx, "SELECT pg_catalog.current_schema()").Scan(&schema); err != nil {
		return "", err
	}
	if schema == nil {
		return "", &datum.Error{
			Code: "3F000", Message: "no schema has been selected to create in",
			Hint: "Set a search_path for the role, or in the database URL, whose first schema exists.",
		}
	}
	return *schema, nil
}

// holder is a relation that has a name which a view wants.
type holder struct {
	relation string // qualified and quoted
	cluster  string // "" where it is not a continuous view's
	id       topology.ViewID
	revision topology.Revision
}

func holders(ctx context.Context, tx pgx.Tx, schema string, names ...string) ([]holder, error) {
	rows, err := tx.Query(ctx, `SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
			coalesce(r.cluster, ''), coalesce(r.id, '00000000-0000-0000-0000-000000000000'), coalesce(r.revision, 0)
		FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		LEFT JOIN millrace.views r ON c.oid IN (r.view::pg_catalog.oid, r.mrel::pg_catalog.oid)
		WHERE n.nspname = $1 AND c.relname = ANY ($2) ORDER BY 1`, schema, names)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (h holder, err error) {
		var id [16]byte
		err = row.Scan(&h.relation, &h.cluster, &id, &h.revision)
		h.id = topology.ViewID(id)
		return h, err
	})
}

func (h holder) refusal() error {
	e := &datum.Error{Code: datum.CodeDuplicateTable, Message: fmt.Sprintf("relation %s already exists", h.relation)}
	if h.cluster == "" {
		e.Detail = "It is not Millrace's, which never touches it."
		e.Hint = "Choose another name for the continuous view, or rename that relation."
	} else {
		e.Detail = fmt.Sprintf("It belongs to the continuous view %v of cluster %q.", h.id, h.cluster)
		e.Hint = "Drop that continuous view first, or choose another name."
	}
	return e
}
