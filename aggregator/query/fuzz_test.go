package query

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/millrace/millrace/aggregator/datum"
)

// FuzzTree reads any text as a tree: an error at most.
func FuzzTree(f *testing.F) {
	for _, seed := range []string{
		`({QUERY :a 1 :b <> :c (i 1 2) :d ("x" "y\ z") :e {CONST :constvalue 4 [ 1 0 0 -1 0 0 0 0 ]}})`,
		`{A :x \<> :y ?column? :z *GROUP*}`, `(`, `{`, `{A :b}`, `{A :b 1 [ 300 ]}`, `)`, ``, `{A b}`, `{A :b 1 [`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := parseTree(text)
		var pure *datum.Error
		if err != nil && !errors.As(err, &pure) {
			t.Fatalf("%v is no datum.Error", err)
		}
		if err != nil {
			return
		}
		walk(v, func(n *node) bool {
			if again := replace(value{kind: kindNode, node: n}, func(*node) *node { return nil }).node; fingerprint(again) != fingerprint(n) {
				t.Fatalf("a copy of %q differs", fingerprint(n))
			}
			return true
		})
		if _, err := References(text); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzBuild builds plans of recorded trees with one piece replaced: a plan or a
// datum.Error, whatever PostgreSQL may answer one day.
func FuzzBuild(f *testing.F) {
	all := recordings(f)
	for i := range 400 {
		f.Add(i, i*37%6000, 1+i%20, []string{"", "<>", "0", "9999", "{VAR :varno 1 :varattno 1}", ") (", "true"}[i%7])
	}
	versions := slices.Sorted(maps.Keys(all))
	f.Fuzz(func(t *testing.T, which, at, length int, with string) {
		r := all[versions[abs(which)%len(versions)]]
		names := slices.Sorted(maps.Keys(r.Analyses))
		analysis := *r.Analyses[names[abs(which)%len(names)]]
		at = abs(at) % len(analysis.Tree)
		end := min(len(analysis.Tree), at+abs(length)%200)
		analysis.Tree = analysis.Tree[:at] + with + analysis.Tree[end:]
		plan, err := Build(&analysis, r.Schema)
		var pure *datum.Error
		switch {
		case err != nil && !errors.As(err, &pure):
			t.Fatalf("%v is no datum.Error", err)
		case err == nil:
			_, _ = plan.Describe(), plan.Explain(r.Schema)
		}
		draft, err := NewDraft(&analysis, r.Schema, nil)
		if err != nil && !errors.As(err, &pure) {
			t.Fatalf("%v is no datum.Error", err)
		}
		if draft == nil {
			return
		}
		texts := draft.Candidates()
		_, _ = draft.Choose(texts, analysis.Tree), draft.Trial(texts)
		_ = draft.Verify(analysis.Tree)
		for i := range draft.Fragments() {
			draft.MatchFragment(i, analysis.Tree)
			draft.FragmentTexts(i)
		}
	})
}

func abs(n int) int {
	if n < 0 {
		return -(n + 1)
	}
	return n
}
