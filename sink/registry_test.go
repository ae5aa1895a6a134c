package sink_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"testing"

	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/topology"
)

// openRegistry connects a registry to a database that has Millrace's schema.
func openRegistry(t testing.TB, url string, change ...func(*sink.Config)) *sink.Registry {
	t.Helper()
	c := sink.DefaultConfig(url)
	for _, f := range change {
		f(&c)
	}
	r, err := sink.OpenRegistry(t.Context(), c, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func nodeInfo(name string) topology.NodeInfo {
	n := topology.NodeInfo{Node: name, Host: "host of " + name, PID: 42, Version: "v1", Lanes: 3, Suffix: ".x"}
	for i := range n.Incarnation {
		n.Incarnation[i] = byte(rand.Uint32())
	}
	return n
}

// entered is a registry whose node has entered.
func entered(t testing.TB, url, name string) (*sink.Registry, topology.NodeInfo) {
	t.Helper()
	r, n := openRegistry(t, url), nodeInfo(name)
	if err := r.Enter(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	return r, n
}

// look returns what a registry sees, by node.
func look(t testing.TB, r *sink.Registry) map[string]topology.NodeState {
	t.Helper()
	all, err := r.Look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	nodes := map[string]topology.NodeState{}
	for _, n := range all {
		nodes[n.Node] = n
	}
	return nodes
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestNodesSeeEachOther is the orderly life of two nodes.
func TestNodesSeeEachOther(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	a, infoA := entered(t, url, "a")
	b, infoB := entered(t, url, "b")
	must(t, b.Joined(t.Context()))
	nodes := look(t, a)
	if len(nodes) != 2 || !nodes["a"].Alive || nodes["a"].Joined || !nodes["b"].Alive || !nodes["b"].Joined || nodes["b"].Fenced {
		t.Fatalf("%+v", nodes)
	}
	if nodes["a"].NodeInfo != infoA || nodes["b"].NodeInfo != infoB || nodes["a"].Started.IsZero() || nodes["a"].Held.IsZero() {
		t.Fatalf("%+v", nodes)
	}
	must(t, a.Fenced(t.Context(), nodes["b"]))
	if n := look(t, b)["b"]; !n.Fenced || !n.Alive {
		t.Fatalf("%+v", n)
	}
	must(t, b.Joined(t.Context()))
	if n := look(t, a)["b"]; n.Fenced || !n.Joined {
		t.Fatalf("%+v", n)
	}
	must(t, b.Leave(t.Context()))
	if nodes = look(t, a); len(nodes) != 1 {
		t.Fatalf("%+v", nodes)
	}
	all, err := s.Nodes(t.Context())
	if err != nil || len(all) != 2 || !all[0].Alive || all[1].Alive || all[1].Left.IsZero() || all[1].ExpelledBy != "" || all[1].NodeInfo != infoB {
		t.Fatalf("%+v, %v", all, err)
	}
	must(t, b.Leave(t.Context())) // twice is no error
	if _, err := b.Look(t.Context()); err == nil {
		t.Fatal("a node that has left still looks")
	}
	must(t, b.Enter(t.Context(), nodeInfo("b")))
	if n := look(t, a)["b"]; n.Joined || n.Fenced || !n.Alive {
		t.Fatalf("%+v", n)
	}
}

// TestNameTaken starts a second process under a living one's name.
func TestNameTaken(t *testing.T) {
	url := newDatabase(t, "")
	openStore(t, url)
	first, info := entered(t, url, "a")
	second := openRegistry(t, url)
	second.WaitShortly()
	err := second.Enter(t.Context(), nodeInfo("a"))
	var taken *topology.NameTakenError
	if !errors.As(err, &taken) || taken.Holder != info || taken.Cluster != "millrace" || taken.Since.IsZero() {
		t.Fatalf("got %v", err)
	}
	if n := look(t, first)["a"]; n.NodeInfo != info {
		t.Fatalf("%+v", n)
	}
	must(t, first.Leave(t.Context()))
	must(t, second.Enter(t.Context(), nodeInfo("a")))
	// Another cluster's nodes have names of their own.
	other := openRegistry(t, url, func(c *sink.Config) { c.Cluster = "other" })
	must(t, other.Enter(t.Context(), info))
	if len(look(t, other)) != 1 {
		t.Fatal("clusters mixed up")
	}
}

// TestNameOfKilledProcess enters while the server still has its session.
func TestNameOfKilledProcess(t *testing.T) {
	url := newDatabase(t, "")
	openStore(t, url)
	former, _ := entered(t, url, "a")
	second := openRegistry(t, url)
	done := make(chan error)
	go func() { done <- second.Enter(context.Background(), nodeInfo("a")) }()
	observer := connect(t, url)
	waitFor(t, observer, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
	former.Close()
	must(t, <-done)
	if n := look(t, second)["a"]; !n.Alive {
		t.Fatalf("%+v", n)
	}
}
