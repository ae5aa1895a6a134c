package aggregator

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/internal/specimen"
	"github.com/millrace/millrace/aggregator/query"
)

// TestTable compares the group table with a Go map over the canonical keys,
// through growth and resets, for random key types.
func TestTable(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 20))
		types := make([]datum.Type, 1+rng.IntN(3))
		for i := range types {
			types[i] = keyTypes[rng.IntN(len(keyTypes))]
		}
		table := newTable(types, len(types))
		for range 3 {
			checkTable(t, rng, table, types)
			table.reset()
		}
		if t.Failed() {
			t.Fatalf("seed %d, keys %v", seed, types)
		}
	}
}

func checkTable(t *testing.T, rng *rand.Rand, table *table, types []datum.Type) {
	t.Helper()
	want, looks := map[string]uint32{}, []string{}
	for range 1 + rng.IntN(8) {
		rows := 1 + rng.IntN(1000)
		keys := make([]*column.Vector, len(types))
		for i, typ := range types {
			keys[i] = specimen.Vector(rng.IntN, typ, rows)
		}
		groups := make([]uint32, rows)
		table.assign(keys, column.All(rows), groups)
		for r, g := range groups {
			key, look := "", ""
			for _, v := range keys {
				key, look = key+specimen.Key(v, r), look+specimen.Look(v, r)+" "
			}
			id, seen := want[key]
			if !seen {
				id = uint32(len(want))
				want[key] = id
				looks = append(looks, look)
			}
			if g != id {
				t.Fatalf("row %d: group %d, want %d", r, g, id)
			}
		}
	}
	if table.groups != len(want) {
		t.Errorf("%d groups, want %d", table.groups, len(want))
	}
	for key, id := range want {
		look := ""
		for _, v := range table.keys {
			look += specimen.Look(v, int(id)) + " "
		}
		if string(table.key(id)) != key || look != looks[id] {
			t.Errorf("group %d is %q and looks like %s, want %q and the first look %s", id, table.key(id), look, key, looks[id])
		}
	}
}

// TestNoKeys: without keys there is one group, as soon as there is a row.
func TestNoKeys(t *testing.T) {
	table := newTable(nil, 0)
	groups := []uint32{9, 9, 9}
	table.assign(nil, nil, groups)
	if table.groups != 0 {
		t.Error("a group without a row")
	}
	table.assign(nil, column.All(3), groups)
	table.assign(nil, column.All(3), groups)
	if upper, lower := table.rowHash(0); table.groups != 1 || groups[2] != 0 || upper != 0 || lower != 0 {
		t.Errorf("%d groups, ids %v, hash %x %x", table.groups, groups, upper, lower)
	}
}

// TestHashes pins the hashes, which stand in Kafka and in result tables.
func TestHashes(t *testing.T) {
	table := newTable([]datum.Type{datum.Text}, 1)
	v := column.New(datum.Text)
	v.AppendBytes([]byte("abc"))
	v.AppendNull()
	table.assign([]*column.Vector{v}, column.All(2), make([]uint32, 2))
	for g, want := range []string{"e6002e141783ba7ead15eebfb86d6cf2", "e934a84adb05276839f7e10ee4e12f50"} {
		if got := fmt.Sprintf("%x", hash128(table.rowHash(uint32(g)))); got != want {
			t.Errorf("hash of group %d is %s, was %s for ever", g, got, want)
		}
	}
	plan := &query.Plan{Keys: keys(wild(datum.Text)), Aggregates: []query.Aggregate{aggregate("sum", wild(datum.Int8), nil)}}
	if got := SchemaHash(plan); got != 0xe125fc554c692b26 {
		t.Errorf("schema hash is %#x", got)
	}
}

// TestNoPointersInTables: whatever a table keeps in a slice, an element for a
// group, must be invisible to the garbage collector. The states have a test of
// their own in agg; the map of groups in error is the exception.
func TestNoPointersInTables(t *testing.T) {
	slices := 0
	var check func(path string, typ reflect.Type)
	check = func(path string, typ reflect.Type) {
		for i := range typ.NumField() {
			field := typ.Field(i)
			name := path + "." + field.Name
			switch field.Type.Kind() {
			case reflect.Struct:
				check(name, field.Type)
			case reflect.Pointer: // one per table
				check(name, field.Type.Elem())
			case reflect.Slice:
				if field.Type == reflect.TypeFor[[]*column.Vector]() { // one per key
					check(name, reflect.TypeFor[column.Vector]())
				} else if slices++; !flat(field.Type.Elem()) {
					t.Errorf("%s is %v", name, field.Type)
				}
			default:
				if !flat(field.Type) {
					t.Errorf("%s is %v", name, field.Type)
				}
			}
		}
	}
	check("table", reflect.TypeFor[table]())
	if slices < 12 {
		t.Errorf("only %d slices seen", slices)
	}
}

// flat reports whether values of a type hold no pointer.
func flat(typ reflect.Type) bool {
	if typ.Kind() == reflect.Struct {
		for i := range typ.NumField() {
			if !flat(typ.Field(i).Type) {
				return false
			}
		}
		return true
	}
	return typ.Kind() >= reflect.Bool && typ.Kind() <= reflect.Complex128 && typ.Kind() != reflect.Uintptr
}

// TestMemoryIsGivenBack: what one round of many groups took is not held for
// ever, and does not count while nothing uses it.
func TestMemoryIsGivenBack(t *testing.T) {
	plan := &query.Plan{Keys: keys(wild(datum.Int8)), Aggregates: []query.Aggregate{aggregate("count", nil, nil)}}
	v := newView(t, plan, 1)
	b := &column.Batch{Rows: column.BatchRows, Columns: make([]*column.Vector, 2*int(datum.Int8)+1)}
	ids := column.New(datum.Int8)
	b.Columns[2*int(datum.Int8)] = ids
	empty := v.Memory()
	for round := range 10 {
		ids.Resize(b.Rows)
		for r := range b.Rows {
			ids.SetInt(r, int64(round*b.Rows+r))
		}
		add(t, v, b, column.All(b.Rows))
	}
	full, groups := v.Memory(), 10*column.BatchRows
	if v.Groups() != groups || full < 40*groups || full > 100*groups {
		t.Errorf("%d groups take %d bytes", v.Groups(), full)
	}
	if v.Reset(); v.Groups() != 0 || v.Rows() != 0 || v.Memory() >= full/2 {
		t.Errorf("after Reset %d groups take %d bytes", v.Groups(), v.Memory())
	}
	held := func() int { return cap(v.states.table.hashes) }
	if held() < groups {
		t.Error("Reset threw the memory away")
	}
	for range patience {
		add(t, v, b, []int32{1, 2, 3})
		v.Reset()
	}
	if held() > 1000 || v.Memory() > empty {
		t.Errorf("room for %d groups is held for rounds of 3; %d bytes count, %d at first", held(), v.Memory(), empty)
	}
}
