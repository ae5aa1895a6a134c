package query

import "slices"

// names hands out the names of v_mrel's columns.
type names map[string]bool

// reservedNames are the columns that v_mrel has besides (_shard only where the
// view is write_optimized, which a plan does not know), and those that every
// table of PostgreSQL has.
var reservedNames = []string{"_hash", "_shard", "_error", "ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"}

// take returns name if it is free and possible.
func (n names) take(name string) (string, bool) {
	if n[name] || name == "" || slices.Contains(reservedNames, name) {
		return "", false
	}
	n[name] = true
	return name, true
}

// nameColumns names the columns of v_mrel, keys first. A key or a state that is
// an output column just as it is takes that column's name, as in PipelineDB;
// the others get names of their own, which no output has.
func (b *builder) nameColumns() error {
	b.names = names{}
	b.nameMade()
	for i := range b.targets {
		target := &b.targets[i]
		if target.flag("resjunk") {
			continue
		}
		if err := b.nameAfter(target); err != nil {
			return err
		}
	}
	taken := func(name string) bool {
		return b.names[name] || slices.ContainsFunc(b.analysis.Outputs, func(o OutputColumn) bool { return o.Name == name })
	}
	numbers := map[string]int{}
	next := func(kind string) string {
		for {
			numbers[kind]++
			if name := "_" + kind + "_" + itoa(numbers[kind]); !taken(name) {
				b.names[name] = true
				return name
			}
		}
	}
	for i := range b.plan.Keys {
		if b.plan.Keys[i].Column == "" {
			b.plan.Keys[i].Column = next("key")
		}
	}
	for i := range b.plan.Aggregates {
		a := &b.plan.Aggregates[i]
		if len(a.Columns) > 0 {
			continue
		}
		base := next(b.kinds[i])
		for _, state := range a.Function.States {
			a.Columns = append(a.Columns, base+state.Suffix)
		}
	}
	return nil
}

// nameMade names the keys that no expression of the SELECT is, before any output
// may take these names.
func (b *builder) nameMade() {
	for i := range b.plan.Keys {
		key := &b.plan.Keys[i]
		switch {
		case key.Origin == SetNumber:
			key.Column, _ = b.names.take(setColumn)
		case b.plan.AppendOnly && i < len(placeColumns):
			key.Column, _ = b.names.take(placeColumns[i])
		}
	}
}

// nameAfter names the key or the state that an output column is.
func (b *builder) nameAfter(target *node) error {
	n := target.child("expr")
	if n == nil {
		return broken("an output is missing")
	}
	if key := b.keyOfOutput(target); key >= 0 {
		if b.plan.Keys[key].Column == "" {
			b.plan.Keys[key].Column, _ = b.names.take(target.text("resname"))
		}
		return nil
	}
	if n.tag != "AGGREF" {
		return nil
	}
	c, err := b.aggregate(n, b.itemOf(target))
	if err != nil || c.name == "avg" {
		return err
	}
	a := &b.plan.Aggregates[c.sum]
	if len(a.Columns) == 0 && len(a.Function.States) == 1 {
		if name, ok := b.names.take(target.text("resname")); ok {
			a.Columns = []string{name}
		}
	}
	return nil
}
