package consumer

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/millrace/millrace/topology"
)

// TestUnstableForLong: an offset that a transaction holds is waited for in silence
// while a broker may still end the transaction, and is a problem afterwards.
func TestUnstableForLong(t *testing.T) {
	u := unstable{}
	tp, other := topology.TopicPartition{Topic: "events", Partition: 1}, topology.TopicPartition{Topic: "events", Partition: 2}
	const timeout = 5 * time.Second
	begun := time.Now()
	for _, step := range []struct {
		tp      topology.TopicPartition
		after   time.Duration
		problem bool
	}{
		{tp, 0, false},
		{tp, timeout, false},
		{tp, 2*timeout + brokerScan - 1, false},
		{other, 2*timeout + brokerScan, false},
		{tp, 2*timeout + brokerScan, true},
		{tp, time.Hour, true},
	} {
		err := u.held(step.tp, begun.Add(step.after), timeout)
		if (err != nil) != step.problem {
			t.Errorf("%v after %v: %v", step.tp, step.after, err)
		}
		if err != nil && (!errors.Is(err, kerr.UnstableOffsetCommit) || !strings.Contains(err.Error(), "kafka-transactions.sh")) {
			t.Errorf("%v", err)
		}
	}
	delete(u, tp)
	if err := u.held(tp, begun.Add(2*time.Hour), timeout); err != nil {
		t.Errorf("held anew: %v", err)
	}
}
