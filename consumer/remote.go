package consumer

import (
	"time"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// evaluate has a batch's rows evaluated in PostgreSQL for a view.
func (l *lane) evaluate(s *laneStream, v *laneView, bad refuse) {
	failed := func(record int32, err *datum.Error) { bad(s.records[record], v, err) }
	rows := v.remote.Choose(failed)
	if len(rows) == 0 {
		return
	}
	var sent aggregator.Sent
	v.remote.Add(&sent, rows, func(record int32) int32 { return record })
	for l.ctx.Err() == nil {
		e, err := l.node.evaluator.Evaluate(l.ctx, v.program, sent.Inputs, sent.Rows)
		if err == nil {
			l.node.solved("view "+v.def.Name, topology.TopicPartition{})
			v.table.TakeEvaluated(&sent, e, failed)
			return
		}
		if l.ctx.Err() != nil {
			return
		}
		l.node.problem("view "+v.def.Name, topology.TopicPartition{}, err)
		select {
		case <-time.After(100 * time.Millisecond):
		case <-l.ctx.Done():
		}
	}
}
