package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// count is how tests ended.
type count struct{ passed, failed, skipped int }

// String is the line that closes a run.
func (c count) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", c.passed, c.failed, c.skipped)
}

// appendCount adds a run's line to the file; runs may do so at once.
func appendCount(file string, c count) error {
	out, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, c)
	return errors.Join(err, out.Close())
}

// readCounts adds up the file's lines; no file is no run.
func readCounts(file string) (count, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return count{}, nil
	}
	if err != nil {
		return count{}, err
	}
	var total count
	for lines := bufio.NewScanner(strings.NewReader(string(text))); lines.Scan(); {
		var c count
		if _, err := fmt.Sscanf(lines.Text(), "%d passed, %d failed, %d skipped", &c.passed, &c.failed, &c.skipped); err != nil {
			return count{}, fmt.Errorf("read %s: %q: %w", file, lines.Text(), err)
		}
		total.passed += c.passed
		total.failed += c.failed
		total.skipped += c.skipped
	}
	return total, nil
}
