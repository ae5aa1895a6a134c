package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is one of `go test -json` (go doc test2json).
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build-output
	Test        string
	Output      string
	FailedBuild string
}

// events turns the runner's events back into its plain output, and counts.
type events struct {
	out     io.Writer
	counted count
	// output holds what each running test has printed, by package and test, and
	// each package: it is shown only on failure.
	output map[[2]string]*strings.Builder
	// failed names the packages of which a test failed: such a package's own
	// failure is no further one.
	failed map[string]bool
}

// read prints what in says to out and counts the tests in it.
func read(in io.Reader, out io.Writer) (count, error) {
	e := events{out: out, output: map[[2]string]*strings.Builder{}, failed: map[string]bool{}}
	for decoder := json.NewDecoder(in); ; {
		var next event
		err := decoder.Decode(&next)
		if errors.Is(err, io.EOF) {
			return e.counted, nil
		}
		if err != nil {
			return e.counted, fmt.Errorf("read the test runner's events: %w", err)
		}
		e.take(next)
	}
}

func (e *events) take(next event) {
	switch {
	case next.Action == "build-output":
		e.print(next.Output)
	case next.Test == "":
		e.takePackage(next)
	default:
		e.takeTest(next)
	}
}

// takePackage handles what concerns a package as a whole: its result line is
// shown always, what TestMain or a panic has said where the package failed.
func (e *events) takePackage(next event) {
	key := [2]string{next.Package}
	switch next.Action {
	case "output":
		if strings.HasPrefix(next.Output, "ok  \t") || strings.HasPrefix(next.Output, "?   \t") {
			e.print(next.Output)
		} else if next.Output != "PASS\n" && next.Output != "FAIL\n" {
			e.keep(key, next.Output)
		}
	case "fail":
		if !e.failed[next.Package] {
			e.counted.failed++ // it did not build, or died outside of any test
		}
		e.showUnfinished(next.Package)
		e.show(key)
	}
}

// showUnfinished prints what those tests of a package have said that have no
// result: a panic or the end of the package's time came before. The runner gives
// the panic's text to one of them.
func (e *events) showUnfinished(pkg string) {
	var tests []string
	for key := range e.output {
		if key[0] == pkg && key[1] != "" {
			tests = append(tests, key[1])
		}
	}
	slices.Sort(tests)
	for _, test := range tests {
		e.show([2]string{pkg, test})
	}
}

func (e *events) takeTest(next event) {
	key := [2]string{next.Package, next.Test}
	switch next.Action {
	case "output":
		e.keep(key, next.Output)
		return
	case "pass":
		e.counted.passed++
	case "skip":
		e.counted.skipped++
	case "fail":
		e.counted.failed++
		e.failed[next.Package] = true
		e.show(key)
	default:
		return
	}
	delete(e.output, key)
}

// keep holds output back until it is known whether anybody wants it.
func (e *events) keep(key [2]string, text string) {
	if e.output[key] == nil {
		e.output[key] = &strings.Builder{}
	}
	e.output[key].WriteString(text)
}

// show prints what was held back.
func (e *events) show(key [2]string) {
	if held := e.output[key]; held != nil {
		e.print(held.String())
	}
}

// print writes to standard output; where that is gone, nobody reads it.
func (e *events) print(text string) { _, _ = io.WriteString(e.out, text) }
