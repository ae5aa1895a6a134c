package ddl

import (
	"context"
	"errors"
	"fmt"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/consumer/catalog"
	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/topology"
)

// Executor carries out statements for one cluster.
type Executor struct {
	Cluster string
	Kafka   *broker.Admin
	Catalog *catalog.Catalog
	Store   *sink.Store
	// Shards is how many shards a view gets that does not say.
	Shards int
	// Replication is the replication factor of the topics that Millrace makes
	// for itself; 0 is the broker's default.
	Replication int16
	// Retention is how long partials are kept, as retention.ms; it bounds how
	// old a restored backup of the result tables may be. "" is the broker's.
	Retention string
}

// Result is what a statement has to say when it is done.
type Result struct {
	Tag     string // as psql prints it: "CREATE STREAM"
	Notices []string
	// Rows are what an EXPLAIN shows instead of a tag, nil for other statements.
	Rows []string
	// Revision is the catalog's revision after a change: the next command can
	// wait for it. 0 where nothing changed.
	Revision topology.Revision
}

// ErrNotOurs is returned for statements that PostgreSQL carries out.
var ErrNotOurs = errors.New("a statement for PostgreSQL")

// Execute carries out one statement. It returns [ErrNotOurs] for one that is
// none of Millrace's, without having done anything. Errors that the statement is to blame for
// are *datum.Error.
func (e *Executor) Execute(ctx context.Context, sql string) (Result, error) {
	parsed, err := statement.Parse(sql)
	if err != nil {
		return Result{}, err
	}
	var result Result
	switch s := parsed.(type) {
	case *statement.CreateStream:
		result, err = e.createStream(ctx, s)
	case *statement.AlterStream:
		result, err = e.alterStream(ctx, s)
	case *statement.CreateView:
		result, err = e.createView(ctx, s)
	case *statement.ExplainView:
		result, err = e.explainView(ctx, s)
	case *statement.DropStream:
		result, err = e.dropStream(ctx, s)
	case *statement.DropView:
		result, err = e.dropView(ctx, s)
	default:
		return Result{}, ErrNotOurs
	}
	return result, refused(err)
}

// refused turns what the catalog has against a change into an error of SQL.
func refused(err error) error {
	var conflict *topology.Conflict
	if errors.As(err, &conflict) {
		return &datum.Error{Code: conflict.Code, Message: conflict.Message, Detail: conflict.Detail, Hint: conflict.Hint}
	}
	return err
}

// at gives an error a place in the statement, unless it has one.
func at(err error, position int) error {
	var sql *datum.Error
	if errors.As(refused(err), &sql) && sql.Position == 0 {
		placed := *sql
		placed.Position = position
		return &placed
	}
	return err
}

// exists is the notice of IF NOT EXISTS and IF EXISTS.
func exists(name string) string { return fmt.Sprintf("relation %q already exists, skipping", name) }

func missing(noun, name string) string {
	return fmt.Sprintf("%s %q does not exist, skipping", noun, name)
}
