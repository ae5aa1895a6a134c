package localpg

import (
	"fmt"
	"os"
)

// commandLine is a process's, its words ended by NUL; empty where there is none.
func commandLine(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	return string(text)
}
