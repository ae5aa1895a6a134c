package analyse

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
)

// resolveNames looks up what the OIDs in the tree stand for. Types are named with
// an empty search_path, so that the names mean the same in any session.
func resolveNames(ctx context.Context, tx pgx.Tx, stream Stream, analysis *query.Analysis) error {
	refs, err := query.References(analysis.Tree)
	if err != nil {
		return err
	}
	own, err := readColumns(ctx, tx, stream.Name)
	if err != nil {
		return err
	}
	var path string
	if err := tx.QueryRow(ctx, `SELECT current_setting('search_path')`).Scan(&path); err != nil {
		return serverError("read the search_path", err)
	}
	if err := setPath(ctx, tx, ""); err != nil {
		return err
	}
	columns, err := readColumns(ctx, tx, probeView)
	if err != nil {
		return err
	}
	for _, c := range columns {
		analysis.Outputs = append(analysis.Outputs, query.OutputColumn{Name: c.Name, OID: c.TypeOID, Typmod: c.Typmod, Type: c.TypeName})
	}
	types := refs.Types
	for _, c := range append(columns, own...) {
		types = append(types, c.TypeOID)
	}
	if err := resolveKinds(ctx, tx, analysis, types); err != nil {
		return err
	}
	if err := resolveProcs(ctx, tx, analysis, refs.Procs); err != nil {
		return err
	}
	if err := resolveOperators(ctx, tx, analysis, refs.Operators); err != nil {
		return err
	}
	if analysis.Types, err = pairs(ctx, tx, `SELECT o, format_type(o, NULL) FROM unnest($1::oid[]) o`, refs.Types); err != nil {
		return err
	}
	if analysis.Collations, err = pairs(ctx, tx, `SELECT oid, collname::text FROM pg_catalog.pg_collation WHERE oid = ANY ($1)`, refs.Collations); err != nil {
		return err
	}
	err = tx.QueryRow(ctx, `SELECT array_agg(oid) FROM pg_catalog.pg_collation WHERE oid = ANY ($1) AND NOT collisdeterministic`, refs.Collations).
		Scan(&analysis.Nondeterministic)
	if err != nil {
		return serverError("read the collations of the SELECT", err)
	}
	return setPath(ctx, tx, path)
}

func setPath(ctx context.Context, tx pgx.Tx, path string) error {
	if _, err := tx.Exec(ctx, `SELECT set_config('search_path', $1, true)`, path); err != nil {
		return serverError("set the search_path", err)
	}
	return nil
}

// resolveKinds looks up what the types are that are not the same in every
// database, and those that they are made of.
func resolveKinds(ctx context.Context, tx pgx.Tx, analysis *query.Analysis, oids []uint32) error {
	rows, err := tx.Query(ctx, `WITH RECURSIVE known AS (
			SELECT t.oid, t.typtype::text AS kind, t.typbasetype AS base,
				CASE WHEN t.typsubscript = 'pg_catalog.array_subscript_handler'::regproc THEN t.typelem ELSE 0 END AS elem
			FROM pg_catalog.pg_type t WHERE t.oid = ANY ($1)
		UNION
			SELECT t.oid, t.typtype::text, t.typbasetype,
				CASE WHEN t.typsubscript = 'pg_catalog.array_subscript_handler'::regproc THEN t.typelem ELSE 0 END
			FROM known k JOIN pg_catalog.pg_type t ON t.oid IN (k.base, k.elem))
		SELECT k.oid, k.kind, k.base, k.elem,
			ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum e WHERE e.enumtypid = k.oid ORDER BY e.enumsortorder),
			ARRAY(SELECT a.attname::text FROM pg_catalog.pg_type t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0
				WHERE t.oid = k.oid ORDER BY a.attnum)
		FROM known k`, oids)
	if err != nil {
		return serverError("read the types of the SELECT", err)
	}
	var oid uint32
	var kind query.TypeKind
	_, err = pgx.ForEachRow(rows, []any{&oid, &kind.Kind, &kind.Base, &kind.Elem, &kind.Labels, &kind.Fields}, func() error {
		if _, same := datum.TypeOf(oid); same {
			return nil
		}
		if analysis.Kinds == nil {
			analysis.Kinds = map[uint32]query.TypeKind{}
		}
		kept := kind
		kept.Labels, kept.Fields = slices.Clone(kind.Labels), slices.Clone(kind.Fields)
		analysis.Kinds[oid] = kept
		return nil
	})
	if err != nil {
		return serverError("read the types of the SELECT", err)
	}
	return nil
}

func resolveProcs(ctx context.Context, tx pgx.Tx, analysis *query.Analysis, oids []uint32) error {
	rows, err := tx.Query(ctx, `SELECT p.oid, n.nspname::text, p.proname::text,
			ARRAY(SELECT format_type(a, NULL) FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY u(a, i) ORDER BY i),
			p.prokind::text, p.provolatile::text, p.proretset
		FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.oid = ANY ($1)`, oids)
	if err != nil {
		return serverError("read the functions of the SELECT", err)
	}
	analysis.Procs = map[uint32]query.Proc{}
	var oid uint32
	var proc query.Proc
	_, err = pgx.ForEachRow(rows, []any{&oid, &proc.Schema, &proc.Name, &proc.Args, &proc.Kind, &proc.Volatile, &proc.Set}, func() error {
		kept := proc
		kept.Args = slices.Clone(proc.Args)
		analysis.Procs[oid] = kept
		return nil
	})
	if err != nil {
		return serverError("read the functions of the SELECT", err)
	}
	return nil
}

func resolveOperators(ctx context.Context, tx pgx.Tx, analysis *query.Analysis, oids []uint32) error {
	rows, err := tx.Query(ctx, `SELECT o.oid, n.nspname::text, o.oprname::text
		FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace WHERE o.oid = ANY ($1)`, oids)
	if err != nil {
		return serverError("read the operators of the SELECT", err)
	}
	analysis.Operators = map[uint32]query.Operator{}
	var oid uint32
	var op query.Operator
	_, err = pgx.ForEachRow(rows, []any{&oid, &op.Schema, &op.Name}, func() error {
		analysis.Operators[oid] = op
		return nil
	})
	if err != nil {
		return serverError("read the operators of the SELECT", err)
	}
	return nil
}

func pairs(ctx context.Context, tx pgx.Tx, sql string, oids []uint32) (map[uint32]string, error) {
	names := map[uint32]string{}
	rows, err := tx.Query(ctx, sql, oids)
	if err != nil {
		return nil, serverError("read the names in the SELECT", err)
	}
	var oid uint32
	var name string
	_, err = pgx.ForEachRow(rows, []any{&oid, &name}, func() error {
		names[oid] = name
		return nil
	})
	if err != nil {
		return nil, serverError("read the names in the SELECT", err)
	}
	return names, nil
}
