package ddl

import (
	"errors"
	"fmt"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/topology"
)

// severalStreams says why where PostgreSQL does not know a relation that is another
// stream.
func severalStreams(current *topology.Catalog, s *statement.CreateView, from source, err error) error {
	var sql *datum.Error
	if !errors.As(err, &sql) || sql.Code != datum.CodeUndefinedTable {
		return err
	}
	for _, ref := range statement.StreamNames(s.Select) {
		if _, ok := current.Stream(ref.Name); !ok || ref.Name == from.stream.Name {
			continue
		}
		return &datum.Error{
			Code:     datum.CodeFeatureNotSupported,
			Message:  fmt.Sprintf("streams %q and %q cannot be joined: the events that would meet come at different times", from.stream.Name, ref.Name),
			Position: s.SelectPos + ref.Pos - 1,
			Hint:     "Make a continuous view of one of them and join the other with it: a view is read as a table.",
		}
	}
	return err
}
