package ddl

import (
	"context"
	"fmt"

	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/topology"
)

func (e *Executor) alterStream(ctx context.Context, s *statement.AlterStream) (Result, error) {
	result := Result{Tag: "ALTER STREAM"}
	current, err := e.Catalog.Read(ctx)
	if err != nil {
		return result, err
	}
	before, exists := current.Stream(s.Name)
	if s.Foreign && !exists {
		return result, ErrNotOurs
	}
	columns := make([]topology.NewColumn, len(s.Add))
	defs := make([]statement.ColumnDef, len(s.Add))
	for i, add := range s.Add {
		defs[i] = add.ColumnDef
		columns[i] = topology.NewColumn{StreamColumn: topology.StreamColumn{Name: add.Name}, IfNotExists: add.IfNotExists}
	}
	// Asked here as well, so that a column that is there is refused as that.
	trial, err := current.AddColumns(s.Name, s.IfExists, columns)
	if err != nil {
		return result, at(err, s.Pos)
	}
	switch {
	case !exists:
		result.Notices = append(result.Notices, missing("stream", s.Name))
		return result, nil
	case len(trial) > 0:
		resolved, _, err := e.resolveAll(ctx, defs)
		if err != nil {
			return result, err
		}
		for i := range columns {
			columns[i].StreamColumn = resolved[i]
		}
		result.Revision, err = e.Catalog.Update(ctx, func(c *topology.Catalog) ([]*topology.Record, error) {
			return c.AddColumns(s.Name, s.IfExists, columns)
		})
		if err != nil {
			return result, at(err, s.Pos)
		}
	}
	for _, add := range s.Add {
		for _, c := range before.Columns {
			if c.Name == add.Name {
				result.Notices = append(result.Notices, fmt.Sprintf("column %q of stream %q already exists, skipping", add.Name, s.Name))
			}
		}
	}
	return result, nil
}
