package aggregator

import (
	"slices"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/query"
)

// madeKeys are the key vectors that no expression gives: the number of a grouping
// set, with NULL in place of the keys that are outside it, and the numbers of an
// append-only view's rows. Their memory serves every batch.
type madeKeys struct {
	made   *column.Vector   // the key that is not evaluated, nil for none
	at     int              // its place among the keys
	nulls  []*column.Vector // by key, for those that some set is without
	within []*column.Vector // the keys of the set at hand
	// side is which SELECT of a UNION ALL it is, of so many sides.
	side, sides int64
}

func newMadeKeys(plan *query.Plan) madeKeys {
	m := madeKeys{within: make([]*column.Vector, len(plan.Keys)), nulls: make([]*column.Vector, len(plan.Keys))}
	for i, k := range plan.Keys {
		if k.Origin != query.Evaluated {
			m.made, m.at = column.New(k.Expr.Type()), i
		}
		for _, set := range plan.Sets {
			if !set[i] && m.nulls[i] == nil {
				m.nulls[i] = column.New(k.Expr.Type())
			}
		}
	}
	return m
}

// begin makes room for a batch.
func (m *madeKeys) begin(batchRows int) {
	if m.made == nil {
		return
	}
	m.made.Resize(batchRows)
	for i := range m.made.Valid {
		m.made.Valid[i] = ^uint64(0)
	}
	for _, v := range m.nulls {
		if v != nil {
			v.Resize(batchRows)
		}
	}
}

// ofSet returns the keys by which rows are grouped in a set.
func (m *madeKeys) ofSet(number int, set []bool, keys []*column.Vector) []*column.Vector {
	numbers := m.made.Ints
	for i := range numbers {
		numbers[i] = int64(number)
	}
	for i, in := range set {
		switch {
		case i == m.at:
			m.within[i] = m.made
		case in:
			m.within[i] = keys[i]
		default:
			m.within[i] = m.nulls[i]
		}
	}
	return m.within
}

// numbered gives each row its number, from 1, among those of its record, which stand
// one behind the other; each of a UNION's SELECTs has numbers of its own. Its partition and offset are the first two keys.
func (m *madeKeys) numbered(keys []*column.Vector, rows []int32) {
	partitions, offsets := keys[0].Ints, keys[1].Ints
	number := int64(0)
	for i, r := range rows {
		number++
		if i == 0 || offsets[rows[i-1]] != offsets[r] || partitions[rows[i-1]] != partitions[r] {
			number = 1
		}
		m.made.Ints[r] = (number-1)*m.sides + m.side + 1
	}
	keys[m.at] = m.made
}

// identity returns how many keys, the first ones, tell groups apart.
func identity(plan *query.Plan) int {
	if at := slices.IndexFunc(plan.Keys, func(k query.Key) bool { return k.Carried }); at >= 0 {
		return at
	}
	return len(plan.Keys)
}

// GroupsFromStart returns the 128-bit hashes of the groups that are there before
// any row is, one for each grouping set () among several, and the numbers of
// these sets.
func GroupsFromStart(plan *query.Plan) (hashes [][16]byte, sets []int) {
	for number, set := range plan.Sets {
		if slices.Contains(set[:len(set)-1], true) {
			continue
		}
		t := newTable(plan.KeyTypes(), identity(plan))
		m := newMadeKeys(plan)
		m.begin(1)
		keys := m.ofSet(number, set, nil)
		t.assign(keys, []int32{0}, make([]uint32, 1))
		hashes, sets = append(hashes, hash128(t.rowHash(0))), append(sets, number)
	}
	return hashes, sets
}
