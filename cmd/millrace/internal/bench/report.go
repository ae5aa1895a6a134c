package bench

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// report is what the command prints.
type report struct {
	Environment environment  `json:"environment"`
	Events      int64        `json:"events"`
	Bytes       float64      `json:"bytes_per_event,omitempty"`
	Groups      int          `json:"groups"`
	Partitions  int          `json:"partitions"`
	Runs        int          `json:"runs"`
	Lanes       int          `json:"lanes"`
	Interval    string       `json:"interval"`
	Contenders  []result     `json:"contenders,omitempty"`
	Fold        []foldResult `json:"fold,omitempty"`
}

// result is one contender's: medians over the rounds.
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
	ToRival float64 `json:"ratio_to_rival,omitempty"`
	// Samples are the CPU seconds of each round.
	Samples []float64 `json:"cpu_seconds_of_runs"`
}

// summarize takes medians over rounds.
func summarize(rounds []map[string]sample, events int64) []result {
	var all []result
	for _, c := range Contenders() {
		if _, ran := rounds[0][c.Name]; !ran {
			continue
		}
		r := result{Name: c.Name, What: c.What}
		var wall []float64
		for _, round := range rounds {
			r.Samples = append(r.Samples, round[c.Name].CPU.Seconds())
			wall = append(wall, round[c.Name].Wall.Seconds())
		}
		r.CPUSeconds, r.Seconds = median(r.Samples), median(wall)
		r.EventsPerCPU, r.EventsPerSecond = float64(events)/r.CPUSeconds, float64(events)/r.Seconds
		r.ToBare, r.ToRival = ratio(rounds, c.Name, nameBare), ratio(rounds, c.Name, nameRival)
		all = append(all, r)
	}
	return all
}

// ratio is the median over the rounds of the other's CPU time to this one's: how
// many events it takes for each of the other's.
func ratio(rounds []map[string]sample, name, other string) float64 {
	var ratios []float64
	for _, round := range rounds {
		o, ran := round[other]
		if !ran {
			return 0
		}
		ratios = append(ratios, o.CPU.Seconds()/round[name].CPU.Seconds())
	}
	return median(ratios)
}

// median of at least one number.
func median[T cmp.Ordered](numbers []T) T {
	sorted := slices.Sorted(slices.Values(numbers))
	return sorted[(len(sorted)-1)/2]
}

func (r *report) print(w io.Writer, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	v := r.Environment
	fmt.Fprintf(w, "millrace %s, %s %s, %d cores; Kafka: %s; PostgreSQL %s\n", v.Version, v.Go, v.Platform, v.Cores, v.Kafka, v.PostgreSQL)
	if len(r.Contenders) > 0 {
		fmt.Fprintf(w, "%d events of %.0f bytes (JSON) in %d partitions, %d groups, lanes %d, interval %s; medians of %d runs, all results exact\n\n",
			r.Events, r.Bytes, r.Partitions, r.Groups, r.Lanes, r.Interval, r.Runs)
		if err := r.printContenders(w); err != nil {
			return err
		}
	}
	if len(r.Fold) > 0 {
		fmt.Fprintf(w, "\nfold alone: groups/s into a table of %d rows, one connection, against the best hand-written upsert\n\n", foldRows(r.Groups))
		return r.printFold(w)
	}
	return nil
}

func (r *report) printContenders(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "contender\tevents/s\tevents/CPU s\t× bare\t× rival\tCPU s\t")
	for _, c := range r.Contenders {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%.2f\t\n", c.Name, thousands(c.EventsPerSecond), thousands(c.EventsPerCPU), times(c.ToBare), times(c.ToRival), c.CPUSeconds)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, c := range r.Contenders {
		fmt.Fprintf(w, "  %-9s %s\n", c.Name, c.What)
	}
	return nil
}

func (r *report) printFold(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "groups in a fold\tmillrace\thand-written\tratio\t")
	for _, f := range r.Fold {
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t\n", f.Groups, thousands(f.Millrace), thousands(f.HandWritten), times(f.Ratio))
	}
	return t.Flush()
}

func times(ratio float64) string {
	if ratio == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", ratio)
}

// thousands writes a rate with its thousands apart.
func thousands(x float64) string {
	digits := fmt.Sprintf("%.0f", x)
	var parts []string
	for len(digits) > 3 {
		parts = append([]string{digits[len(digits)-3:]}, parts...)
		digits = digits[:len(digits)-3]
	}
	return strings.Join(append([]string{digits}, parts...), ",")
}
