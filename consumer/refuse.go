package consumer

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// refuse deals with a record that cannot be decoded (v is nil, it concerns all
// views that were being read for) or evaluated for a view, as the stream's
// on_error says.
func (l *lane) refuse(s *topology.Stream, views []*laneView, r *kgo.Record, v *laneView, err *datum.Error) {
	tp := topology.TopicPartition{Topic: r.Topic, Partition: r.Partition}
	if v == nil {
		l.doubt(err)
	}
	switch s.OnError {
	case topology.Skip:
		l.node.metrics.skipped.WithLabelValues(s.Name).Inc()
	case topology.Stop:
		if at, ok := l.stops[tp]; !ok || r.Offset < at {
			l.stops[tp] = r.Offset
		}
		if !l.void {
			l.void = true
			l.node.problem("stream "+s.Name, tp, fmt.Errorf("on_error = 'stop': record at offset %d: %w; "+
				"all before it counts; to go on, drop the stream and create it with on_error = 'dead_letter' or 'skip'", r.Offset, err))
		}
	default:
		names := make([]string, 0, len(views))
		if v != nil {
			names = append(names, v.def.Name)
		} else {
			for _, w := range views {
				names = append(names, w.def.Name)
			}
		}
		d := deadLetter(s, r, names, err, v == nil)
		l.dead = append(l.dead, d)
		l.deadSize += len(d.Value) + len(d.Key) + 512
		l.node.metrics.dead.WithLabelValues(s.Name).Inc()
	}
}
