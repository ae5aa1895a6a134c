package oracle

import (
	"slices"
	"strings"
	"testing"
)

// reduce leaves out what a failing view does not need: items, conditions, keys, rows.
// It returns how the smallest one differs, "" where the view alone does not.
func (b *batchOfViews) reduce(t *testing.T) string {
	trials := 0
	fails := func(try *batchOfViews) string {
		if trials++; trials > smallerTrials {
			return ""
		}
		found, _, err := try.try(t)
		if err != nil && !strings.Contains(err.Error(), "SQLSTATE 42") { // else it is no SELECT
			return err.Error()
		}
		return found[0]
	}
	difference := fails(b)
	if difference == "" {
		return ""
	}
	for again := true; again; {
		again = false
		for _, v := range b.views[0].smaller() {
			try := *b
			try.views = []*selection{v}
			if d := fails(&try); d != "" {
				b.views, difference, again = try.views, d, true
				break
			}
		}
	}
	head, rows, _ := strings.Cut(b.stream, "\nrows g\n")
	lines := strings.Split(strings.TrimSuffix(rows, "\n"), "\n")
	for size := (len(lines) + 1) / 2; size >= 1 && len(lines) > 1; {
		cut := false
		for at := 0; at < len(lines); at += size {
			fewer := slices.Delete(slices.Clone(lines), at, min(at+size, len(lines)))
			if len(fewer) == 0 {
				continue
			}
			try := *b
			try.rows, try.stream = len(fewer), head+"\nrows g\n"+strings.Join(fewer, "\n")+"\n"
			v := *b.views[0]
			try.views = []*selection{&v}
			if d := fails(&try); d != "" {
				*b, difference, lines, cut = try, d, fewer, true
				break
			}
		}
		if !cut {
			size /= 2
		}
	}
	return difference
}

// smaller are the SELECTs that lack one part of it.
func (s *selection) smaller() []*selection {
	var all []*selection
	without := func(change func(*selection)) {
		v := *s
		v.items, v.keys, v.where, v.having = slices.Clone(s.items), slices.Clone(s.keys), slices.Clone(s.where), slices.Clone(s.having)
		change(&v)
		all = append(all, &v)
	}
	if s.limit > 0 {
		without(func(v *selection) { v.limit = 0 })
	}
	if s.order == "all" && s.limit == 0 {
		without(func(v *selection) { v.order = "" })
	}
	if s.sets != "" {
		without(func(v *selection) { v.sets = "" })
	}
	for i := range s.where {
		without(func(v *selection) { v.where = slices.Delete(v.where, i, i+1) })
	}
	for i := range s.having {
		without(func(v *selection) { v.having = slices.Delete(v.having, i, i+1) })
	}
	if len(s.items) > 1 {
		for i := range s.items {
			without(func(v *selection) { v.items = slices.Delete(v.items, i, i+1) })
		}
	}
	for i := range s.keys {
		if len(s.keys) > 1 || s.sets == "" {
			without(func(v *selection) { v.keys = slices.Delete(v.keys, i, i+1) })
		}
	}
	if s.from != s.stream { // what reads a column of it is no SELECT then
		without(func(v *selection) { v.with, v.from = "", v.stream })
	}
	return all
}
