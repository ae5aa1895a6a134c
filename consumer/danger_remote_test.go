package consumer

import (
	"context"
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestDangerEvaluatedInPart has PostgreSQL answer some of the batches that a poll
// became, and not the last, with which the position goes. A flush that comes then, for
// what was read before, must not take their rows along: the node dies, and they are read
// again.
func TestDangerEvaluatedInPart(t *testing.T) {
	scenario{guard: guardCovered, run: func(d *danger) []string {
		const few, many, last = 100, 12_000, 449
		d.postgres.only = last
		d.postgres.close()
		v := d.createRemote("v", fromStart)
		events := func(by *kgo.Client, n int, value func(i int) int64) {
			var records []*kgo.Record
			for i := range n {
				e := event{key: fmt.Sprint("key-", i%20), i: value(i)}
				d.want[0] = append(d.want[0], e)
				records = append(records, &kgo.Record{Topic: d.stream.Topic, Value: fmt.Appendf(nil, `{"k": %q, "i": %d}`, e.key, e.i)})
			}
			d.send(by, records...)
		}
		small := func(i int) int64 { return int64(i % 30) }
		h := d.hold("a", pointBegun)
		n := d.begin("a", patient)
		events(d.client, few, small)
		d.await(h) // nothing is sealed from here on
		events(d.client, few, small)
		d.wait("what comes before is evaluated", func() bool { return d.postgres.is(func() bool { return d.postgres.passed == 2*few }) })
		d.atOnce(func(by *kgo.Client) {
			events(by, many, func(i int) int64 {
				if i == many-1 {
					return last
				}
				return small(i)
			})
		})
		d.wait("PostgreSQL has answered some batches, and not the last", func() bool {
			return d.postgres.is(func() bool { return d.postgres.waiting > 0 && d.postgres.passed >= 2*few+4096 })
		})
		h.release()
		d.wait("what comes before is folded", func() bool { return d.store.foldedTo(v, 0) >= 2*few })
		d.kill(n)
		delete(d.nodes, "a")
		d.postgres.open()
		d.begin("b")
		return d.outcome(v)
	}}.test(t)
}

// atOnce makes records visible all at once, so that one poll has them, with a
// transaction's marker behind them in partition 0.
func (d *danger) atOnce(produce func(by *kgo.Client)) {
	d.t.Helper()
	producer := d.client2(kgo.TransactionalID(d.name + ".once"))
	if err := producer.BeginTransaction(); err != nil {
		d.t.Fatal(err)
	}
	produce(producer)
	d.must("commit them", func(ctx context.Context) error { return producer.EndTransaction(ctx, kgo.TryCommit) })
	d.want[0] = append(d.want[0], event{bad: true})
}
