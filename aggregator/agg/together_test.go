package agg_test

import (
	"math/rand/v2"
	"testing"

	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/internal/specimen"
)

// TestTogether: aggregates that share rows, and what they keep of the same input,
// have the states that each has by itself: updated in pieces, merged from one
// another's states, after growth and after Reset.
func TestTogether(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 3))
		inputs := randomInputs(rng)
		uses := randomUses(rng, inputs)
		rows := &agg.Rows{}
		rows.Reserve(7, 7) // somebody else's words
		all := agg.Together(rows, uses)
		for range 2 {
			for _, a := range all {
				a.Reset()
			}
			for i, u := range uses {
				all[i].Grow(2)
				for from := 0; from < 300; from += 100 {
					all[i].Grow(lawGroups)
					all[i].Update(inputs[u.Input].groups, inputs[u.Input].arg, rowRange(from, from+100), noFail(t))
				}
			}
		}
		half := make([][]*column.Vector, len(uses))
		for i, u := range uses {
			half[i] = states(u.Function, all[i], lawGroups)
			same(t, u.Function, "together as alone", half[i], states(u.Function, fold(t, u.Function, inputs[u.Input], rowRange(0, 300)), lawGroups))
		}
		for _, i := range rng.Perm(len(uses)) {
			all[i].Merge(groupRange(lawGroups), half[i], noFail(t))
		}
		memory := 0
		for i, u := range uses {
			same(t, u.Function, "merged together", states(u.Function, all[i], lawGroups), merged(t, u.Function, half[i], half[i]))
			memory += all[i].Memory()
		}
		for g := range rows.Len() {
			if row := rows.Words[g*rows.Stride:]; row[0] != 7 || row[1] != 7 {
				t.Fatalf("others' words are %d", row[:2])
			}
		}
		if in := 8 * len(rows.Words); memory < in-16*lawGroups {
			t.Errorf("%d bytes are said to be used, the rows alone have %d", memory, in)
		}
		if t.Failed() {
			t.Fatalf("seed %d: %+v", seed, uses)
		}
	}
}

// randomInputs returns one input of every type, over the same groups, and one of
// count(*).
func randomInputs(rng *rand.Rand) []input {
	inputs := []input{{groups: make([]uint32, 300)}}
	for i := range inputs[0].groups {
		inputs[0].groups[i] = uint32(rng.IntN(lawGroups - 2))
	}
	types := append(datum.AllTypes(), datum.Enum, datum.ArrayOf(datum.Enum), datum.Other)
	rng.Shuffle(len(types), func(i, j int) { types[i], types[j] = types[j], types[i] })
	for _, typ := range types[:16] {
		arg := specimen.Tame(rng.IntN, typ, 300)
		if rng.IntN(2) == 0 && typ.Physical() == datum.PhysInt { // without a NULL
			for r := range arg.Len() {
				arg.Valid.Set(r)
			}
		}
		inputs = append(inputs, input{groups: inputs[0].groups, arg: arg})
	}
	return inputs
}

// randomUses returns some aggregates of the inputs.
func randomUses(rng *rand.Rand, inputs []input) (uses []agg.Use) {
	for n := 1 + rng.IntN(40); n > 0 || len(uses) == 0; n-- {
		f := agg.All()[rng.IntN(len(agg.All()))]
		for i, in := range inputs {
			if in.arg == nil && f.Arg == datum.Invalid || in.arg != nil && in.arg.Type == f.Arg {
				uses = append(uses, agg.Use{Function: f, Input: i})
			}
		}
		for i, u := range uses[:max(len(uses)-1, 0)] { // a plan has each once
			if u == uses[len(uses)-1] {
				uses = append(uses[:i], uses[i+1:]...)
				break
			}
		}
	}
	return uses
}
