package agg

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestArena compares an arena with a list of strings, and holds it to its
// promise that garbage stays below half.
func TestArena(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	var a arena
	slots, want := make([]slot, 20), make([]string, 20)
	for range 5000 {
		i := rng.IntN(len(slots))
		want[i] = strings.Repeat(string(rune('a'+i)), rng.IntN(50))
		slots[i] = a.put(slots[i], []byte(want[i]))
		a.tidy(slots)
		live := 0
		for i, s := range slots {
			live += len(want[i])
			if string(a.get(s)) != want[i] {
				t.Fatalf("slot %d holds %q, want %q", i, a.get(s), want[i])
			}
		}
		if len(a.bytes)-a.garbage != live || len(a.bytes) > 2*live+len(slots) {
			t.Fatalf("%d bytes, %d of them garbage, for %d live ones", len(a.bytes), a.garbage, live)
		}
	}
}
