package query

import (
	"slices"

	"github.com/millrace/millrace/aggregator/datum"
)

// Draft is a row program in the making: it says what PostgreSQL is to be asked
// next. The analyser has each text made a temporary view in the transaction in
// which the SELECT was analysed, and hands its tree back:
//
//	draft, err := NewDraft(…)          nil: all is native
//	draft.Fragments()                  one by one, see Fragment
//	draft.Remote()                     false: there is no program
//	texts := draft.Candidates()
//	draft.Trial(texts)       → tree    → draft.Choose(texts, tree)
//	draft.Text()             → tree    → draft.Verify(tree)
//	pg_get_viewdef of that   → text    → draft.Program(text, …)
//
// The program is written from the user's own text, never deparsed from the tree:
// what Millrace does not know it cannot get wrong. And it is believed only where
// PostgreSQL has analysed it to the same tree.
type Draft struct {
	builder  *builder
	tree     value // the original, as it was analysed
	original *node // its query
	columns  []DraftColumn
	chosen   []string // the text of each need
	used     []bool   // by place in columns: what the program reads
	expands  bool
}

// DraftColumn is a column of the stream as the program declares it.
type DraftColumn struct {
	Name string
	Type string // SQL, with its modifier
	// Sent is the type of the array's elements, in SQL.
	Sent string
	// Collate says that the column has COLLATE "C".
	Collate bool
	// Composite says that the type is a row's: a record may have it as an object.
	Composite bool
}

// numberColumn is the row's number in a program's relations: a name that no user has.
const numberColumn = "millrace row"

// NewDraft says what the native evaluator lacks of an analysed SELECT, and what of
// its output only PostgreSQL can write; nil where nothing is. columns are the stream's, in the order of the analysis.
func NewDraft(a *Analysis, s Schema, columns []DraftColumn) (*Draft, error) {
	native := newBuilder(a, s)
	native.eval.drafting = true
	err := native.build(s)
	if err != nil && native.united {
		return nil, err // a UNION has no row program
	}
	if err == nil && !native.eval.wanted() && len(native.eval.lacking) == 0 {
		return nil, nil
	}
	b := native
	if err != nil || native.eval.wanted() {
		b = newBuilder(a, s)
		b.eval.drafting, b.whole = true, true
		if err := b.build(s); err != nil {
			return nil, err
		}
	}
	tree, err := parseTree(a.Tree)
	if err != nil {
		return nil, err
	}
	return &Draft{builder: b, tree: tree, original: b.query, columns: columns}, nil
}

// wanted reports whether a row program is needed.
func (e *evaluation) wanted() bool { return e.joined || !e.whole || len(e.needs) > 0 }

// Candidates are the pieces of the text that may be what is needed: the items of
// the select list, of GROUP BY, DISTINCT ON and ORDER BY, and the arguments and
// filters of aggregates. Which is which, their trees say.
func (d *Draft) Candidates() []string {
	var texts []string
	if len(d.builder.eval.needs) == 0 {
		return nil
	}
	add := func(text string) {
		if text != "" && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	for _, piece := range d.builder.places.pieces(d.builder.aggregateNames()) {
		add(d.builder.places.text(d.builder.analysis.Select, piece))
	}
	for _, need := range d.builder.eval.needs {
		add(d.builder.columnText(need.node)) // behind a *
	}
	for _, text := range slices.Clone(texts) {
		for _, need := range d.builder.eval.needs {
			if to, ok := d.builder.implicitCast(need.node); ok {
				add("CAST((" + text + ") AS " + to + ")")
			}
		}
	}
	return texts
}

// columnText names a column of FROM that an expression is, "" for another.
func (b *builder) columnText(n *node) string {
	entry := b.rangeEntry(n.text("varno"))
	if n.tag != "VAR" || n.int("varlevelsup") != 0 || entry == nil || entry.child("eref") == nil {
		return ""
	}
	names := entry.child("eref").get("colnames").list
	if at := n.int("varattno"); at > 0 && at <= len(names) {
		return quoteIdent(entry.child("eref").text("aliasname")) + "." + quoteIdent(names[at-1].atom)
	}
	return ""
}

// implicitCast returns the type that an expression is implicitly cast to on its
// outside, which the user's text does not show.
func (b *builder) implicitCast(n *node) (string, bool) {
	const implicit = "2" // COERCE_IMPLICIT_CAST of nodes/primnodes.h
	for _, format := range []string{"funcformat", "relabelformat", "coerceformat", "coercionformat"} {
		if n.text(format) == implicit {
			name, ok := b.analysis.Types[exprType(n)]
			return name, ok
		}
	}
	return "", false
}

// aggregateNames are the names of the aggregates that the tree has.
func (b *builder) aggregateNames() []string {
	var names []string
	for _, proc := range b.analysis.Procs {
		if proc.Kind == "a" {
			names = append(names, proc.Name)
		}
	}
	return names
}

// Trial is a SELECT with which the trees of some candidates can be had; it returns
// as many columns.
func (d *Draft) Trial(texts []string) string { return d.text(texts, false) }

// Choose takes each candidate's expression out of the tree of a [Draft.Trial]. It
// may be called for some of them at a time.
func (d *Draft) Choose(texts []string, tree string) error {
	query, err := d.programQuery(tree)
	if err != nil {
		return err
	}
	if d.chosen == nil {
		d.chosen = make([]string, len(d.builder.eval.needs))
	}
	prints := d.targetPrints(query)
	if len(prints) != len(texts) {
		return broken("a trial has another number of columns")
	}
	for i, text := range texts {
		for k, need := range d.builder.eval.needs {
			if d.chosen[k] == "" && d.normal(need.node, d.original) == prints[i] {
				d.chosen[k] = text
			}
		}
	}
	return nil
}

// Text is the row program with NULL in place of columns that it does not read, and
// with stand-ins for its parameters, which a view cannot have. Its columns are the
// row's number and the results.
func (d *Draft) Text() (string, error) {
	needs := d.builder.eval.needs
	for k, need := range needs {
		if k >= len(d.chosen) || d.chosen[k] == "" {
			return "", need.why
		}
	}
	d.findUsed()
	e := &d.builder.eval
	d.expands = e.joined || !e.whole || slices.ContainsFunc(e.needs, func(n need) bool { return d.builder.returnsSet(n.node) })
	return d.text(d.chosen, true), nil
}

// returnsSet reports whether an expression gives any number of rows.
func (b *builder) returnsSet(n *node) bool {
	found := false
	walk(value{kind: kindNode, node: n}, func(n *node) bool {
		found = found || n.flag("funcretset") || n.flag("opretset")
		return !found && n.tag != "QUERY"
	})
	return found
}

// Results are how many columns the program returns besides the row's number.
func (d *Draft) Results() int { return len(d.builder.eval.needs) }

// Verify checks that the program's expressions, its FROM and its WHERE are the
// original's.
func (d *Draft) Verify(tree string) error {
	query, err := d.programQuery(tree)
	if err != nil {
		return err
	}
	prints := d.targetPrints(query)
	if len(prints) != len(d.builder.eval.needs) {
		return broken("the row program has another number of columns")
	}
	for k, need := range d.builder.eval.needs {
		if prints[k] != d.normal(need.node, d.original) {
			return need.why
		}
	}
	if got, want := d.sources(query), d.sources(d.original); got != want {
		at := d.builder.places.from.from
		return d.builder.places.fail(at, datum.CodeFeatureNotSupported, "Write it in another way.",
			"this FROM or WHERE cannot be carried over to the rows of a batch")
	}
	return nil
}

// Program makes the program of what PostgreSQL prints of the view of [Draft.Text]
// with an empty search_path, and of its columns behind the first.
func (d *Draft) Program(viewdef string, columns []OutputColumn) (*Program, error) {
	program := &Program{Expands: d.expands}
	sent := 0
	for i, c := range d.columns {
		if d.used[i] {
			sent++
			program.Inputs = append(program.Inputs, c.Name)
		}
	}
	var err error
	if program.SQL, err = withParameters(viewdef, sent); err != nil {
		return nil, err
	}
	for k, need := range d.builder.eval.needs {
		if k >= len(columns) {
			return nil, broken("the program has lost a column")
		}
		path := pathOf(d.tree, need.print)
		if path == "" {
			return nil, broken("an expression of the program is nowhere in the tree")
		}
		program.Results = append(program.Results, ProgramResult{Path: path, OID: columns[k].OID, Type: columns[k].Type, Text: withoutAlias(d.chosen[k])})
	}
	return program, nil
}
