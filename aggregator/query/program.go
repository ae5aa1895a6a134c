package query

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
)

// Program is what PostgreSQL made of a row program when the view was created:
// the stored form of [Remote]. Streams get columns and Millrace gets functions
// later, so it names what it means by the analysed tree, not by a plan.
type Program struct {
	SQL string `json:"sql"`
	// Inputs are the stream's columns that are sent.
	Inputs  []string        `json:"inputs"`
	Results []ProgramResult `json:"results,omitempty"`
	Expands bool            `json:"expands,omitempty"`
}

// ProgramResult is a column that the program returns.
type ProgramResult struct {
	// Path is where the expression that it is first stands in the analysed tree.
	Path string `json:"path"`
	OID  uint32 `json:"oid"`
	Type string `json:"type"` // as format_type() prints it, qualified
	Text string `json:"text"` // as the user wrote it
}

// evaluation says for each expression over rows who evaluates it: the native
// evaluator or PostgreSQL, in the row program.
type evaluation struct {
	// drafting collects what is not native in needs, instead of refusing it.
	drafting bool
	needs    []need
	// results are the places in the program's results by fingerprint; while
	// drafting, the places in needs.
	results map[string]int
	// joined says that FROM has more than the stream.
	joined bool
	// before are the native conditions of WHERE; whole says that these are all.
	before []expr.Node
	whole  bool
	// fragments are the texts of stored fragments by fingerprint; lacking are, while
	// drafting, those that there are none of.
	fragments map[string]string
	lacking   []lacking
}

// need is an expression that is not native.
type need struct {
	node  *node
	print string
	place span
	why   error // what the native evaluator said
}

// notNative reports whether an error is the native evaluator's refusal of what
// PostgreSQL may evaluate.
func notNative(err error) bool {
	var failed *datum.Error
	var nowhere impossible
	return errors.As(err, &failed) && failed.Code == datum.CodeFeatureNotSupported && !errors.As(err, &nowhere)
}

// impossible is the refusal of what cannot be evaluated anywhere.
type impossible struct{ refusal *datum.Error }

func (e impossible) Unwrap() error { return e.refusal }
func (e impossible) Error() string { return e.refusal.Error() }

// bindProgram finds the expressions of the stored program in the tree.
func (b *builder) bindProgram(tree value) error {
	b.eval.results = map[string]int{}
	if b.analysis.Program == nil {
		return nil
	}
	for i, result := range b.analysis.Program.Results {
		n := follow(tree, result.Path)
		if n == nil {
			return broken("the row program's expression " + result.Path + " is missing")
		}
		b.eval.results[fingerprint(n)] = i
	}
	return nil
}

// remote is the column of the derived batch that an expression is; nil where the
// program has none.
func (b *builder) remote(n *node) expr.Node {
	if b.analysis.Program == nil && !b.eval.drafting {
		return nil
	}
	at, ok := b.eval.results[fingerprint(n)]
	if !ok {
		return nil
	}
	return b.resultColumn(at, n)
}

// need notes an expression that the program has to give.
func (b *builder) need(n *node, place span, why error) (expr.Node, error) {
	if !b.eval.drafting || b.united {
		return nil, why
	}
	at := len(b.eval.needs)
	print := fingerprint(n)
	b.eval.needs = append(b.eval.needs, need{n, print, place, why})
	b.eval.results[print] = at
	return b.resultColumn(at, n), nil
}

func (b *builder) resultColumn(at int, n *node) expr.Node {
	column := &expr.Column{Index: len(b.schema) + at}
	if b.eval.drafting {
		column.Of = b.analysis.TypeOf(exprType(n))
		return column
	}
	result := b.analysis.Program.Results[at]
	column.Name, column.Of = result.Text, b.analysis.TypeOf(result.OID)
	return column
}

// where splits the WHERE clause into what is native and the rest.
func (b *builder) where(quals *node) error {
	b.eval.whole = true
	if quals == nil {
		return nil
	}
	conditions := []*node{quals}
	if quals.tag == "BOOLEXPR" && quals.text("boolop") == "and" {
		conditions = nil
		args := quals.nodes("args")
		for i := range args {
			conditions = append(conditions, &args[i])
		}
	}
	var refused error
	for _, n := range conditions {
		converted, err := b.convertNative(n, b.places.where)
		switch {
		case notNative(err):
			if refused == nil {
				refused = err
			}
			continue
		case err != nil:
			return err
		case converted.Type() != datum.Bool:
			return broken("a condition is no boolean")
		}
		b.eval.before = append(b.eval.before, converted)
	}
	b.eval.whole = refused == nil
	if refused != nil && b.analysis.Program == nil && (!b.eval.drafting || b.united) {
		return refused
	}
	return nil
}

// finishRemote makes the plan's filter or its row program.
func (b *builder) finishRemote() error {
	program := b.analysis.Program
	if program == nil && b.eval.joined && !b.eval.drafting {
		return broken("a join without a row program")
	}
	if program == nil {
		b.plan.Filter = conjunction(b.eval.before)
		return nil
	}
	remote := &Remote{SQL: program.SQL, Before: conjunction(b.eval.before), Expands: program.Expands}
	remote.Settings = append(slices.Clone(b.analysis.Settings), planning...)
	for _, name := range program.Inputs {
		at := slices.IndexFunc(b.schema, func(c SchemaColumn) bool { return c.Name == name })
		if at < 0 {
			return datum.Errorf(datum.CodeUndefinedColumn, "column \"%s\" of stream \"%s\" does not exist", name, b.analysis.Stream)
		}
		remote.Inputs = append(remote.Inputs, at)
		remote.Parameters = append(remote.Parameters, b.schema[at].Type.Sent())
	}
	for _, r := range program.Results {
		remote.Results = append(remote.Results, RemoteResult{Type: b.analysis.TypeOf(r.OID), OID: r.OID, SQLType: r.Type, Text: r.Text})
	}
	b.plan.Remote = remote
	return nil
}

// planning are settings that the values do not hang on. A batch's joins are planned
// for its rows: without them PostgreSQL expects ten of an array, and loops over the
// table for each. Compiling such a plan takes longer than carrying it out.
var planning = []Setting{{"plan_cache_mode", "force_custom_plan"}, {"jit", "off"}}

func conjunction(nodes []expr.Node) expr.Node {
	switch len(nodes) {
	case 0:
		return nil
	case 1:
		return nodes[0]
	}
	return &expr.Logic{Op: expr.And, Args: nodes}
}

// pathOf returns where the node with a fingerprint first stands beneath v, "" for
// nowhere: field names and places in lists.
func pathOf(v value, print string) string {
	path, ok := findPath(v, print, nil)
	if !ok {
		return ""
	}
	return strings.Join(path, "/")
}

func findPath(v value, print string, path []string) ([]string, bool) {
	switch v.kind {
	case kindNode:
		if strings.HasPrefix(print, "{"+v.node.tag+" ") && fingerprint(v.node) == print {
			return path, true
		}
		for _, f := range v.node.fields {
			if found, ok := findPath(f.value, print, append(path, f.name)); ok {
				return found, true
			}
		}
	case kindList:
		for i, item := range v.list {
			if found, ok := findPath(item, print, append(path, strconv.Itoa(i))); ok {
				return found, true
			}
		}
	}
	return nil, false
}

// follow returns the node at a path, nil for none.
func follow(v value, path string) *node {
	for step := range strings.SplitSeq(path, "/") {
		switch v.kind {
		case kindNode:
			v = v.node.get(step)
		case kindList:
			at, err := strconv.Atoi(step)
			if err != nil || at < 0 || at >= len(v.list) {
				return nil
			}
			v = v.list[at]
		default:
			return nil
		}
	}
	return v.node
}
