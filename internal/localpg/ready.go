package localpg

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// awaitReady waits until the server says that it takes connections.
func (s *Server) awaitReady(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		pid, ready := readPidFile(s.data())
		if ready && pid == s.process.Pid() {
			return nil
		}
		select {
		case <-tick.C:
		case <-s.process.Done():
			return fmt.Errorf("the server ended: %w", s.process.Err())
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// readPidFile reads a data folder's postmaster.pid: its first line is the
// server's process id, its eighth the state, "ready" padded with spaces
// (PostgreSQL, src/include/utils/pidfile.h). No file, or half of one, is pid 0.
func readPidFile(data string) (pid int, ready bool) {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return 0, false
	}
	lines := strings.Split(string(text), "\n")
	pid, err = strconv.Atoi(lines[0])
	if err != nil {
		return 0, false
	}
	return pid, len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready"
}

// logExcerpt is what the log last complained of, for an error's end: empty
// where it did not.
func (s *Server) logExcerpt() string {
	text, err := os.ReadFile(s.LogPath())
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		for _, level := range []string{"FATAL: ", "PANIC: ", "error: ", "ERROR: "} {
			if _, complaint, found := strings.Cut(lines[i], level); found {
				return ": " + strings.TrimSpace(complaint)
			}
		}
	}
	return ""
}
