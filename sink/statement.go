package sink

import (
	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/topology"
)

// statement is one merge that is put together: the rows of a task, or those of several
// shards of one view one after another. Of many shards with few groups the
// statements cost PostgreSQL more than the rows: 800 of ten rows (a hundred views of
// eight shards) take several times what 100 of eighty do.
type statement struct {
	task  *task // the first
	parts []*parameters
	rows  int
}

// takes reports whether a task's rows can go into the statement: those of the same
// view, where one statement serves both. Its rows are bounded by its message's.
func (s *statement) takes(t *task) bool {
	first := s.task.rows
	return first.View == t.rows.View && s.task.sql == t.sql &&
		len(first.Errors) == 0 && len(t.rows.Errors) == 0 && // whose statement has a parameter more
		first.Policy != topology.WriteOptimized && // of which each shard is a parameter
		len(first.Plan.Keys) > 0
}

// add puts the rows that a task has taken behind the others.
func (s *statement) add(t *task, rows int) {
	if len(s.parts) == 0 {
		s.task = t
	}
	s.parts, s.rows = append(s.parts, t.data), s.rows+rows
}

// end makes the statement, where there is one, part of the message and begins another.
func (s *statement) end(x *exchange) {
	if len(s.parts) == 0 {
		return
	}
	t, rows := s.task, s.rows
	x.ask(t, func(answers pgx.BatchResults) error {
		tag, err := answers.Exec()
		if err == nil && tag.RowsAffected() != int64(rows) {
			return errCollision(*t)
		}
		return err
	}, t.data.fast(t.sql), joinedArgs(s.parts)...)
	*s = statement{parts: s.parts[:0]}
}

// joinedArgs are the parameters of one statement for the rows that several have
// taken.
func joinedArgs(parts []*parameters) []any {
	args := parts[0].args()
	if len(parts) == 1 {
		return args
	}
	first := args[0].(*roomyParam)
	columns := make([]joinedParam, len(args)-1)
	for i, a := range args[1:] {
		columns[i] = append(columns[i], a.(*vectorParam))
	}
	for _, p := range parts[1:] {
		more := p.args()
		of := more[0].(*roomyParam)
		first.hashParam, first.room = append(first.hashParam, of.hashParam...), first.room+of.room
		for i, a := range more[1:] {
			columns[i] = append(columns[i], a.(*vectorParam))
		}
	}
	for i := range columns {
		args[i+1] = columns[i]
	}
	return args
}
