package query

import (
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
)

// checkFrom finds the stream in FROM, where it may stand beside tables, functions
// and sub-SELECTs, or within a sub-SELECT that does no more than take rows one by
// one. Everything else is refused.
func (b *builder) checkFrom() error {
	c := b.places
	whole := value{kind: kindNode, node: b.query}
	switch n := b.streamsIn(whole); {
	case len(b.query.child("jointree").nodes("fromlist")) == 0 && n == 0:
		return c.fail(0, datum.CodeFeatureNotSupported, "Add FROM stream.", "a continuous view needs a stream to read from")
	case n == 0:
		return b.noStream()
	case n > 1:
		return b.selfJoin()
	}
	if err := b.checkSamples(whole); err != nil {
		return err
	}
	stream, err := b.checkLevel(b.query)
	if err != nil {
		return err
	}
	entry := b.rangeEntry(stream)
	if entry.text("rtekind") == rteRelation {
		b.stream = stream
	}
	items := b.query.child("jointree").nodes("fromlist")
	b.eval.joined = b.stream == "" || len(items) > 1 || items[0].tag != "RANGETBLREF"
	return nil
}

// selfJoin refuses a stream that is read more than once.
func (b *builder) selfJoin() error {
	if b.sets() {
		return b.refuseSets()
	}
	at, ok := b.places.findNth(b.places.all(), 2, b.analysis.Stream)
	if !ok {
		at = b.places.from.from
	}
	return b.places.fail(at, datum.CodeFeatureNotSupported, "Read it once, and join views over it where you read them.",
		"a stream cannot be joined with itself: the events that would meet come at different times")
}

// streamsIn counts how often the stream is read beneath v.
func (b *builder) streamsIn(v value) int {
	n := 0
	walk(v, func(n1 *node) bool {
		if isEntry(n1.tag) && n1.text("rtekind") == rteRelation && n1.oid("relid") == b.analysis.Relation {
			n++
		}
		return true
	})
	return n
}

// isEntry reports whether a node of this tag is a range table entry: RTE up to
// PostgreSQL 15, RANGETBLENTRY from 16 on.
func isEntry(tag string) bool { return tag == "RTE" || tag == "RANGETBLENTRY" }

// noStream is the error of a FROM without a stream.
func (b *builder) noStream() error {
	c := b.places
	at := min(c.from.from+1, len(c.tokens))
	name := ""
	walk(value{kind: kindList, list: b.query.get("rtable").list}, func(n *node) bool {
		if isEntry(n.tag) && n.text("rtekind") == rteRelation && name == "" {
			if alias := n.child("eref"); alias != nil && n.flag("inFromCl") {
				name = alias.text("aliasname")
			}
		}
		return name == ""
	})
	if name == "" {
		return c.fail(at, datum.CodeFeatureNotSupported, "CREATE STREAM makes one.", "only a stream can stand in FROM of a continuous view")
	}
	return c.fail(at, datum.CodeWrongObjectType, "A continuous view reads from a stream: CREATE STREAM makes one.", "\"%s\" is not a stream", name)
}

func (b *builder) checkSamples(v value) error {
	sampled := false
	walk(v, func(n *node) bool {
		sampled = sampled || isEntry(n.tag) && n.get("tablesample").kind != kindNull
		return !sampled
	})
	if sampled {
		return b.places.refuse(b.places.all(), []string{"tablesample"}, "Use WHERE.", "TABLESAMPLE is not supported in a continuous view")
	}
	return nil
}

// checkLevel finds, in a query that reads the stream, the entry of its range table
// that is the stream or reads it, and checks how it stands there.
func (b *builder) checkLevel(q *node) (string, error) {
	c := b.places
	index := ""
	entries := q.nodes("rtable")
	for i := range entries {
		if inner := b.readerOf(q, &entries[i]); inner != nil || b.isStream(&entries[i]) {
			if index != "" {
				return "", b.selfJoin()
			}
			index = itoa(i + 1)
			if inner == nil {
				continue
			}
			if err := b.refuseInner(inner); err != nil {
				return "", err
			}
			if _, err := b.checkLevel(inner); err != nil {
				return "", err
			}
		}
	}
	if index == "" {
		return "", c.fail(b.streamPlace(), datum.CodeFeatureNotSupported, "Put the stream into FROM, and the table into EXISTS or IN.",
			"a stream cannot stand in a sub-SELECT of an expression: what it asks for is not over when an event is read")
	}
	items := q.child("jointree").nodes("fromlist")
	for i := range items {
		if found, kind := standsIn(&items[i], index); found {
			return index, b.checkJoin(kind)
		}
	}
	return "", broken("a stream that is not in FROM")
}

func (b *builder) isStream(entry *node) bool {
	return entry.text("rtekind") == rteRelation && entry.oid("relid") == b.analysis.Relation
}

// readerOf returns the sub-SELECT or CTE that an entry is where it reads the stream,
// nil otherwise.
func (b *builder) readerOf(q, entry *node) *node {
	switch entry.text("rtekind") {
	case rteSubquery:
		if inner := entry.child("subquery"); inner != nil && b.reads(inner) {
			return inner
		}
	case rteCTE:
		if entry.int("ctelevelsup") != 0 {
			return nil
		}
		ctes := q.nodes("cteList")
		for i := range ctes {
			inner := ctes[i].child("ctequery")
			if ctes[i].text("ctename") == entry.text("ctename") && inner != nil && b.reads(inner) {
				return inner
			}
		}
	}
	return nil
}

// Join types by nodes/nodes.h.
const (
	joinLeft  = "1"
	joinFull  = "2"
	joinRight = "3"
)

// standsIn reports whether a range table entry stands beneath an item of FROM, and
// the type of the outermost join that could give rows with NULL in its place.
func standsIn(item *node, index string) (found bool, nullable string) {
	switch item.tag {
	case "RANGETBLREF":
		return item.text("rtindex") == index, ""
	case "JOINEXPR":
		kind := item.text("jointype")
		for i, side := range []*node{item.child("larg"), item.child("rarg")} {
			if side == nil {
				continue
			}
			if found, nullable = standsIn(side, index); !found {
				continue
			}
			if kind == joinFull || kind == joinRight && i == 0 || kind == joinLeft && i == 1 {
				nullable = kind
			}
			return true, nullable
		}
	}
	return false, ""
}

// checkJoin refuses the outer joins that do not keep the stream's rows alone: rows
// of the table that no event has met yet may meet one later.
func (b *builder) checkJoin(kind string) error {
	if kind == "" {
		return nil
	}
	word := map[string]string{joinLeft: "left", joinFull: "full", joinRight: "right"}[kind]
	return b.places.refuse(b.places.all(), []string{word}, "Write stream LEFT JOIN table, which keeps every event.",
		"a %s join that keeps the table's rows is not supported in a continuous view: which of them meet no event is never known", strings.ToUpper(word))
}

// streamPlace is the last place where the stream's name stands.
func (b *builder) streamPlace() int {
	at := 0
	for i, token := range b.places.tokens {
		if token.IsName() && token.Value == b.analysis.Stream {
			at = i
		}
	}
	return at
}
