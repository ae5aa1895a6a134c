package bench

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"
)

// rivalFloor is how much of its own parse row the rival has to reach in a round
// that counts: below it something else than the consumer is measured, a busy
// machine or a database that it waits for too often.
const rivalFloor = 0.8

// queryReport is what was measured for one query.
type queryReport struct {
	Query  string  `json:"query"`
	SQL    string  `json:"sql"`
	Events int64   `json:"events"`
	Bytes  float64 `json:"bytes_per_event"`
	Groups int     `json:"groups"`
	Rounds int     `json:"rounds"`
	// Counted is how many rounds the medians are taken over. Where it is zero
	// they are of all rounds, and ratios mean nothing.
	Counted int `json:"rounds_that_count"`
	// RivalToParse is the rival's rate to that of its parse row, of each round,
	// where both ran.
	RivalToParse []float64 `json:"rival_to_parse_of_rounds,omitempty"`
	Contenders   []result  `json:"contenders"`
}

// result is one contender's: medians over the rounds that count.
type result struct {
	Name            string  `json:"name"`
	What            string  `json:"what"`
	EventsPerSecond float64 `json:"events_per_second"`
	EventsPerCPU    float64 `json:"events_per_cpu_second"`
	CPUSeconds      float64 `json:"cpu_seconds"`
	Seconds         float64 `json:"seconds"`
	// Ratios of events per CPU second, taken within a round; zero where the
	// other did not run.
	ToBare  float64 `json:"ratio_to_bare,omitempty"`
	ToParse float64 `json:"ratio_to_parse,omitempty"`
	ToRival float64 `json:"ratio_to_rival,omitempty"`
	// Samples are the CPU seconds of every round, also of those that do not
	// count.
	Samples []float64 `json:"cpu_seconds_of_rounds"`
}

// summarize takes medians over the rounds that count.
func summarize(rounds []round, events int64) *queryReport {
	r := &queryReport{Rounds: len(rounds)}
	var counted []round
	for _, round := range rounds {
		share, both := round.ratio(nameRival, nameParse)
		if both {
			r.RivalToParse = append(r.RivalToParse, share)
		}
		if !both || share >= rivalFloor {
			counted = append(counted, round)
		}
	}
	r.Counted = len(counted)
	if len(counted) == 0 {
		counted = rounds
	}
	for _, c := range Contenders() {
		if _, ran := rounds[0][c.Name]; !ran {
			continue
		}
		x := result{Name: c.Name, What: c.What}
		for _, round := range rounds {
			x.Samples = append(x.Samples, round[c.Name].CPU.Seconds())
		}
		var cpu, wall []float64
		for _, round := range counted {
			cpu, wall = append(cpu, round[c.Name].CPU.Seconds()), append(wall, round[c.Name].Wall.Seconds())
		}
		x.CPUSeconds, x.Seconds = median(cpu), median(wall)
		x.EventsPerCPU, x.EventsPerSecond = float64(events)/x.CPUSeconds, float64(events)/x.Seconds
		x.ToBare, x.ToParse, x.ToRival = ratio(counted, c.Name, nameBare), ratio(counted, c.Name, nameParse), ratio(counted, c.Name, nameRival)
		r.Contenders = append(r.Contenders, x)
	}
	return r
}

// ratio is how many events a contender takes for each of the other's, in the
// same processor time; false where one did not run.
func (r round) ratio(name, other string) (float64, bool) {
	one, ran := r[name]
	two, otherRan := r[other]
	if !ran || !otherRan {
		return 0, false
	}
	return two.CPU.Seconds() / one.CPU.Seconds(), true
}

// ratio is the median over rounds, zero where there is none.
func ratio(rounds []round, name, other string) float64 {
	var ratios []float64
	for _, round := range rounds {
		if x, ran := round.ratio(name, other); ran {
			ratios = append(ratios, x)
		}
	}
	if len(ratios) == 0 {
		return 0
	}
	return median(ratios)
}

// median of at least one number.
func median[T cmp.Ordered](numbers []T) T {
	sorted := slices.Sorted(slices.Values(numbers))
	return sorted[(len(sorted)-1)/2]
}

func (r *queryReport) print(w io.Writer, recorded *queryReport) error {
	fmt.Fprintf(w, "\n%s: %s\n%d events of %.0f bytes (JSON), %d groups; all results exact; %s\n\n", r.Query, r.SQL, r.Events, r.Bytes, r.Groups, r.counted())
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := "contender\tevents/s\tevents/CPU s\t× bare\t× parse\t× rival\tCPU s\t"
	if recorded != nil {
		head += "then: × bare\tthen: × rival\t"
	}
	fmt.Fprintln(t, head)
	now := times
	if r.Counted == 0 {
		now = doubtful
	}
	for _, c := range r.Contenders {
		line := fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%.2f\t", c.Name, thousands(c.EventsPerSecond), thousands(c.EventsPerCPU),
			now(c.ToBare), now(c.ToParse), now(c.ToRival), c.CPUSeconds)
		if recorded != nil {
			then := times
			if recorded.Counted == 0 {
				then = doubtful
			}
			old := recorded.contender(c.Name)
			line += fmt.Sprintf("%s\t%s\t", then(old.ToBare), then(old.ToRival))
		}
		fmt.Fprintln(t, line)
	}
	return t.Flush()
}

// doubtful writes a ratio of rounds that do not count.
func doubtful(ratio float64) string { return "(" + times(ratio) + ")" }

// counted says which rounds count.
func (r *queryReport) counted() string {
	if len(r.RivalToParse) == 0 {
		return fmt.Sprintf("medians of %d rounds", r.Rounds)
	}
	if r.Counted == 0 {
		return fmt.Sprintf("NO ROUND COUNTS: the rival has to reach %.1f of its parse row, and reached%s; the machine is too busy, "+
			"or --rival-interval too short for it. Ratios in brackets are of rounds that do not count", rivalFloor, listed(r.RivalToParse))
	}
	return fmt.Sprintf("medians of the %d of %d rounds that count: in them the rival reaches %.1f or more of its parse row (it reached%s)",
		r.Counted, r.Rounds, rivalFloor, listed(r.RivalToParse))
}

func listed(numbers []float64) (text string) {
	for _, x := range numbers {
		text += fmt.Sprintf(" %.2f", x)
	}
	return text
}

// contender returns a contender's result, the empty one for none.
func (r *queryReport) contender(name string) result {
	for _, c := range r.Contenders {
		if c.Name == name {
			return c
		}
	}
	return result{}
}

// readRecorded reads an earlier report, nil where no file is named.
func readRecorded(path string) (*report, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the recorded report: %w", err)
	}
	r := &report{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("the recorded report %s: %w", path, err)
	}
	return r, nil
}
