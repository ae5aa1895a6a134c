// Package system drives the built binary in whole-system tests: a cluster's
// settings, its commands and its nodes as child processes.
package system

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
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
	build := exec.Command("go", "build", "-tags", "millrace_faults", "-o", path, "github.com/millrace/millrace/cmd/millrace")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build millrace: %w\n%s", err, out)
	}
	return path, nil
})

// Cluster is one Millrace cluster of a test: settings that all its nodes and
// commands share. Its methods end the test where they fail.
type Cluster struct {
	// Name is the cluster's, Brokers and URL are its servers.
	Name    string
	Brokers []string
	URL     string

	t      testing.TB
	binary string
	env    []string
}

// firstNode is the name of the only node of most tests.
const firstNode = "node-1"

// NewCluster names a cluster of its own on the given servers. env are further
// settings of all its nodes and commands.
func NewCluster(t testing.TB, name string, brokers []string, url string, env ...string) *Cluster {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	c := &Cluster{t: t, binary: path, Name: name, Brokers: brokers, URL: url}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "MILLRACE_") {
			c.env = append(c.env, pair)
		}
	}
	c.env = append(c.env,
		"MILLRACE_KAFKA_BROKERS="+strings.Join(brokers, ","),
		"MILLRACE_DATABASE_URL="+url,
		"MILLRACE_CLUSTER="+name,
		"MILLRACE_NODE="+firstNode,
	)
	c.env = append(c.env, env...)
	return c
}

// commandTimeout is what no command of a test takes.
const commandTimeout = 5 * time.Minute

// Command runs one command to its end and returns what it printed and its
// exit status.
func (c *Cluster) Command(stdin string, args ...string) (stdout, stderr string, status int) {
	c.t.Helper()
	return c.Within(commandTimeout, nil, stdin, args...)
}

// Must runs a command that has to succeed and returns what it printed.
func (c *Cluster) Must(stdin string, args ...string) string {
	c.t.Helper()
	out, errOut, status := c.Command(stdin, args...)
	if status != 0 {
		c.t.Fatalf("millrace %s: status %d\n%s%s", strings.Join(args, " "), status, out, errOut)
	}
	return out
}

// SQL carries out a script.
func (c *Cluster) SQL(script string) string {
	c.t.Helper()
	return c.Must(script, "sql")
}

// Flush waits until everything that was produced is folded.
func (c *Cluster) Flush() {
	c.t.Helper()
	c.Must("", "flush", "--timeout", "120s")
}
