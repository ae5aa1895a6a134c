package query

import (
	"errors"
	"slices"
	"strconv"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
)

// Build makes the checked plan of an analysed SELECT over a stream's schema.
// The same analysis and schema give the same plan at any time. Errors are
// *datum.Error, with the position in the statement where it is at fault.
func Build(a *Analysis, s Schema) (*Plan, error) {
	b := newBuilder(a, s)
	err := b.build(s)
	var failed *datum.Error
	if errors.As(err, &failed) {
		return nil, failed
	}
	return &b.plan, err
}

func newBuilder(a *Analysis, s Schema) *builder {
	return &builder{analysis: a, places: newClauses(a.Select, a.Offset), physical: map[string]int{}, keyOfTarget: map[string]int{}, schema: s}
}

// builder is the state of one Build.
type builder struct {
	analysis *Analysis
	places   *clauses
	query    *node
	stream   string         // the stream's number in the range table
	columns  []SchemaColumn // by attribute number - 1
	index    []int          // their places in the schema
	targets  []node         // the target list, hidden entries included
	keys     []groupKey     // one per plan.Keys
	schema   Schema
	// keyOfTarget are the keys that targets are, by resno, where no GROUP BY says it.
	keyOfTarget map[string]int
	physical    map[string]int // the place in plan.Aggregates of kind, argument and filter
	kinds       []string       // the kind of each of plan.Aggregates
	names       names
	eval        evaluation
	whole       bool    // sub-SELECTs stay what they are
	further     []*node // the other SELECTs of a UNION ALL
	united      bool    // it is one of a UNION ALL, which has no row program
	plan        Plan
}

// groupKey is a GROUP BY expression.
type groupKey struct {
	node  *node
	print string // its fingerprint
	ref   string // the clause's reference to it
}

func (b *builder) build(s Schema) error {
	tree, err := parseTree(b.analysis.Tree)
	if err != nil {
		return err
	}
	queries := tree.nodes()
	if len(queries) != 1 || queries[0].tag != "QUERY" || queries[0].child("jointree") == nil {
		return broken("it is not one query")
	}
	b.query = &queries[0]
	if err := b.expandGroupVars(); err != nil {
		return err
	}
	if b.analysis.Program == nil && !b.whole {
		if err := b.flatten(); err != nil {
			return err
		}
	}
	if err := b.finish(s, tree); err != nil {
		return err
	}
	return b.inputs(s, tree)
}

// finish makes the plan of the query that the builder has come to.
func (b *builder) finish(s Schema, tree value) error {
	if err := b.checkQuery(); err != nil {
		return err
	}
	if err := b.bindColumns(s); err != nil {
		return err
	}
	b.plan.TimeZone = b.analysis.TimeZone
	if err := b.bindProgram(tree); err != nil {
		return err
	}
	if err := b.bindFragments(tree); err != nil {
		return err
	}
	if err := b.where(b.query.child("jointree").child("quals")); err != nil {
		return err
	}
	if err := b.makeKeys(); err != nil {
		return err
	}
	if err := b.collectAggregates(); err != nil {
		return err
	}
	if err := b.nameColumns(); err != nil {
		return err
	}
	if err := b.outputs(); err != nil {
		return err
	}
	if err := b.reading(); err != nil {
		return err
	}
	if err := b.finishRemote(); err != nil {
		return err
	}
	b.usedColumns()
	return nil
}

// bindColumns finds the analysed table's columns in the schema, which may have
// got more since.
func (b *builder) bindColumns(s Schema) error {
	for _, name := range b.analysis.Columns {
		at := slices.IndexFunc(s, func(c SchemaColumn) bool { return c.Name == name })
		if at < 0 {
			return datum.Errorf(datum.CodeUndefinedColumn, "column \"%s\" of stream \"%s\" does not exist", name, b.analysis.Stream)
		}
		b.columns = append(b.columns, s[at])
		b.index = append(b.index, at)
	}
	return nil
}

// expandGroupVars puts the GROUP BY expressions back in where PostgreSQL 18 has
// references to them, so that the tree looks as those of 15 to 17 do.
func (b *builder) expandGroupVars() error {
	group := ""
	var exprs []node
	entries := b.query.nodes("rtable")
	for i := range entries {
		if entries[i].text("rtekind") == rteGroup {
			group, exprs = itoa(i+1), entries[i].nodes("groupexprs")
		}
	}
	missing := false
	expand := func(n *node, depth int) *node {
		if n.tag != "VAR" || group == "" || n.text("varno") != group || depth > 0 || n.int("varlevelsup") != 0 {
			return nil
		}
		at := n.int("varattno")
		if at < 1 || at > len(exprs) {
			missing = true
			return nil
		}
		return &exprs[at-1]
	}
	if group != "" {
		b.query = replaceLevels(value{kind: kindNode, node: b.query}, -1, expand).node
	}
	b.targets = b.query.nodes("targetList")
	if missing {
		return broken("a group reference leads nowhere")
	}
	return nil
}

// itemOf is the place of a target list entry in the select list.
func (b *builder) itemOf(target *node) span {
	return b.places.item(target.int("resno"), len(b.analysis.Outputs))
}

// keyOf returns the number of the key that an expression is, -1 for none.
func (b *builder) keyOf(n *node) int {
	print := ""
	for i, key := range b.keys {
		if key.node == nil || key.node.tag != n.tag {
			continue
		}
		if print == "" {
			print = fingerprint(n)
		}
		if key.print == print {
			return i
		}
	}
	return -1
}

// usedColumns lists the columns that the plan reads.
func (b *builder) usedColumns() {
	var read []int
	collect := func(n expr.Node) {
		expr.Visit(n, func(n expr.Node) {
			if column, ok := n.(*expr.Column); ok && column.Index < len(b.schema) {
				read = append(read, column.Index)
			}
		})
	}
	for _, key := range b.plan.Keys {
		collect(key.Expr)
	}
	for _, a := range b.plan.Aggregates {
		collect(a.Arg)
		collect(a.Filter)
	}
	if remote := b.plan.Remote; remote != nil {
		remote.Gather = sortedOnce(read)
		collect(remote.Before)
		read = append(read, remote.Inputs...)
	}
	collect(b.plan.Filter)
	b.plan.Columns = sortedOnce(read)
}

func sortedOnce(places []int) []int {
	sorted := slices.Clone(places)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

func itoa(n int) string { return strconv.Itoa(n) }
