package system

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Log returns everything that the node has logged so far.
func (n *Node) Log() string {
	n.c.t.Helper()
	text, err := os.ReadFile(n.log)
	if err != nil {
		n.c.t.Fatal(err)
	}
	return string(text)
}

// Signal sends a signal to the node.
func (n *Node) Signal(s syscall.Signal) {
	n.c.t.Helper()
	if err := n.cmd.Process.Signal(s); err != nil {
		n.c.t.Fatal(err)
	}
}

// Wait waits for the node's end and returns its exit status, -1 where a signal
// ended it.
func (n *Node) Wait(deadline time.Duration) int {
	n.c.t.Helper()
	select {
	case <-n.done:
	case <-time.After(deadline):
		n.c.t.Fatalf("node still runs after %v\n%s", deadline, tail(n.log))
	}
	return n.cmd.ProcessState.ExitCode()
}

// Get asks the node's HTTP endpoint and returns status and body; status 0 where
// it does not answer.
func (n *Node) Get(path string) (status int, body string) {
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Get("http://" + n.HTTP + path)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(text)
}

// Metric returns the sum of a metric's samples, of those whose labels contain
// the given text (such as `stream="s"`), or of all.
func (n *Node) Metric(name, label string) float64 {
	n.c.t.Helper()
	status, body := n.Get("/metrics")
	if status != http.StatusOK {
		n.c.t.Fatalf("/metrics: status %d: %s", status, body)
	}
	sum, found := 0.0, false
	for line := range strings.Lines(body) {
		series, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if base, _, _ := strings.Cut(series, "{"); !ok || base != name || !strings.Contains(series, label) {
			continue
		}
		number, err := strconv.ParseFloat(value, 64)
		if err != nil {
			n.c.t.Fatalf("/metrics: %q: %v", line, err)
		}
		sum, found = sum+number, true
	}
	if !found && label == "" {
		n.c.t.Fatalf("/metrics has no %s", name)
	}
	return sum
}

// TryMetric is [Node.Metric] of all samples for a node that may have ended: then ok
// is false.
func (n *Node) TryMetric(name string) (value float64, ok bool) {
	status, body := n.Get("/metrics")
	if status != http.StatusOK {
		return 0, false
	}
	for line := range strings.Lines(body) {
		series, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		if base, _, _ := strings.Cut(series, "{"); base == name {
			number, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return 0, false
			}
			value, ok = value+number, true
		}
	}
	return value, ok
}

// Memory returns the node's resident memory in bytes, and the most that it ever
// was where the system tells; ok is false where it tells neither.
func (n *Node) Memory() (now, peak int64, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.cmd.Process.Pid))
	if err != nil {
		return 0, 0, false
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		kib, _ := strconv.ParseInt(fields[1], 10, 64)
		switch fields[0] {
		case "VmRSS:":
			now = kib << 10
		case "VmHWM:":
			peak = kib << 10
		}
	}
	return now, peak, now > 0
}

// Within runs one command with further settings and returns what it printed and
// its exit status. A command that has not ended by the deadline fails the test and
// says where it stood.
func (c *Cluster) Within(deadline time.Duration, env []string, stdin string, args ...string) (stdout, stderr string, status int) {
	c.t.Helper()
	cmd := exec.Command(c.binary, args...)
	cmd.Env = append(append([]string{}, c.env...), env...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errOut strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	late := time.AfterFunc(deadline, func() { cmd.Process.Signal(syscall.SIGQUIT) }) //nolint:errcheck // it may have ended
	cmd.Wait()                                                                       //nolint:errcheck // the state tells
	if !late.Stop() {
		c.t.Fatalf("millrace %s: still ran after %v\n%s%s", strings.Join(args, " "), deadline, out.String(), errOut.String())
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}
