package oracle

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/millrace/millrace/topology"
)

// wholeOptions are the options of a run of the whole system.
type wholeOptions struct {
	shards, partitions, lanes int
	tiny                      bool // many small flushes, or few large ones
	nodes                     crew
	policy                    topology.ShardingPolicy
	seed                      uint64
}

// crew is how many nodes a run has, and whether all of them see its end.
type crew string

const (
	oneNode  crew = "one node"
	twoNodes crew = "two nodes"
	// dyingNode kills one of two nodes in the middle: while there is lag, and
	// after it has committed flushes.
	dyingNode crew = "two nodes of which one dies in the middle"
)

func (o wholeOptions) String() string {
	flushes := "large"
	if o.tiny {
		flushes = "tiny"
	}
	return fmt.Sprintf("%s, %d shards, %s, %d partitions, %d lanes, %s flushes, seed %d",
		o.nodes, o.shards, o.policy, o.partitions, o.lanes, flushes, o.seed)
}

// env are the settings that make the options so.
func (o wholeOptions) env() []string {
	interval := "1s"
	if o.tiny {
		interval = "5ms"
	}
	return []string{
		"MILLRACE_FLUSH_INTERVAL=" + interval, "MILLRACE_FOLD_INTERVAL=" + interval,
		"MILLRACE_NUM_SHARDS=" + strconv.Itoa(o.shards), "MILLRACE_LANES=" + strconv.Itoa(o.lanes),
	}
}

// quickWhole is how many runs of the whole system are made where not all are.
const quickWhole = 2

// matrix are the options of the whole system: the base first, then the others
// in an order that hangs on the seed. Nodes and policies are dealt out in turn: among
// the quick runs is one of two nodes, one with a node that dies, and one of each policy.
func matrix(seed uint64) []wholeOptions {
	base := wholeOptions{shards: 3, partitions: 4, lanes: 2, tiny: true, seed: seed}
	all := []wholeOptions{base}
	for _, shards := range []int{1, 3, 8} {
		for _, partitions := range []int{1, 4} {
			for _, lanes := range []int{1, 2} {
				for _, tiny := range []bool{true, false} {
					o := wholeOptions{shards: shards, partitions: partitions, lanes: lanes, tiny: tiny, seed: seed}
					if o != base {
						all = append(all, o)
					}
				}
			}
		}
	}
	rng := rand.New(rand.NewPCG(seed, 3))
	rng.Shuffle(len(all)-1, func(i, j int) { all[i+1], all[j+1] = all[j+1], all[i+1] })
	first := rng.IntN(2)
	for i := range all {
		all[i].nodes = []crew{twoNodes, dyingNode, oneNode}[i%3]
		all[i].policy = policyOf(first, i)
	}
	return all
}

// policyOf deals out the policies in turn, from the first one on.
func policyOf(first, run int) topology.ShardingPolicy {
	return []topology.ShardingPolicy{topology.ReadOptimized, topology.WriteOptimized}[(first+run)%2]
}
