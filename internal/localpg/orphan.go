package localpg

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// EndOrphan ends the server that still runs on dir, a Server's folder whose
// process was killed; it is no error if none does. Where the system has death
// signals the server has ended by itself.
//
// A process id may have passed to somebody else since: only a process whose
// command line names the data folder is touched.
func EndOrphan(dir string) error {
	data := filepath.Join(dir, "data")
	pid, _ := readPidFile(data)
	if pid <= 1 || !strings.Contains(commandLine(pid), data) {
		return nil
	}
	if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil {
		return fmt.Errorf("end the database server %d of a killed run: %w", pid, err)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(stopGrace); time.Now().Before(deadline); <-tick.C {
		if !strings.Contains(commandLine(pid), data) {
			return nil
		}
	}
	return fmt.Errorf("the database server %d of a killed run does not end", pid)
}
