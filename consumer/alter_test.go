package consumer

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/topology"
)

// lines makes n events as csv with so many columns behind the first two, and takes
// them as produced.
func (c *testCluster) lines(n, more int) []*kgo.Record {
	records := make([]*kgo.Record, n)
	for i := range records {
		p := c.rng.IntN(len(c.want))
		e := event{key: fmt.Sprint("key-", c.rng.IntN(20)), i: int64(c.rng.IntN(1000)) - 500, bad: c.rng.IntN(50) == 0}
		value := fmt.Appendf(nil, "%s,%d", e.key, e.i)
		for range more {
			value = append(value, ",new"...)
		}
		if e.bad {
			value = []byte("x,y")
		}
		c.want[p] = append(c.want[p], e)
		records[i] = &kgo.Record{Topic: c.stream.Topic, Partition: int32(p), Value: value}
	}
	return records
}

// addColumn adds a text column to the stream.
func (c *testCluster) addColumn(name string) {
	c.t.Helper()
	column := topology.NewColumn{StreamColumn: topology.StreamColumn{Name: name, Type: "text", OID: 25, Typmod: -1}}
	c.update(func(cat *topology.Catalog) ([]*topology.Record, error) {
		return cat.AddColumns(c.stream.Name, false, []topology.NewColumn{column})
	})
}

// TestColumnsAreAddedUnderLoad: records with a further column follow the ALTER STREAM
// at once, before the node can have heard of it. In json that is an unknown field; a
// line of csv has more columns than the lane knows. Views of before and of after count
// every record.
func TestColumnsAreAddedUnderLoad(t *testing.T) {
	for _, format := range []string{"json", "csv"} {
		t.Run(format, func(t *testing.T) {
			c := newClusterOf(t, setting{seed: seedOf(), onError: topology.DeadLetter, format: format})
			make := func(n, more int) []*kgo.Record {
				if format == "csv" {
					return c.lines(n, more)
				}
				return c.events(n)
			}
			views := []*topology.View{c.createView("old", true)}
			n := c.start(c.config())
			c.send(c.client, make(300, 0)...)
			for round := range 5 {
				c.send(c.client, make(100, round)...)
				c.addColumn(fmt.Sprint("c", round))
				c.send(c.client, make(200, round+1)...)
				if round == 2 {
					views = append(views, c.createView("late", true), c.createView("later", false))
				}
			}
			c.folded(views...)
			c.end(n)
			n = c.start(c.config())
			c.send(c.client, make(100, 5)...)
			c.send(c.client, make(100, 0)...)
			c.folded(views...)
			c.end(n)
			c.check(views...)
		})
	}
}
