// Command tally runs `go test` and counts what passed, from the test runner's
// own events:
//
//	MILLRACE_TALLY=counts tally -race ./...   runs go test -race ./...
//	MILLRACE_TALLY=counts tally -sum          prints "12 passed, 0 failed, 1 skipped"
//
// It prints what `go test` prints: a line for each package, and the output of
// what failed. Each run adds one line to the file that MILLRACE_TALLY names.
// Its exit status is that of `go test`; of -sum it is 1 where anything failed
// or nothing ran.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

func main() { os.Exit(run(os.Args[1:])) }

// run is main with the exit status as its result.
func run(args []string) int {
	file := os.Getenv("MILLRACE_TALLY")
	if file == "" {
		fmt.Fprintln(os.Stderr, "tally: MILLRACE_TALLY must name the file of counts")
		return 2
	}
	if len(args) == 1 && args[0] == "-sum" {
		return sum(file)
	}
	status, counted, err := goTest(args)
	if err == nil {
		err = appendCount(file, counted)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		return 1
	}
	return status
}

// goTest runs go test with args and returns its exit status and what it counted.
func goTest(args []string) (int, count, error) {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	output, err := cmd.StdoutPipe()
	if err != nil {
		return 0, count{}, err
	}
	if err := cmd.Start(); err != nil {
		return 0, count{}, err
	}
	counted, readErr := read(output, os.Stdout)
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), counted, readErr
	}
	return 0, counted, errors.Join(err, readErr)
}

func sum(file string) int {
	total, err := readCounts(file)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		return 1
	}
	fmt.Println(total)
	if total.failed > 0 || total.passed == 0 {
		return 1
	}
	return 0
}
