package agg

// Use is an aggregate of a plan. Aggregates with the same Input are over the same
// argument and the same rows.
type Use struct {
	Function *Function
	Input    int
}

// Together returns an accumulator for each use. Fixed-width states lie in rows;
// those of the same input are updated together, by the first of them.
func Together(rows *Rows, uses []Use) []Accumulator {
	all := make([]Accumulator, len(uses))
	for i, u := range uses {
		if all[i] != nil {
			continue
		}
		if u.Function.part == noPart {
			all[i] = u.Function.New()
			continue
		}
		var places []int
		var parts []part
		for j := i; j < len(uses); j++ {
			if v := uses[j]; v.Input == u.Input && v.Function.part != noPart {
				places, parts = append(places, j), append(parts, v.Function.part)
			}
		}
		for k, m := range newTally(rows, parts...) {
			all[places[k]] = m
		}
	}
	return all
}
