package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
)

// failoverReport is what the command prints. Times are in seconds.
type failoverReport struct {
	Environment environment `json:"environment"`
	// Load is the machine's load average (1, 5 and 15 minutes) at the beginning
	// and at the end, where the system tells.
	Load       []string     `json:"load_average,omitempty"`
	Nodes      int          `json:"nodes"`
	Partitions int          `json:"partitions"`
	Shards     int          `json:"shards"`
	Rate       int          `json:"events_per_second_and_partition"`
	Runs       int          `json:"runs"`
	Cases      []caseReport `json:"cases"`
}

// caseReport is one case's.
type caseReport struct {
	Name    string  `json:"name"`
	What    string  `json:"what"`
	Promise float64 `json:"promise,omitempty"`
	// By is the figure that the promise is about.
	By      string         `json:"promise_is_about,omitempty"`
	Figures []figureReport `json:"figures"`
}

// figureReport is one figure of a case, over all runs.
type figureReport struct {
	Name   string  `json:"name"`
	Median float64 `json:"median"`
	Worst  float64 `json:"worst"`
	// Ratio is the median to that of the same figure without harm, of figures
	// that mean something there.
	Ratio   float64   `json:"ratio_to_none,omitempty"`
	Samples []float64 `json:"samples"`

	what  string
	alone bool
}

// The figures that promises are about.
const (
	figureUntilAll = "until_all"
	figureStillAll = "still_all"
	figureLatency  = "latency"
)

// figureKind is one of the figures.
type figureKind struct {
	name, what string
	of         func(figures) float64
	// whose says that the figure is about what one victim had, and when it
	// was harmed.
	whose bool
	// alone says that it is nothing to take a ratio of.
	alone bool
}

// figureKinds are the figures in the order in which they are reported.
func figureKinds() []figureKind {
	return []figureKind{
		{"until_folding", "until its shards are folded elsewhere", func(f figures) float64 { return f.UntilFolding }, true, false},
		{"until_reading", "until its input partitions are read elsewhere", func(f figures) float64 { return f.UntilReading }, true, false},
		{figureUntilAll, "until everything goes on", func(f figures) float64 { return f.UntilAll }, true, false},
		{"still_folding", "a shard of its stood still for", func(f figures) float64 { return f.StillFolding }, true, false},
		{"still_reading", "an input partition of its stood still for", func(f figures) float64 { return f.StillReading }, true, false},
		{"still_others", "what was not its stood still for", func(f figures) float64 { return f.StillOthers }, true, false},
		{figureStillAll, "anything stood still for", func(f figures) float64 { return f.StillAll }, false, false},
		{figureLatency, "age of the oldest event when it was in a row", func(f figures) float64 { return f.Latency }, false, false},
		{"exit", "the process took to end", func(f figures) float64 { return f.Exit }, false, true},
		{"back", "all nodes had a share again, after it was mended, in", func(f figures) float64 { return f.Back }, false, true},
		{"observer", "the observer itself looked away for", func(f figures) float64 { return f.Blind }, false, true},
		{"span", "looked at for", func(f figures) float64 { return f.Span }, false, true},
	}
}

func (f *failover) report(ctx context.Context) *failoverReport {
	return &failoverReport{
		Environment: f.environment(ctx, f.at), Load: loadAverage(), Nodes: f.Nodes, Partitions: f.Partitions, Shards: f.Shards, Rate: f.Rate, Runs: f.Runs,
	}
}

// loadAverage is what Linux says of how busy the machine is; nothing elsewhere.
func loadAverage() []string {
	text, err := os.ReadFile("/proc/loadavg")
	if fields := strings.Fields(string(text)); err == nil && len(fields) >= 3 {
		return []string{strings.Join(fields[:3], " ")}
	}
	return nil
}

// add takes one repetition of a case.
func (r *failoverReport) add(c failoverCase, got figures) {
	at := slices.IndexFunc(r.Cases, func(x caseReport) bool { return x.Name == c.name })
	if at < 0 {
		at = len(r.Cases)
		r.Cases = append(r.Cases, caseReport{Name: c.name, What: c.what, Promise: c.promise.Seconds(), By: c.by})
	}
	r.Cases[at].add(c, got)
}

func (c *caseReport) add(of failoverCase, got figures) {
	first, at := len(c.Figures) == 0, 0
	for _, kind := range figureKinds() {
		if kind.whose && of.everybody || kind.name == "exit" && !of.exits {
			continue
		}
		if first {
			c.Figures = append(c.Figures, figureReport{Name: kind.name, what: kind.what, alone: kind.alone})
		}
		c.Figures[at].Samples = append(c.Figures[at].Samples, kind.of(got))
		at++
	}
}

// finish takes medians, and ratios to what there is without harm.
func (r *failoverReport) finish() {
	r.Load = append(r.Load, loadAverage()...)
	for c := range r.Cases {
		for i := range r.Cases[c].Figures {
			x := &r.Cases[c].Figures[i]
			x.Median, x.Worst = median(x.Samples), slices.Max(x.Samples)
			if none, ok := r.Cases[0].figure(x.Name); ok && none.Median > 0 && !x.alone {
				x.Ratio = x.Median / none.Median
			}
		}
	}
}

func (c *caseReport) figure(name string) (figureReport, bool) {
	at := slices.IndexFunc(c.Figures, func(x figureReport) bool { return x.Name == name })
	if at < 0 {
		return figureReport{}, false
	}
	return c.Figures[at], true
}

func (r *failoverReport) print(w io.Writer, asJSON bool) error {
	r.finish()
	if asJSON {
		return printJSON(w, r)
	}
	v := r.Environment
	fmt.Fprintf(w, "millrace %s, %s %s, %d cores, load average %s; Kafka: %s; PostgreSQL %s\n", v.Version, v.Go, v.Platform, v.Cores, strings.Join(r.Load, " to "), v.Kafka, v.PostgreSQL)
	fmt.Fprintf(w, "%d nodes with default settings, %d input partitions of %d events/s each, %d shards; %d runs, the view is exact\n", r.Nodes, r.Partitions, r.Rate, r.Shards, r.Runs)
	fmt.Fprint(w, "seconds; × none is the median to that of the same figure without harm\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range r.Cases {
		fmt.Fprintf(t, "\n%s: %s\tmedian\tworst\t× none\tpromise\n", c.Name, c.What)
		for _, x := range c.Figures {
			against := times(x.Ratio)
			if c.Name == caseNone {
				against = times(0)
			}
			promise := ""
			if x.Name == c.By {
				promise = fmt.Sprintf("< %.0f", c.Promise)
			}
			fmt.Fprintf(t, "  %s\t%.2f\t%.2f\t%s\t%s\n", x.what, x.Median, x.Worst, against, promise)
		}
	}
	return t.Flush()
}
