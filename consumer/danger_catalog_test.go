package consumer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/millrace/millrace/consumer/catalog"
	"github.com/millrace/millrace/topology"
)

// TestDangerOldCatalog gives partitions that were read for a new view to a node
// that has not heard of the view.
func TestDangerOldCatalog(t *testing.T) {
	scenario{guard: guardLearn, run: func(d *danger) []string {
		first := d.createView("first", true)
		a, b := d.begin("a"), d.begin("b")
		d.share(a, b)
		d.produce(300)
		d.folded(first)
		d.leaveOut("b "+pointDeaf, true)
		second := d.createView("second", false)
		d.wait("node a knows the view", func() bool { return knows(a, "second") })
		d.produce(200)
		d.wait("it is read", d.allCommitted)
		d.finish("a")
		d.wait("the other node has all partitions", func() bool { return d.owns(b) })
		d.produce(200)
		d.wait("it is read", d.allCommitted)
		d.leaveOut("b "+pointDeaf, false)
		third := d.createView("third", false) // b hears of that one, and so of the second
		d.produce(200)
		return d.outcome(first, second, third)
	}}.test(t)
}

// knows reports whether a node's lanes have heard of a view.
func knows(r *running, view string) bool {
	for _, l := range r.node.lanes {
		known := false
		if err := l.do(l.ctx, func() { _, known = l.catalog.View(view) }); err != nil || !known {
			return false
		}
	}
	return true
}

// TestDangerViewCreatedWhileAnotherNodeFlushes creates a view that the node which
// reads does not hear of: its flushes pass the view's start.
func TestDangerViewCreatedWhileAnotherNodeFlushes(t *testing.T) {
	scenario{guard: guardRevision, run: func(d *danger) []string {
		first := d.createView("first", true)
		d.begin("a")
		d.produce(300)
		d.folded(first)
		d.leaveOut("a "+pointDeaf, true)
		second := d.createView("second", false)
		d.produce(300)
		d.published(first)
		d.finish("a")
		d.leaveOut("a "+pointDeaf, false)
		d.begin("a")
		d.produce(300)
		return d.outcome(first, second)
	}}.test(t)
}

// TestDangerViewDroppedAndCreatedAgain replaces a view by another of its name,
// again and again, while events flow. Nodes see drop and creation at once.
func TestDangerViewDroppedAndCreatedAgain(t *testing.T) {
	scenario{guard: guardID, run: func(d *danger) []string {
		v := d.createView("v", true)
		d.begin("a")
		d.produce(300)
		d.folded(v)
		for range 4 {
			var flow sync.WaitGroup
			events := d.events(300)
			again := *v
			again.ID, again.Created, again.Starts = topology.ViewID(NewID()), 0, map[topology.Partition]int64{}
			for p := range d.want {
				again.Starts[int32(p)] = int64(d.rng.IntN(len(d.want[p])))
			}
			flow.Go(func() {
				if err := within(d.t, "produce beside the change", func(ctx context.Context) error { return d.client.ProduceSync(ctx, events...).FirstErr() }); err != nil {
					d.t.Error(err)
				}
			})
			d.update(func(cat *topology.Catalog) ([]*topology.Record, error) {
				records, err := cat.DropView(v.Name, false)
				return append(records, &topology.Record{Kind: topology.KindView, Name: again.Name, View: &again}), err
			})
			flow.Wait()
			v = &again
		}
		d.produce(100)
		return d.outcome(v)
	}}.test(t)
}

// TestDangerTenCreates has five nodes read while ten views are created at once by
// ten commands, and then one view by ten. What the fence of the catalog's writers
// is for shows TestDangerUnfencedWriters of package catalog.
func TestDangerTenCreates(t *testing.T) {
	c := newClusterOf(t, setting{brokers: realBrokers(t), seed: seedOf(), onError: topology.DeadLetter})
	d := &danger{testCluster: c, guarded: true, holds: map[string]*hold{}, off: map[string]bool{}, nodes: map[string]*running{}}
	t.Cleanup(d.abandon)
	first := d.createView("first", true)
	for i := range 5 {
		d.begin(fmt.Sprint("node-", i))
	}
	d.produce(300)
	ten := d.createAtOnce(first, func(i int) string { return fmt.Sprint("view_", i) })
	d.produce(300)
	one := d.createAtOnce(first, func(int) string { return "the_same" })
	d.produce(300)
	if len(ten) != 10 || len(one) != 1 {
		t.Fatalf("of ten CREATEs of ten views %d succeed, of ten of one view %d", len(ten), len(one))
	}
	for _, f := range d.outcome(append(append(ten, one...), first)...) {
		t.Error(f)
	}
}

// createAtOnce creates ten views like another, each by a command of its own, and
// returns those that succeed.
func (d *danger) createAtOnce(like *topology.View, name func(i int) string) (created []*topology.View) {
	d.t.Helper()
	var mu sync.Mutex // guards created
	var commands sync.WaitGroup
	for i := range 10 {
		v := *like
		v.ID, v.Name, v.Shards = topology.ViewID(NewID()), name(i), 1+i%3
		var command *catalog.Catalog
		d.must("open the catalog", func(ctx context.Context) (err error) {
			command, err = catalog.Open(ctx, d.kafka, d.name, d.log)
			return err
		})
		commands.Go(func() {
			defer command.Close()
			err := within(d.t, "create a view", func(ctx context.Context) error {
				_, err := command.Update(ctx, func(cat *topology.Catalog) ([]*topology.Record, error) { return cat.CreateView(&v, nil, false) })
				return err
			})
			var conflict *topology.Conflict
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				created = append(created, &v)
			case !errors.As(err, &conflict) || conflict.Code != topology.CodeDuplicate:
				d.t.Errorf("create %s: %v", v.Name, err)
			}
		})
	}
	commands.Wait()
	return created
}
