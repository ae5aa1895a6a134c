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

// fetchCommitted reads a partition's committed offset and its metadata. It fails
// with [kerr.UnstableOffsetCommit] while a transaction holds a newer one.
func (l *lane) fetchCommitted(ctx context.Context, tp topology.TopicPartition, id topology.TopicID) (committed, error) {
	group := l.node.cfg.Cluster
	req := kmsg.NewPtrOffsetFetchRequest()
	req.RequireStable = !l.node.cfg.inject(guardStable)
	req.Group = group
	old := kmsg.NewOffsetFetchRequestTopic()
	old.Topic, old.Partitions = tp.Topic, []int32{tp.Partition}
	req.Topics = append(req.Topics, old)
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group = group
	t := kmsg.NewOffsetFetchRequestGroupTopic()
	t.Topic, t.TopicID, t.Partitions = tp.Topic, [16]byte(id), []int32{tp.Partition}
	g.Topics = append(g.Topics, t)
	req.Groups = append(req.Groups, g)
	resp, err := req.RequestWith(ctx, l.node.client)
	var c committed
	if err == nil {
		c, err = readCommitted(resp)
	}
	if err != nil {
		return c, fmt.Errorf("committed offset of %s/%d: %w", tp.Topic, tp.Partition, err)
	}
	return c, nil
}

// readCommitted takes the one partition of an answer, in its old or its new form.
func readCommitted(resp *kmsg.OffsetFetchResponse) (committed, error) {
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return committed{}, err
	}
	for _, g := range resp.Groups {
		if err := kerr.ErrorForCode(g.ErrorCode); err != nil {
			return committed{}, err
		}
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				return decodeCommitted(p.ErrorCode, p.Offset, p.Metadata)
			}
		}
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			return decodeCommitted(p.ErrorCode, p.Offset, p.Metadata)
		}
	}
	return committed{none: true}, nil
}

func decodeCommitted(code int16, offset int64, metadata *string) (committed, error) {
	if err := kerr.ErrorForCode(code); err != nil {
		return committed{}, err
	}
	if offset < 0 {
		return committed{none: true}, nil
	}
	text := ""
	if metadata != nil {
		text = *metadata
	}
	positions, err := topology.DecodePositions(offset, text)
	if err != nil {
		err = fmt.Errorf("%w; stop the cluster's nodes, delete the offset (kafka-consumer-groups.sh --delete-offsets), "+
			"and it is recovered from the ledger at the next start", err)
	}
	return committed{positions: positions}, err
}
