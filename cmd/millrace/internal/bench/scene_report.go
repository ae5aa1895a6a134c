package bench

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
)

// sceneReport is what a scene prints.
type sceneReport struct {
	Environment environment `json:"environment"`
	// Load is the machine's load average (1, 5 and 15 minutes) at the beginning
	// and at the end, where the system tells.
	Load     []string       `json:"load_average,omitempty"`
	Scene    string         `json:"scene"`
	What     string         `json:"what"`
	Settings []sceneSetting `json:"settings"`
	Parts    []scenePart    `json:"parts"`
}

// sceneSetting is something that the figures were measured with.
type sceneSetting struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// scenePart is a part of a scene with figures of its own.
type scenePart struct {
	Name    string        `json:"name"`
	What    string        `json:"what"`
	Figures []sceneFigure `json:"figures"`
}

// sceneFigure is one thing that was measured.
type sceneFigure struct {
	Name  string  `json:"name"`
	What  string  `json:"what"`
	Unit  string  `json:"unit,omitempty"`
	Value float64 `json:"value"`
	// Samples are those that the value is the median of, where it is one.
	Samples []float64 `json:"samples,omitempty"`
	// Promise is what the value is held against, nil for nothing.
	Promise *promise `json:"promise,omitempty"`
}

// promise is a bound that a figure is to keep.
type promise struct {
	Limit float64 `json:"limit"`
	// Least says that the figure must not be less than the limit, else that it
	// must not be more.
	Least bool `json:"at_least,omitempty"`
	Held  bool `json:"held"`
}

func (r *sceneReport) set(name string, value any) {
	r.Settings = append(r.Settings, sceneSetting{name, value})
}

// part begins a part of the report, to which figures are added until the next.
func (r *sceneReport) part(name, what string) *scenePart {
	r.Parts = append(r.Parts, scenePart{Name: name, What: what})
	return &r.Parts[len(r.Parts)-1]
}

// add adds a figure without a promise. One of several samples has their median.
func (p *scenePart) add(name, what, unit string, samples ...float64) *sceneFigure {
	f := sceneFigure{Name: name, What: what, Unit: unit, Value: median(samples)}
	if len(samples) > 1 {
		f.Samples = samples
	}
	p.Figures = append(p.Figures, f)
	return &p.Figures[len(p.Figures)-1]
}

func (f *sceneFigure) atMost(limit float64) {
	f.Promise = &promise{Limit: limit, Held: f.Value <= limit}
}

func (f *sceneFigure) atLeast(limit float64) {
	f.Promise = &promise{Limit: limit, Least: true, Held: f.Value >= limit}
}

func (r *sceneReport) print(w io.Writer, asJSON bool) error {
	r.Load = append(r.Load, loadAverage()...)
	if asJSON {
		return printJSON(w, r)
	}
	v := r.Environment
	fmt.Fprintf(w, "millrace %s, %s %s, %d cores, load average %s; Kafka: %s; PostgreSQL %s\n", v.Version, v.Go, v.Platform, v.Cores, strings.Join(r.Load, " to "), v.Kafka, v.PostgreSQL)
	fmt.Fprintf(w, "%s: %s\n", r.Scene, r.What)
	var settings []string
	for _, s := range r.Settings {
		settings = append(settings, fmt.Sprintf("%s %v", s.Name, s.Value))
	}
	fmt.Fprintf(w, "%s; all results exact\n", strings.Join(settings, ", "))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, p := range r.Parts {
		fmt.Fprintf(t, "\n%s: %s\n", p.Name, p.What)
		for _, f := range p.Figures {
			fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", f.What, amount(f.Value), f.Unit, f.Promise)
		}
	}
	return t.Flush()
}

// String says what is promised and whether it was held.
func (p *promise) String() string {
	if p == nil {
		return ""
	}
	sign, held := "≤", "held"
	if p.Least {
		sign = "≥"
	}
	if !p.Held {
		held = "NOT held"
	}
	return fmt.Sprintf("promise %s %s: %s", sign, amount(p.Limit), held)
}

// amount writes a number with as many digits as mean something.
func amount(x float64) string {
	switch size := math.Abs(x); {
	case size >= 1000:
		return thousands(x)
	case size >= 100 || x == math.Trunc(x):
		return fmt.Sprintf("%.0f", x)
	case size >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.3f", x)
}
