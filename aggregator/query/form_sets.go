package query

import (
	"slices"
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
)

// maxSets is PostgreSQL's own limit on the sets that a GROUP BY clause expands to.
const maxSets = 4096

// groupingSet is a set of references to GROUP BY expressions.
type groupingSet []string

// groupingSets expands GROUPING SETS, CUBE and ROLLUP as PostgreSQL's
// expand_grouping_sets does. One set alone is a plain GROUP BY; where there are
// several, the number of a group's set is a key of its own, by which NULL for
// "all" is told apart from NULL as a value, and a set from its double.
func (b *builder) groupingSets() error {
	items := b.query.nodes("groupingSets")
	if len(items) == 0 {
		return nil
	}
	sets := []groupingSet{nil}
	for i := range items {
		alternatives := expandSet(&items[i])
		if len(sets)*len(alternatives) > maxSets {
			return b.places.refuse(b.places.group, []string{"grouping", "cube", "rollup", "group"}, "Write fewer of them.",
				"too many grouping sets present (maximum %d)", maxSets)
		}
		var product []groupingSet
		for _, left := range sets {
			for _, right := range alternatives {
				product = append(product, union(left, right))
			}
		}
		sets = product
	}
	if b.query.flag("groupDistinct") {
		sets = differentSets(sets)
	}
	if len(sets) == 1 {
		return nil
	}
	b.made(SetNumber, datum.Int4)
	for _, set := range sets {
		within := make([]bool, len(b.keys))
		for i, key := range b.keys {
			within[i] = slices.Contains(set, key.ref)
		}
		within[len(within)-1] = true
		b.plan.Sets = append(b.plan.Sets, within)
	}
	return nil
}

// kinds of GROUPINGSET nodes, by nodes/parsenodes.h.
const (
	setEmpty  = "0"
	setSimple = "1"
	setRollup = "2"
	setCube   = "3"
	setSets   = "4"
)

// expandSet returns the sets that one item of the clause stands for.
func expandSet(item *node) []groupingSet {
	switch content := item.nodes("content"); item.text("kind") {
	case setSimple:
		return []groupingSet{references(item)}
	case setRollup:
		sets := []groupingSet{nil}
		for i := range content {
			sets = append(sets, union(sets[i], references(&content[i])))
		}
		slices.Reverse(sets)
		return sets
	case setCube:
		sets := []groupingSet{nil}
		for i := range min(len(content), 12) { // PostgreSQL's own limit
			for _, set := range slices.Clone(sets) {
				sets = append(sets, union(set, references(&content[i])))
			}
		}
		return sets
	case setSets:
		var sets []groupingSet
		for i := range content {
			sets = append(sets, expandSet(&content[i])...)
		}
		return sets
	}
	return []groupingSet{nil} // ()
}

// references are those of a simple set, whose content is a list of integers.
func references(item *node) groupingSet {
	if item.text("kind") != setSimple {
		return nil
	}
	return integers(item.get("content"))
}

// integers are the elements of a list of integers, which is written (i 1 2).
func integers(v value) []string {
	var all []string
	for i, item := range v.list {
		if i > 0 || item.atom != "i" {
			all = append(all, item.atom)
		}
	}
	return all
}

func union(a, b groupingSet) groupingSet {
	all := slices.Clone(a)
	for _, ref := range b {
		if !slices.Contains(all, ref) {
			all = append(all, ref)
		}
	}
	return all
}

// differentSets is GROUP BY DISTINCT.
func differentSets(sets []groupingSet) []groupingSet {
	var different []groupingSet
	seen := map[string]bool{}
	for _, set := range sets {
		sorted := slices.Clone(set)
		slices.Sort(sorted)
		if print := strings.Join(sorted, " "); !seen[print] {
			seen[print] = true
			different = append(different, set)
		}
	}
	return different
}

// grouping writes GROUPING(…): a bit for each argument, set where the group's set
// is without it.
func (d *deparser) grouping(n *node) (string, error) {
	masks := make([]int, max(1, len(d.plan.Sets)))
	for _, ref := range integers(n.get("refs")) {
		at := slices.IndexFunc(d.keys, func(k groupKey) bool { return k.ref == ref })
		if at < 0 {
			return "", broken("GROUPING of no GROUP BY expression")
		}
		for i := range masks {
			masks[i] <<= 1
			if d.plan.Sets != nil && !d.plan.Sets[i][at] {
				masks[i]++
			}
		}
	}
	if d.plan.Sets == nil {
		return "0", nil
	}
	var text strings.Builder
	text.WriteString("CASE " + quoteIdent(d.plan.Keys[len(d.plan.Keys)-1].Column))
	for i, mask := range masks {
		text.WriteString(" WHEN " + itoa(i) + " THEN " + itoa(mask))
	}
	return text.String() + " END", nil
}
