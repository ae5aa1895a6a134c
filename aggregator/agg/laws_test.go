package agg_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/internal/specimen"
	"github.com/millrace/millrace/aggregator/partial"
)

// lawGroups is how many groups the laws are tried with; the last two never get
// a row, so they stay identities.
const lawGroups = 7

// input is some rows of one argument with their groups.
type input struct {
	arg    *column.Vector // nil for count(*)
	groups []uint32
}

func randomInput(rng *rand.Rand, f *agg.Function, rows int) input {
	in := input{groups: make([]uint32, rows)}
	for i := range in.groups {
		in.groups[i] = uint32(rng.IntN(lawGroups - 2))
	}
	switch {
	case f.Arg == datum.Invalid:
	case strings.HasPrefix(f.Name, "sum."):
		in.arg = specimen.Tame(rng.IntN, f.Arg, rows)
	default:
		in.arg = specimen.Vector(rng.IntN, f.Arg, rows)
	}
	return in
}

func rowRange(from, to int) []int32 {
	rows := make([]int32, 0, to-from)
	for r := from; r < to; r++ {
		rows = append(rows, int32(r))
	}
	return rows
}

func groupRange(n int) []uint32 {
	groups := make([]uint32, n)
	for i := range groups {
		groups[i] = uint32(i)
	}
	return groups
}

// noFail ends the test where a group fails.
func noFail(t *testing.T) agg.Fail {
	return func(group uint32, err *datum.Error) {
		t.Helper()
		t.Fatalf("group %d failed: %v", group, err)
	}
}

// fold returns an accumulator that has had some rows of the input.
func fold(t *testing.T, f *agg.Function, in input, rows []int32) agg.Accumulator {
	t.Helper()
	a := f.New()
	a.Grow(lawGroups)
	a.Update(in.groups, in.arg, rows, noFail(t))
	return a
}

// states returns the state vectors of every group.
func states(f *agg.Function, a agg.Accumulator, groups int) []*column.Vector {
	to := make([]*column.Vector, len(f.States))
	for i, s := range f.States {
		to[i] = column.New(s.Type)
	}
	a.Append(to, groupRange(groups))
	return to
}

// merged returns the states of several accumulators merged in order into one.
func merged(t *testing.T, f *agg.Function, parts ...[]*column.Vector) []*column.Vector {
	t.Helper()
	a := f.New()
	a.Grow(lawGroups)
	for _, p := range parts {
		a.Merge(groupRange(lawGroups), p, noFail(t))
	}
	return states(f, a, lawGroups)
}

// same fails the test where two lists of states differ: in any bit, or for min
// and max as values (which look stays among equals is open).
func same(t *testing.T, f *agg.Function, law string, got, want []*column.Vector) {
	t.Helper()
	form := specimen.Look
	if strings.HasPrefix(f.Name, "min.") || strings.HasPrefix(f.Name, "max.") {
		form = specimen.Key
	}
	for i := range want {
		if got[i].Len() != want[i].Len() {
			t.Fatalf("%s: %s: %d states, want %d", f.Name, law, got[i].Len(), want[i].Len())
		}
		for g := range want[i].Len() {
			if form(got[i], g) != form(want[i], g) {
				t.Fatalf("%s: %s: group %d is %s, want %s", f.Name, law, g, specimen.Look(got[i], g), specimen.Look(want[i], g))
			}
		}
	}
}

// throughPartial encodes states as a block, decodes them again.
func throughPartial(t *testing.T, vectors []*column.Vector) []*column.Vector {
	t.Helper()
	var b partial.Block
	data := partial.Append(nil, &partial.Block{Parts: 1, Groups: vectors[0].Len(), States: vectors})
	if err := partial.Decode(data, &b); err != nil {
		t.Fatal(err)
	}
	return b.States
}

// TestLaws holds every registered function to what [agg.Accumulator] promises.
func TestLaws(t *testing.T) {
	for _, f := range agg.All() {
		t.Run(f.Name, func(t *testing.T) {
			seeds := uint64(60)
			if !slices.Contains(datum.Types(), f.Arg) && f.Arg != datum.Invalid {
				seeds = 15 // the same accumulators over other types
			}
			for seed := range seeds {
				rng := rand.New(rand.NewPCG(seed, 1))
				in := randomInput(rng, f, 40+rng.IntN(200))
				checkLaws(t, f, in, rng)
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}

func checkLaws(t *testing.T, f *agg.Function, in input, rng *rand.Rand) {
	n := len(in.groups)
	x, y := rng.IntN(n+1), rng.IntN(n+1)
	x, y = min(x, y), max(x, y)
	whole := states(f, fold(t, f, in, rowRange(0, n)), lawGroups)
	a := states(f, fold(t, f, in, rowRange(0, x)), lawGroups)
	b := states(f, fold(t, f, in, rowRange(x, y)), lawGroups)
	c := states(f, fold(t, f, in, rowRange(y, n)), lawGroups)
	identity := merged(t, f)

	same(t, f, "identity from the left", merged(t, f, identity, a), a)
	same(t, f, "identity from the right", merged(t, f, a, identity), a)
	same(t, f, "associative", merged(t, f, a, merged(t, f, b, c)), merged(t, f, merged(t, f, a, b), c))
	same(t, f, "commutative", merged(t, f, a, b), merged(t, f, b, a))
	same(t, f, "split anywhere", merged(t, f, a, b, c), whole)
	same(t, f, "through a partial", throughPartial(t, whole), whole)
	same(t, f, "merged from a partial", merged(t, f, throughPartial(t, a), throughPartial(t, c), throughPartial(t, b)), whole)

	again := fold(t, f, in, rowRange(0, n))
	again.Merge(groupRange(lawGroups), a, noFail(t))
	same(t, f, "merge into updated", states(f, again, lawGroups), merged(t, f, whole, a))
	again.Reset()
	again.Grow(lawGroups)
	same(t, f, "reset is identity", states(f, again, lawGroups), identity)
	for from := 0; from < n; from += 16 { // in several updates, as batches come
		again.Update(in.groups, in.arg, rowRange(from, min(from+16, n)), noFail(t))
	}
	same(t, f, "fresh after reset", states(f, again, lawGroups), whole)
	for g := lawGroups - 2; g < lawGroups; g++ {
		for i, s := range f.States {
			if zero := specimen.Look(whole[i], g); !strings.EqualFold(zero, s.Zero) {
				t.Fatalf("%s: a group without input is %s, declared as %s", f.Name, zero, s.Zero)
			}
		}
	}
}

// TestMemory: more groups take more memory, in proportion, and Reset gives the
// use of it back.
func TestMemory(t *testing.T) {
	for _, f := range agg.All() {
		t.Run(f.Name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(2, 2))
			a := f.New()
			if a.Memory() != 0 {
				t.Errorf("a new accumulator uses %d bytes", a.Memory())
			}
			last := 0
			for _, n := range []int{1000, 10000} {
				a.Reset()
				a.Grow(n)
				var arg *column.Vector
				if f.Arg != datum.Invalid {
					arg = specimen.Tame(rng.IntN, f.Arg, n)
				}
				a.Update(groupRange(n), arg, rowRange(0, n), noFail(t))
				size, bound := a.Memory(), 41*n+1000
				if arg != nil {
					bound += len(arg.Arena)
				}
				if size < 8*n || size > bound || size < 8*last {
					t.Errorf("%d groups use %d bytes, a tenth of them %d; the bound is %d", n, size, last, bound)
				}
				last = size
			}
			a.Reset()
			if a.Memory() > 100 {
				t.Errorf("after Reset %d bytes are in use", a.Memory())
			}
		})
	}
}

// TestRegistry: names are unique and stable, and every way to a function leads
// to the same one.
func TestRegistry(t *testing.T) {
	var lines []string
	for _, f := range agg.All() {
		kind, _, _ := strings.Cut(f.Name, ".")
		if g, ok := agg.Lookup(kind, f.Arg); !ok || g != f {
			t.Errorf("Lookup(%q, %v) is not %s", kind, f.Arg, f.Name)
		}
		if g, ok := agg.ByName(f.Name); !ok || g != f {
			t.Errorf("ByName(%q) is another function", f.Name)
		}
		for _, s := range f.States {
			lines = append(lines, fmt.Sprintf("%s(%v) %v merge %d zero %s", f.Name, f.Arg, s.Type, s.Merge, s.Zero))
		}
	}
	if slices.Sort(lines); len(slices.Compact(lines)) != 115 {
		t.Errorf("%d functions, want 115:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	for _, missing := range []struct {
		kind string
		arg  datum.Type
	}{{"sum", datum.Text}, {"sum", datum.Bool}, {"sum", datum.Date}, {"min", datum.Bool}, {"sum", datum.Invalid}, {"avg", datum.Int4}} {
		if f, ok := agg.Lookup(missing.kind, missing.arg); ok {
			t.Errorf("Lookup(%q, %v) found %s; PostgreSQL has none", missing.kind, missing.arg, f.Name)
		}
	}
	if _, ok := agg.ByName("sum"); ok {
		t.Error(`ByName("sum") found a function`)
	}
}
