//go:build !linux

package localpg

import (
	"os/exec"
	"strconv"
)

// commandLine is a process's; empty where there is none.
func commandLine(pid int) string {
	text, err := exec.Command("ps", "-o", "args=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	return string(text)
}
