package consumer

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace/millrace/topology"
)

// committed is what the group's committed offset of an input partition says.
type committed struct {
	none      bool // nothing was ever committed
	positions topology.Positions
}

// fetchCommitted reads the committed offsets of partitions of a topic, and their
// metadata. One whose newer offset a transaction holds fails with
// [kerr.UnstableOffsetCommit].
func (l *lane) fetchCommitted(ctx context.Context, topic string, id topology.TopicID, parts []*opening) error {
	req := kmsg.NewPtrOffsetFetchRequest()
	req.RequireStable = !l.node.cfg.inject(guardStable)
	req.Group = l.node.cfg.Cluster
	old := kmsg.NewOffsetFetchRequestTopic()
	old.Topic = topic
	for _, o := range parts {
		old.Partitions = append(old.Partitions, o.tp.Partition)
	}
	req.Topics = append(req.Topics, old)
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group = req.Group
	t := kmsg.NewOffsetFetchRequestGroupTopic()
	t.Topic, t.TopicID, t.Partitions = topic, [16]byte(id), old.Partitions
	g.Topics = append(g.Topics, t)
	req.Groups = append(req.Groups, g)
	resp, err := req.RequestWith(ctx, l.node.client)
	var all map[int32]answered
	if err == nil {
		all, err = readCommitted(resp)
	}
	if err != nil {
		return fmt.Errorf("committed offsets of topic %q: %w", topic, err)
	}
	for _, o := range parts {
		a, ok := all[o.tp.Partition]
		if !ok {
			a = answered{offset: -1}
		}
		if o.committed, err = a.decode(); err != nil {
			o.err = fmt.Errorf("committed offset of %s/%d: %w", topic, o.tp.Partition, err)
		}
	}
	return nil
}

// answered is what the broker says of one partition.
type answered struct {
	code     int16
	offset   int64 // below 0 for none
	metadata *string
}

// readCommitted takes the partitions of an answer about one topic, in its old or its
// new form.
func readCommitted(resp *kmsg.OffsetFetchResponse) (map[int32]answered, error) {
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return nil, err
	}
	all := map[int32]answered{}
	for _, g := range resp.Groups {
		if err := kerr.ErrorForCode(g.ErrorCode); err != nil {
			return nil, err
		}
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				all[p.Partition] = answered{p.ErrorCode, p.Offset, p.Metadata}
			}
		}
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			all[p.Partition] = answered{p.ErrorCode, p.Offset, p.Metadata}
		}
	}
	return all, nil
}

func (a answered) decode() (committed, error) {
	if err := kerr.ErrorForCode(a.code); err != nil {
		return committed{}, err
	}
	if a.offset < 0 {
		return committed{none: true}, nil
	}
	text := ""
	if a.metadata != nil {
		text = *a.metadata
	}
	positions, err := topology.DecodePositions(a.offset, text)
	if err != nil {
		err = fmt.Errorf("%w; stop the cluster's nodes, delete the offset (kafka-consumer-groups.sh --delete-offsets), "+
			"and it is recovered from the ledger at the next start", err)
	}
	return committed{positions: positions}, err
}
