package system

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Node is a running `millrace run`.
type Node struct {
	// Name is the node's within its cluster.
	Name string

	c    *Cluster
	cmd  *exec.Cmd
	log  string        // file
	HTTP string        // the address of its HTTP endpoint
	done chan struct{} // closed when the process has ended
}

// Start starts the node that the cluster's settings name; it is killed at the
// test's end if it still runs.
func (c *Cluster) Start(env ...string) *Node {
	c.t.Helper()
	return c.StartAs(firstNode, env...)
}

// StartAs starts a node under a name of its own.
func (c *Cluster) StartAs(name string, env ...string) *Node {
	c.t.Helper()
	addr := FreeAddr(c.t)
	n := &Node{Name: name, c: c, HTTP: addr, done: make(chan struct{})}
	file, err := os.CreateTemp(c.t.TempDir(), "node-*.log")
	if err != nil {
		c.t.Fatal(err)
	}
	defer file.Close()
	n.log = file.Name()
	n.cmd = exec.Command(c.binary, "run")
	n.cmd.Env = append(append([]string{}, c.env...), append(env, "MILLRACE_NODE="+name, "MILLRACE_HTTP_ADDR="+addr)...)
	n.cmd.Stdout, n.cmd.Stderr = file, file
	if err := n.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() {
		defer close(n.done)
		n.cmd.Wait() //nolint:errcheck // the state tells
	}()
	c.t.Cleanup(func() {
		if c.t.Failed() && !n.Ended() {
			n.dump()
		}
		n.Kill()
		if c.t.Failed() {
			c.t.Logf("log of node %s at %s, process %d, whole in %s:\n%s", n.Name, n.HTTP, n.Pid(), n.keepLog(), tail(n.log))
		}
	})
	return n
}

// Ready waits until the node takes part.
func (n *Node) Ready() *Node {
	n.c.t.Helper()
	Wait(n.c.t, 30*time.Second, "node ready", func() bool {
		status, _ := n.Get("/readyz")
		return status == http.StatusOK
	})
	return n
}

// Pid is the node's process id.
func (n *Node) Pid() int { return n.cmd.Process.Pid }

// Kill sends SIGKILL and waits for the end.
func (n *Node) Kill() {
	n.cmd.Process.Kill() //nolint:errcheck // it may have ended
	<-n.done
}

// dump has the node end with its goroutines in its log, if it is not asleep.
func (n *Node) dump() {
	n.cmd.Process.Signal(syscall.SIGQUIT) //nolint:errcheck // it may have ended
	select {
	case <-n.done:
	case <-time.After(5 * time.Second):
	}
}

// Stop sends SIGTERM and returns the exit status.
func (n *Node) Stop() int {
	n.c.t.Helper()
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		n.c.t.Fatal(err)
	}
	select {
	case <-n.done:
	case <-time.After(30 * time.Second):
		n.c.t.Fatal("node did not stop within 30 s")
	}
	return n.cmd.ProcessState.ExitCode()
}

// Ended reports whether the process has ended.
func (n *Node) Ended() bool {
	select {
	case <-n.done:
		return true
	default:
		return false
	}
}

// keepLog copies the log to where it outlives the test, and says where.
func (n *Node) keepLog() string {
	text, err := os.ReadFile(n.log)
	if err != nil {
		return err.Error()
	}
	kept := filepath.Join(os.TempDir(), fmt.Sprintf("millrace-%s-%s-%d.log", n.c.Name, n.Name, n.Pid()))
	if err := os.WriteFile(kept, text, 0o644); err != nil {
		return err.Error()
	}
	return kept
}

func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-8000):])
}
