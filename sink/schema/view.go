package schema

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// ViewSpec is a continuous view as the database needs to know it.
type ViewSpec struct {
	Cluster string
	ID      topology.ViewID
	// Name is the name of the relation v, without quotes or schema; the table
	// beside it is named Name_mrel. Both are created in the first schema of the
	// connection's search_path.
	Name     string
	Revision topology.Revision // that created the view
	Plan     *query.Plan
	Select   string // as written, for comments
	// Where its shards live: their number, the stream's partials topic and over
	// how many of its partitions they are spread, and which of them holds a group.
	Shards     int
	Partials   string
	Partitions int32
	Policy     topology.ShardingPolicy
	// Wanted is asked before relations are made, at a time when nobody else
	// changes definitions: its error, such as that the view was dropped by
	// now, ends the call. nil is not asked.
	Wanted func(ctx context.Context) error
}

// SpecOf returns what the database needs to know of a view as the catalog has it;
// partials is its stream's partials topic. The cluster is left to the caller.
func SpecOf(v *topology.View, partials string, plan *query.Plan) ViewSpec {
	return ViewSpec{
		ID: v.ID, Name: v.Name, Revision: v.Created, Plan: plan, Select: v.Select,
		Shards: v.Shards, Partials: partials, Partitions: v.Partitions, Policy: v.ShardingPolicy(),
	}
}

// State is what a caller knows about a view id that it finds in the database.
type State uint8

// The states. Only what is dropped for certain may be replaced.
const (
	Unknown State = iota // perhaps newer than what the caller has read
	Live
	Dropped
)

// Known answers what became of a view that was created at a revision.
type Known func(id topology.ViewID, created topology.Revision) State

// KnownFrom answers from a catalog: a view that it should know and does not have is
// dropped.
func KnownFrom(c *topology.Catalog) Known {
	live := map[topology.ViewID]bool{}
	for _, v := range c.Views() {
		live[v.ID] = true
	}
	return func(id topology.ViewID, created topology.Revision) State {
		switch {
		case live[id]:
			return Live
		case created <= c.Revision:
			return Dropped
		}
		return Unknown
	}
}

// EnsureView makes the view's relations unless they are there. A relation of
// one of the two names that is not this view's is refused with SQLSTATE 42P07;
// that of a view which known says is dropped is replaced.
func EnsureView(ctx context.Context, db DB, spec ViewSpec, known Known) error {
	err := inTx(ctx, db, func(tx pgx.Tx) error { return ensure(ctx, tx, &spec, known) })
	if err != nil {
		return fmt.Errorf("create relations of continuous view %q: %w", spec.Name, SQLError(err))
	}
	return nil
}

// errUndo makes inTx roll back what was carried out in full.
var errUndo = errors.New("only a check")

// CheckView carries out all that EnsureView would and rolls it back: names,
// privileges and the view's expressions are known to be good before the catalog
// says that the view exists.
func CheckView(ctx context.Context, db DB, spec ViewSpec, known Known) error {
	err := inTx(ctx, db, func(tx pgx.Tx) error {
		if err := ensure(ctx, tx, &spec, known); err != nil {
			return err
		}
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		return SQLError(err)
	}
	return nil
}

func ensure(ctx context.Context, tx pgx.Tx, spec *ViewSpec, known Known) error {
	if n := len(spec.Name) + len(mrelSuffix); n > maxIdentifier {
		return &datum.Error{
			Code: "42622", Message: fmt.Sprintf("continuous view name %q is too long", spec.Name),
			Hint: fmt.Sprintf("A name has at most %d bytes.", maxIdentifier-len(mrelSuffix)),
		}
	}
	rel, err := lookup(ctx, tx, spec.Cluster, spec.ID)
	if err != nil || rel.complete() && rel.knows(spec) {
		return err
	}
	if err := begin(ctx, tx, spec.Cluster); err != nil {
		return err
	}
	// Another node may have been faster, so look again under the lock.
	if rel, err = lookup(ctx, tx, spec.Cluster, spec.ID); err != nil {
		return err
	}
	if rel.Registered && !rel.knows(spec) {
		if err := place(ctx, tx, spec); err != nil {
			return err
		}
	}
	if rel.complete() {
		return nil
	}
	if rel.Registered {
		return repair(ctx, tx, spec, rel)
	}
	if spec.Wanted != nil {
		if err := spec.Wanted(ctx); err != nil {
			return err
		}
	}
	schema, err := target(ctx, tx)
	if err != nil {
		return err
	}
	if err := makeRoom(ctx, tx, spec, schema, known); err != nil {
		return err
	}
	return create(ctx, tx, spec, schema)
}

// repair creates again the view v of a table that is there. A table that
// someone dropped cannot come back: the ledger says that its content was folded.
func repair(ctx context.Context, tx pgx.Tx, spec *ViewSpec, rel Relations) error {
	if rel.Mrel == "" {
		return &datum.Error{
			Code: datum.CodeUndefinedTable, Message: fmt.Sprintf("the result table of continuous view %q was dropped", spec.Name),
			Hint: "DROP CONTINUOUS VIEW it, and create it again with start = 'earliest' to count from the beginning.",
		}
	}
	ddl := newDDL(spec, rel.Schema)
	ddl.table = rel.Mrel
	if _, err := tx.Exec(ctx, ddl.view()); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE millrace.views SET view = $3::pg_catalog.text::pg_catalog.regclass WHERE cluster = $1 AND id = $2",
		spec.Cluster, [16]byte(spec.ID), ddl.viewName)
	return err
}

// create makes both relations and records them.
func create(ctx context.Context, tx pgx.Tx, spec *ViewSpec, schema string) error {
	ddl := newDDL(spec, schema)
	for _, statement := range ddl.statements() {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO millrace.views (cluster, id, name, revision, definition, view, mrel)
		VALUES ($1, $2, $3, $4, $5, $6::pg_catalog.text::pg_catalog.regclass, $7::pg_catalog.text::pg_catalog.regclass)`,
		spec.Cluster, [16]byte(spec.ID), spec.Name, int64(spec.Revision), spec.Select, ddl.viewName, ddl.table)
	if err != nil || spec.Shards == 0 {
		return err
	}
	return place(ctx, tx, spec)
}

// place records where a view's shards live. An older millrace did not.
func place(ctx context.Context, tx pgx.Tx, spec *ViewSpec) error {
	_, err := tx.Exec(ctx, `UPDATE millrace.views SET shards = $3, partials = $4, partitions = $5, sharding_policy = $6
		WHERE cluster = $1 AND id = $2`,
		spec.Cluster, [16]byte(spec.ID), spec.Shards, spec.Partials, spec.Partitions, string(spec.Policy))
	return err
}

// makeRoom sees to it that both names are free in the schema.
func makeRoom(ctx context.Context, tx pgx.Tx, spec *ViewSpec, schema string, known Known) error {
	holders, err := holders(ctx, tx, schema, spec.Name, spec.Name+mrelSuffix)
	if err != nil {
		return err
	}
	for _, h := range holders {
		if h.cluster != spec.Cluster || known(h.id, h.revision) != Dropped {
			return h.refusal()
		}
		// The holder's two relations are dropped at once; the second finds
		// nothing left.
		if err := drop(ctx, tx, h.cluster, h.id, false); err != nil {
			return err
		}
	}
	return nil
}
