package consumer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace/millrace/topology"
)

// transactionalID names the producer of a node's lane: a later process of that
// name takes it over, and a rescuer ends what it left open.
func transactionalID(cluster, node string, lane int, suffix string) string {
	return fmt.Sprintf("%s.%s.%d%s", cluster, node, lane, suffix)
}

// fence takes the transactional ids of a node's lanes: what they have open is
// aborted at once, else readers would wait for it until it times out. A lane that
// lives notices at its next flush, and reads again.
func (n *Node) fence(ctx context.Context, of topology.NodeInfo) error {
	if n.cfg.inject(guardFence) {
		return nil
	}
	errs := make([]error, of.Lanes)
	var work sync.WaitGroup
	for lane := range of.Lanes {
		id := transactionalID(n.cfg.Cluster, of.Node, lane, of.Suffix)
		work.Go(func() { errs[lane] = endTransaction(ctx, n.client, id, n.cfg.TransactionTimeout) })
	}
	work.Wait()
	return errors.Join(errs...)
}

// endTransaction takes a transactional id: what its producer has open is aborted.
// The broker notes the timeout for the id until its producer takes it again.
func endTransaction(ctx context.Context, client *kgo.Client, id string, timeout time.Duration) error {
	req := kmsg.NewPtrInitProducerIDRequest()
	req.TransactionalID = &id
	req.TransactionTimeoutMillis = int32(timeout.Milliseconds())
	req.ProducerID, req.ProducerEpoch = -1, -1
	return retryConcurrent(ctx, func() error {
		resp, err := req.RequestWith(ctx, client)
		if err == nil {
			err = kerr.ErrorForCode(resp.ErrorCode)
		}
		if err != nil {
			return fmt.Errorf("end the transaction of %q: %w", id, err)
		}
		return nil
	})
}

// expel takes the members of a node that is dead out of the group. Without it
// the group waits for their session timeout.
func (n *Node) expel(ctx context.Context, node string) error {
	group, err := n.admin.Group(ctx, n.cfg.Cluster)
	if err != nil {
		return err
	}
	var members []string
	for _, m := range group.ByNode(n.cfg.Cluster)[node] {
		members = append(members, m.ID)
	}
	if len(members) == 0 {
		return nil
	}
	if err := takeOut(ctx, n.client, n.cfg.Cluster, members...); err != nil {
		return fmt.Errorf("take node %q out of the group: %w", node, err)
	}
	n.log.Info("node taken out of the group", "of", node, "members", len(members))
	return nil
}

// takeOut ends the membership of some members of a group; of those that are none
// it ends nothing.
func takeOut(ctx context.Context, client *kgo.Client, group string, members ...string) error {
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group, req.MemberID = group, members[0] // which the oldest brokers look at
	for _, id := range members {
		m := kmsg.NewLeaveGroupRequestMember()
		m.MemberID = id
		req.Members = append(req.Members, m)
	}
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return err
	}
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil && !errors.Is(err, kerr.UnknownMemberID) {
		return err
	}
	return nil
}
