package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/millrace/millrace/cmd/millrace/internal/service"
)

// Contender is one way to treat the events.
type Contender struct {
	Name string
	// What it does, for the report.
	What string
	// work is what its child process does; nil for the one that is a node.
	work func(context.Context, *job) (tally, error)
	// folds says that its results are rows in PostgreSQL.
	folds bool
}

// The contenders that ratios are taken to, and Millrace itself.
const (
	nameBare     = "bare"
	nameParse    = "parse"
	nameRival    = "rival"
	nameMillrace = "millrace"
	nameFold     = "fold" // no contender: fold alone
)

// Contenders are all of them, in the order in which they run.
func Contenders() []Contender {
	return []Contender{
		{Name: nameBare, What: "poll, do nothing", work: bare},
		{Name: "decode", What: "poll, Millrace's decoder fills columns", work: decode},
		{Name: nameParse, What: "poll, jsonparser extracts the query's fields", work: parse},
		{Name: nameRival, What: "hand-written consumer into PostgreSQL", work: rivalWork, folds: true},
		{Name: nameMillrace, What: "whole path into PostgreSQL", folds: true},
	}
}

func known(name string) bool {
	return name == nameFold || slices.ContainsFunc(Contenders(), func(c Contender) bool { return c.Name == name })
}

func names() string {
	var all []string
	for _, c := range Contenders() {
		all = append(all, c.Name)
	}
	return strings.Join(append(all, nameFold), ", ")
}

// job is what a child process is told, on its standard input: a database URL
// may hold a password, which an argument would show to everybody.
type job struct {
	Contender string
	Query     string
	Topic     string
	Events    int64
	Groups    int
	Runs      int           // how often folds alone are repeated
	Interval  time.Duration // between the rival's writes
	Profile   string        // file; "" for none

	settings service.Settings
}

// tally is what a contender counted, so that nobody is praised for leaving work
// out. Contenders that do not look at events leave Prices zero.
type tally struct {
	Events int64
	Prices int64
	Folds  []foldResult `json:",omitempty"`
}

// Contend is the child process: it reads its job from in, does it and writes
// what it counted to out. node runs a node until the context ends.
func Contend(ctx context.Context, settings service.Settings, in io.Reader, out io.Writer, node func(context.Context) error) (err error) {
	j := job{settings: settings}
	if err := json.NewDecoder(in).Decode(&j); err != nil {
		return fmt.Errorf("read the job from standard input: %w", err)
	}
	if j.Profile != "" {
		file, err := os.Create(j.Profile)
		if err != nil {
			return fmt.Errorf("profile: %w", err)
		}
		defer func() { _ = file.Close() }()
		if err := pprof.StartCPUProfile(file); err != nil {
			return fmt.Errorf("profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	if j.Contender == nameMillrace {
		return node(ctx)
	}
	work := foldAlone
	for _, c := range Contenders() {
		if c.Name == j.Contender {
			work = c.work
		}
	}
	counted, err := work(ctx, &j)
	if err != nil {
		return fmt.Errorf("contender %q: %w", j.Contender, err)
	}
	return json.NewEncoder(out).Encode(counted)
}

// quiet is the log of contenders: their troubles are errors, not lines.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
