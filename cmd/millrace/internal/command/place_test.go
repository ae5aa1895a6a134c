package command

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace/millrace/integration/harness"
)

// patience ends what hangs; it is no assertion about time.
const patience = time.Minute

// place is a cluster and a database of a test's own, where commands run.
type place struct {
	t       *testing.T
	cluster string
	url     string
	flags   []string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	env := harness.Get(t)
	p := &place{t: t, cluster: env.Cluster(t), url: env.DatabaseURL(t)}
	p.flags = []string{
		"--kafka-brokers", strings.Join(env.Brokers, ","), "--database-url", p.url, "--cluster", p.cluster,
		"--kafka-replication-factor", "1", "--http-addr", "127.0.0.1:0", "--log-level", "error",
	}
	return p
}

// result is what a command left behind.
type result struct {
	status   int
	out, err string
}

// run runs a command to its end.
func (p *place) run(in string, args ...string) result {
	p.t.Helper()
	return execution(newSignals(), in, append(args, p.flags...)...)
}

func execution(s *signals, in string, args ...string) result {
	var out, errOut bytes.Buffer
	status := execute(s, args, strings.NewReader(in), &out, &errOut)
	return result{status, out.String(), errOut.String()}
}

// must runs a command that has to succeed, and returns what it printed.
func (p *place) must(in string, args ...string) string {
	p.t.Helper()
	r := p.run(in, args...)
	if r.status != 0 {
		p.t.Fatalf("millrace %s: status %d\n%s%s", strings.Join(args, " "), r.status, r.out, r.err)
	}
	return r.out
}

// node runs a node, with further arguments, until the test ends, or stop is called.
func (p *place) node(args ...string) (stop func()) {
	p.t.Helper()
	s := newSignals()
	ended := make(chan result, 1)
	go func() { ended <- execution(s, "", append([]string{"run"}, p.with(args...).flags...)...) }()
	stop = sync.OnceFunc(func() {
		s.interrupt(false)
		if r := <-ended; r.status != 0 {
			p.t.Errorf("millrace run: status %d\n%s%s", r.status, r.out, r.err)
		}
	})
	p.t.Cleanup(stop)
	return stop
}

// file writes a file of the test's own.
func file(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// freePort is one that nobody listens on at the moment.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

// with returns the place with further arguments behind its flags.
func (p *place) with(args ...string) *place {
	other := *p
	other.flags = append(append([]string{}, p.flags...), args...)
	return &other
}
