package command

import (
	"bytes"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// output is what a command that still runs has printed so far.
type output struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
	more chan struct{}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(p)
	select {
	case o.more <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await waits until the text was printed.
func (o *output) await(t *testing.T, text string) {
	t.Helper()
	deadline := time.After(3 * time.Minute) // a download may be part of it
	for !strings.Contains(o.String(), text) {
		select {
		case <-o.more:
		case <-deadline:
			t.Fatalf("%q was not printed, only\n%s", text, o)
		}
	}
}

// devFlags choose ports of the test's own.
func devFlags(t *testing.T) []string {
	t.Helper()
	// Other tests may run with settings that name servers.
	for _, name := range []string{envBrokers, envDatabase} {
		t.Setenv(name, "")
	}
	return []string{
		"--dev-kafka-port", freePort(t), "--dev-postgres-port", freePort(t), "--http-addr", "127.0.0.1:" + freePort(t),
		"--log-level", "error",
	}
}

// TestDev runs the embedded system, works with it, and sees what a second one
// says.
func TestDev(t *testing.T) {
	flags := devFlags(t)
	s := newSignals()
	out, errOut := &output{more: make(chan struct{}, 1)}, &output{more: make(chan struct{}, 1)}
	ended := make(chan int, 1)
	go func() { ended <- execute(s, append([]string{"dev"}, flags...), strings.NewReader(""), out, errOut) }()
	out.await(t, "Ctrl-C ends it")
	for _, want := range []string{"127.0.0.1:" + flags[1], ":" + flags[3] + "/postgres", "export MILLRACE_DEV_KAFKA_PORT=" + flags[1], "PostgreSQL 18", "binary      " + program()} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	run := func(in string, args ...string) result { return execution(newSignals(), in, append(args, flags...)...) }
	if r := run("", "sql", "-c", "CREATE STREAM s (a int) WITH (partitions = 2)", "-c", "CREATE CONTINUOUS VIEW v AS SELECT count(*), sum(a) FROM s"); r.status != 0 {
		t.Fatalf("%+v", r)
	}
	if r := run("{\"a\": 1}\n{\"a\": 2}\n", "produce", "s"); r.status != 0 {
		t.Errorf("%+v", r)
	}
	if r := run("SELECT pipelinedb.flush(); SELECT * FROM v", "sql"); r.status != 0 || !strings.Contains(r.out, "     2 |   3\n") {
		t.Errorf("%+v", r)
	}
	oneLine(t, run("", "dev"), "in use", "MILLRACE_DEV_KAFKA_PORT")
	s.interrupt(false)
	if status := <-ended; status != 0 {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
	if _, err := net.Dial("tcp", "127.0.0.1:"+flags[3]); err == nil {
		t.Error("the embedded database still runs")
	}
}

// TestDemo runs the whole demo, twice: the second finds nothing of the first.
func TestDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	flags := append(devFlags(t), "--exit")
	for range 2 {
		r := execution(newSignals(), "", append([]string{"demo"}, flags...)...)
		if r.status != 0 || strings.Count(r.out, " equal\n") != 4 || !strings.Contains(r.out, "Every view equals its SELECT") {
			t.Fatalf("status %d\n%s%s", r.status, r.out, r.err)
		}
		if strings.Contains(r.out, "\x1b") {
			t.Error("colours although nobody looks")
		}
	}
}

// TestDemoOnServersOfOnesOwn leaves nothing behind there.
func TestDemoOnServersOfOnesOwn(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	p := newPlace(t)
	if out := p.must("", "demo", "--exit"); strings.Count(out, " equal\n") != 4 || strings.Contains(out, p.url) {
		t.Errorf("printed\n%s", out)
	}
	if got := p.must("", "sql", "-c", "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"); !strings.Contains(got, "     0\n") {
		t.Errorf("relations are left\n%s", got)
	}
	oneLine(t, p.run("", "produce", p.cluster+".demo.flights"), "no topic of that name")
}
