package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	// output holds what each running test has printed, by package and test: it
	// is shown only if the test fails.
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

// takePackage handles what concerns a package as a whole. Its output is shown
// as it comes: result lines, panics, what TestMain says.
func (e *events) takePackage(next event) {
	switch next.Action {
	case "output":
		if next.Output != "PASS\n" && next.Output != "FAIL\n" {
			e.print(next.Output)
		}
	case "fail":
		if !e.failed[next.Package] {
			e.counted.failed++ // it did not build, or died outside of any test
		}
	}
}

func (e *events) takeTest(next event) {
	key := [2]string{next.Package, next.Test}
	switch next.Action {
	case "output":
		if e.output[key] == nil {
			e.output[key] = &strings.Builder{}
		}
		e.output[key].WriteString(next.Output)
		return
	case "pass":
		e.counted.passed++
	case "skip":
		e.counted.skipped++
	case "fail":
		e.counted.failed++
		e.failed[next.Package] = true
		if printed := e.output[key]; printed != nil {
			e.print(printed.String())
		}
	default:
		return
	}
	delete(e.output, key)
}

// print writes to standard output; where that is gone, nobody reads it.
func (e *events) print(text string) { _, _ = io.WriteString(e.out, text) }
