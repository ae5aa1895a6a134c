package query

import (
	"slices"

	"github.com/millrace/millrace/aggregator/datum"
)

// findUsed finds the columns of the stream that the program reads: those beneath
// its expressions, its WHERE and its FROM. At least one is sent.
func (d *Draft) findUsed() {
	d.used = make([]bool, len(d.columns))
	b := d.builder
	set := func(n *node) {
		if at := n.int("varattno"); at > 0 && at <= len(d.used) {
			d.used[at-1] = true
		} else if at == 0 {
			for i := range d.used {
				d.used[i] = true
			}
		}
	}
	if b.stream == "" {
		d.eachInner(set)
	} else {
		mark := func(v value, depth int) {
			walkLevels(v, depth, func(n *node, depth int) {
				if n.tag == "VAR" && n.int("varlevelsup") == depth && n.text("varno") == b.stream {
					set(n)
				}
			})
		}
		for _, need := range b.eval.needs {
			mark(value{kind: kindNode, node: need.node}, 0)
		}
		tree := d.original.child("jointree")
		mark(tree.get("fromlist"), 0)
		if !b.eval.whole {
			mark(tree.get("quals"), 0)
		}
		for _, entry := range d.original.nodes("rtable") {
			if !b.isStream(&entry) && entry.text("rtekind") != rteJoin && entry.text("rtekind") != rteGroup {
				mark(value{kind: kindNode, node: &entry}, 0)
			}
		}
	}
	if !slices.Contains(d.used, true) && len(d.used) > 0 {
		d.used[d.cheapest()] = true
	}
}

// cheapest is the column to send where only the number of rows counts.
func (d *Draft) cheapest() int {
	for i, c := range d.builder.columns {
		if p := c.Type.Physical(); p == datum.PhysInt || p == datum.PhysFloat {
			return i
		}
	}
	return 0
}

// eachInner calls visit for each VAR of the stream where it stands within a
// sub-SELECT.
func (d *Draft) eachInner(visit func(*node)) {
	walk(value{kind: kindNode, node: d.original}, func(n *node) bool {
		if n.tag != "QUERY" {
			return true
		}
		entries := n.nodes("rtable")
		for i := range entries {
			if d.builder.isStream(&entries[i]) {
				d.visitVars(n, itoa(i+1), visit)
			}
		}
		return true
	})
}

// visitVars calls visit for each VAR of a query's entry, where the query itself or
// one within it refers to it.
func (d *Draft) visitVars(q *node, index string, visit func(*node)) {
	look := func(v value) {
		walkLevels(v, 0, func(n *node, depth int) {
			if n.tag == "VAR" && n.int("varlevelsup") == depth && n.text("varno") == index {
				visit(n)
			}
		})
	}
	for _, f := range q.fields {
		if f.name != "rtable" {
			look(f.value)
			continue
		}
		for _, entry := range f.value.nodes() {
			if kind := entry.text("rtekind"); kind != rteJoin && kind != rteGroup && !d.builder.isStream(&entry) {
				look(value{kind: kindNode, node: &entry})
			}
		}
	}
}

const rteJoin = "2"

// walkLevels calls visit for every node beneath v with the number of queries that
// it is within.
func walkLevels(v value, depth int, visit func(*node, int)) {
	switch v.kind {
	case kindNode:
		visit(v.node, depth)
		if v.node.tag == "QUERY" {
			depth++
		}
		for _, f := range v.node.fields {
			walkLevels(f.value, depth, visit)
		}
	case kindList:
		for _, item := range v.list {
			walkLevels(item, depth, visit)
		}
	}
}
