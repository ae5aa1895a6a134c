package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// report is what the command prints.
type report struct {
	Environment environment `json:"environment"`
	Load        []string    `json:"load_average_before,omitempty"`
	Partitions  int         `json:"partitions"`
	Runs        int         `json:"runs"`
	Lanes       int         `json:"lanes"`
	// Interval is Millrace's, "" for its own settings.
	Interval      string        `json:"interval,omitempty"`
	RivalInterval string        `json:"rival_interval"`
	Queries       []queryReport `json:"queries,omitempty"`
	Groups        int           `json:"groups"`
	Fold          []foldResult  `json:"fold,omitempty"`
}

func (s *Settings) report(ctx context.Context, at *servers) *report {
	r := &report{
		Environment: s.environment(ctx, at), Load: loadAverage(), Partitions: Partitions, Runs: s.Runs, Lanes: s.Lanes,
		RivalInterval: s.RivalInterval.String(), Groups: s.Groups,
	}
	if s.Interval > 0 {
		r.Interval = s.Interval.String()
	}
	return r
}

// query returns what the report says of a query, nil for nothing.
func (r *report) query(name string) *queryReport {
	for i := range r.Queries {
		if r.Queries[i].Query == name {
			return &r.Queries[i]
		}
	}
	return nil
}

// printJSON writes a report for programs.
func printJSON(w io.Writer, report any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(report)
}

// print writes the report, beside the ratios of an earlier one where that is
// not nil.
func (r *report) print(w io.Writer, recorded *report, asJSON bool) error {
	if asJSON {
		return printJSON(w, r)
	}
	v := r.Environment
	fmt.Fprintf(w, "millrace %s, %s %s, %d cores; Kafka: %s; PostgreSQL %s\n", v.Version, v.Go, v.Platform, v.Cores, v.Kafka, v.PostgreSQL)
	if len(r.Load) > 0 {
		fmt.Fprintf(w, "load average before: %s\n", r.Load[0])
	}
	if len(r.Queries) > 0 {
		interval := r.Interval
		if interval == "" {
			interval = "as it decides itself"
		}
		fmt.Fprintf(w, "%d partitions; millrace: lanes %d, flushes and folds %s; rival: writes every %s\n", r.Partitions, r.Lanes, interval, r.RivalInterval)
	}
	for i := range r.Queries {
		q := &r.Queries[i]
		var old *queryReport
		if recorded != nil {
			old = recorded.query(q.Query)
		}
		if err := q.print(w, old); err != nil {
			return err
		}
	}
	if len(r.Queries) > 0 {
		fmt.Fprintln(w)
		for _, c := range Contenders() {
			fmt.Fprintf(w, "  %-9s %s\n", c.Name, c.What)
		}
	}
	if len(r.Fold) > 0 {
		fmt.Fprintf(w, "\nfold alone: groups/s into a table of %d rows, one connection, against the best hand-written upsert\n\n", foldRows(r.Groups))
		return r.printFold(w)
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
