package integration

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary builds millrace once for all tests, with the faults that the crash
// tests ask for.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "millrace-integration-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "millrace")
	build := exec.Command("go", "build", "-tags", "millrace_faults", "-o", path, "./cmd/millrace")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build millrace: %w\n%s", err, out)
	}
	return path, nil
})

// cluster is one Millrace cluster of a test: settings that all its nodes and
// commands share.
type cluster struct {
	t       *testing.T
	binary  string
	env     []string
	name    string
	brokers []string
	url     string
}

// newCluster names a cluster of its own on the given servers.
func newCluster(t *testing.T, name string, brokers []string, url string, env ...string) *cluster {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, binary: path, name: name, brokers: brokers, url: url}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "MILLRACE_") {
			c.env = append(c.env, pair)
		}
	}
	c.env = append(c.env,
		"MILLRACE_KAFKA_BROKERS="+strings.Join(brokers, ","),
		"MILLRACE_DATABASE_URL="+url,
		"MILLRACE_CLUSTER="+name,
		"MILLRACE_NODE=node-1",
	)
	c.env = append(c.env, env...)
	return c
}

// command runs one command to its end and returns what it printed and its
// exit status.
func (c *cluster) command(stdin string, args ...string) (stdout, stderr string, status int) {
	c.t.Helper()
	cmd := exec.Command(c.binary, args...)
	cmd.Env = c.env
	cmd.Stdin = strings.NewReader(stdin)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		c.t.Fatal(err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

// must runs a command that has to succeed and returns what it printed.
func (c *cluster) must(stdin string, args ...string) string {
	c.t.Helper()
	out, errOut, status := c.command(stdin, args...)
	if status != 0 {
		c.t.Fatalf("millrace %s: status %d\n%s%s", strings.Join(args, " "), status, out, errOut)
	}
	return out
}

// sql carries out a script.
func (c *cluster) sql(script string) string {
	c.t.Helper()
	return c.must(script, "sql")
}

// flush waits until everything that was produced is folded.
func (c *cluster) flush() {
	c.t.Helper()
	c.must("", "flush", "--timeout", "120s")
}

// node is a running `millrace run`.
type node struct {
	c    *cluster
	cmd  *exec.Cmd
	log  string // file
	http string
	done chan struct{} // closed when the process has ended
}

// start starts a node; it is killed at the test's end if it still runs.
func (c *cluster) start(env ...string) *node {
	c.t.Helper()
	addr := freeAddr(c.t)
	n := &node{c: c, http: addr, done: make(chan struct{})}
	file, err := os.CreateTemp(c.t.TempDir(), "node-*.log")
	if err != nil {
		c.t.Fatal(err)
	}
	defer file.Close()
	n.log = file.Name()
	n.cmd = exec.Command(c.binary, "run")
	n.cmd.Env = append(append([]string{}, c.env...), append(env, "MILLRACE_HTTP_ADDR="+addr)...)
	n.cmd.Stdout, n.cmd.Stderr = file, file
	if err := n.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() {
		defer close(n.done)
		n.cmd.Wait() //nolint:errcheck // the state tells
	}()
	c.t.Cleanup(func() {
		n.kill()
		if c.t.Failed() {
			c.t.Logf("log of node %s:\n%s", n.http, tail(n.log))
		}
	})
	return n
}

// ready waits until the node takes part.
func (n *node) ready() *node {
	n.c.t.Helper()
	wait(n.c.t, 30*time.Second, "node ready", func() bool {
		resp, err := http.Get("http://" + n.http + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return n
}

// kill sends SIGKILL and waits for the end.
func (n *node) kill() {
	n.cmd.Process.Kill() //nolint:errcheck // it may have ended
	<-n.done
}

// stop sends SIGTERM and returns the exit status.
func (n *node) stop() int {
	n.c.t.Helper()
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		n.c.t.Fatal(err)
	}
	select {
	case <-n.done:
	case <-time.After(30 * time.Second):
		n.c.t.Fatalf("node did not stop within 30 s\n%s", tail(n.log))
	}
	return n.cmd.ProcessState.ExitCode()
}

// ended reports whether the process has ended.
func (n *node) ended() bool {
	select {
	case <-n.done:
		return true
	default:
		return false
	}
}

func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-8000):])
}
