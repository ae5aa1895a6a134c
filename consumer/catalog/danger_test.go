package catalog

import (
	"crypto/rand"
	"fmt"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/topology"
)

// TestDangerUnfencedWriters has writers change the catalog at once, with the
// fence and without it, which is the transactional id that all of them take.
// Without it two of them decide on one state, and a view that was reported as
// created is another's, or has another's revision.
func TestDangerUnfencedWriters(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, cfg broker.Config) {
		if faults := writeAtOnce(t, cfg, true); len(faults) > 0 {
			t.Errorf("with the fence: %v", faults)
		}
		for tries := 1; ; tries++ {
			if faults := writeAtOnce(t, cfg, false); len(faults) > 0 {
				t.Logf("seen without the fence, as it must be: %v", faults)
				return
			}
			if tries == 20 {
				t.Fatal("nothing is wrong without the fence: the test proves nothing")
			}
		}
	})
}

// writeAtOnce has ten writers create a stream each and one stream all, and
// returns what is wrong afterwards.
func writeAtOnce(t *testing.T, cfg broker.Config, fenced bool) []string {
	t.Helper()
	ctx := testContext(t)
	cluster := newCluster()
	var mu sync.Mutex // guards the rest
	var faults []string
	winners, revisions := 0, map[topology.Revision]string{}
	var writers sync.WaitGroup
	for i := range 10 {
		c := open(t, cfg, cluster, quiet())
		name := fmt.Sprint("s", i)
		if i%2 == 1 {
			name = "the_same"
		}
		if !fenced { // the last option of a kind counts
			c.opts = append(c.opts, kgo.TransactionalID(c.topic+rand.Text()))
		}
		writers.Go(func() {
			revision, err := c.Update(ctx, createStream(stream(name)))
			mu.Lock()
			defer mu.Unlock()
			if err == nil && revisions[revision] != "" {
				faults = append(faults, fmt.Sprintf("revision %d is that of %s and of %s", revision, revisions[revision], name))
			}
			if err == nil {
				revisions[revision] = name
			}
			if err == nil && name == "the_same" {
				winners++
			}
		})
	}
	writers.Wait()
	if winners != 1 {
		faults = append(faults, fmt.Sprintf("%d writers have created the same stream", winners))
	}
	return faults
}
