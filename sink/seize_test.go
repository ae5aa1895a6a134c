package sink_test

import (
	"context"
	"errors"
	"testing"

	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/topology"
)

// seized runs Seize and says whether it did anything.
func seized(t *testing.T, r *sink.Registry, dead topology.NodeState) bool {
	t.Helper()
	done := false
	must(t, r.Seize(t.Context(), dead, func(context.Context) error { done = true; return nil }))
	return done
}

// lookDead waits until the server has noticed that a node's session is gone.
func lookDead(t *testing.T, url string, r *sink.Registry, node string) topology.NodeState {
	t.Helper()
	waitFor(t, connect(t, url), "SELECT 1 FROM pipeline_cluster.nodes WHERE node = $1 AND NOT alive", node)
	return look(t, r)[node]
}

// TestSeize is the end of a dead node, as the others see it.
func TestSeize(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	a, _ := entered(t, url, "a")
	b, _ := entered(t, url, "b")
	c, _ := entered(t, url, "c")
	nodes := look(t, a)
	if seized(t, a, nodes["b"]) || seized(t, a, nodes["a"]) {
		t.Fatal("a living node was seized")
	}
	c.Close()
	dead := lookDead(t, url, a, "c")
	failure := errors.New("no answer")
	if err := a.Seize(t.Context(), dead, func(context.Context) error { return failure }); !errors.Is(err, failure) {
		t.Fatalf("got %v", err)
	}
	if len(look(t, a)) != 3 {
		t.Fatal("gone although nothing was done about it")
	}
	err := a.Seize(t.Context(), dead, func(ctx context.Context) error {
		if _, limited := ctx.Deadline(); !limited {
			t.Error("it may take for ever")
		}
		// Nobody else does it meanwhile, and who holds the name makes no node alive.
		if seized(t, b, dead) {
			t.Error("seized twice")
		}
		if n := look(t, b)["c"]; n.Alive {
			t.Errorf("%+v", n)
		}
		return nil
	})
	must(t, err)
	if len(look(t, b)) != 2 || seized(t, b, dead) {
		t.Fatal("not gone")
	}
	all, err := s.Nodes(t.Context())
	if err != nil || all[2].Alive || all[2].Left.IsZero() || all[2].Fenced.IsZero() || all[2].ExpelledBy != "a" {
		t.Fatalf("%+v, %v", all, err)
	}
}

// TestStartDuringSeize: a process of the dead node's name starts only when all
// is done, and the dead one's incarnation is seized no more.
func TestStartDuringSeize(t *testing.T) {
	url := newDatabase(t, "")
	openStore(t, url)
	a, _ := entered(t, url, "a")
	former, _ := entered(t, url, "b")
	former.Close()
	observer := connect(t, url)
	dead := lookDead(t, url, a, "b")
	young, hasty := openRegistry(t, url), openRegistry(t, url)
	hasty.WaitShortly()
	var started <-chan error
	must(t, a.Seize(t.Context(), dead, func(context.Context) error {
		var taken *topology.NameTakenError
		if err := hasty.Enter(t.Context(), nodeInfo("b")); err == nil || errors.As(err, &taken) {
			t.Errorf("while the name is seized: %v", err)
		}
		started = outcome(func() error { return young.Enter(context.Background(), nodeInfo("b")) })
		waitFor(t, observer, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
		return nil
	}))
	must(t, <-started)
	if n := look(t, a)["b"]; !n.Alive || n.Joined || n.Fenced {
		t.Fatalf("%+v", n)
	}
	if seized(t, a, dead) {
		t.Fatal("seized a node that has started anew")
	}
	young.Close()
	lookDead(t, url, a, "b")
	if seized(t, a, dead) {
		t.Fatal("seized for the dead one")
	}
}

// TestTakenForDead: a node whose session broke finds a rescuer with its name,
// waits, and comes back as one whose lanes were fenced.
func TestTakenForDead(t *testing.T) {
	url := newDatabase(t, "")
	openStore(t, url)
	a, _ := entered(t, url, "a")
	b, info := entered(t, url, "b")
	must(t, b.Joined(t.Context()))
	conn := connect(t, url)
	endSession(t, conn, "b")
	dead := look(t, a)["b"]
	var looked <-chan error
	must(t, a.Seize(t.Context(), dead, func(context.Context) error {
		looked = outcome(func() error {
			_, err := b.Look(context.Background())
			return err
		})
		waitFor(t, conn, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
		return nil
	}))
	must(t, <-looked)
	if n := look(t, a)["b"]; !n.Alive || !n.Joined || !n.Fenced || n.NodeInfo != info {
		t.Fatalf("%+v", n)
	}
	must(t, b.Joined(t.Context()))
	if n := look(t, a)["b"]; n.Fenced {
		t.Fatalf("%+v", n)
	}
}

// TestPausedRescuer: PostgreSQL itself ends the session of a rescuer that is
// stopped, or the name would be lost for as long.
func TestPausedRescuer(t *testing.T) {
	url := newDatabase(t, "")
	openStore(t, url)
	a, _ := entered(t, url, "a")
	b, _ := entered(t, url, "b")
	b.Close()
	conn := connect(t, url)
	dead := lookDead(t, url, a, "b")
	err := a.Seize(t.Context(), dead, func(context.Context) error {
		// As idle_in_transaction_session_timeout does after a while.
		equal(t, text(t, conn, "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = 'millrace rescue' AND datname = current_database()"), "true")
		young, _ := entered(t, url, "b")
		must(t, young.Joined(t.Context()))
		return nil
	})
	if err == nil {
		t.Fatal("it had no name to give back")
	}
	if n := look(t, a)["b"]; !n.Joined || n.Fenced {
		t.Fatalf("%+v", n)
	}
}

// TestFencedTooLate: a node that has joined again since it was found silent is
// not noted as fenced.
func TestFencedTooLate(t *testing.T) {
	url := newDatabase(t, "")
	openStore(t, url)
	a, _ := entered(t, url, "a")
	b, _ := entered(t, url, "b")
	must(t, b.Joined(t.Context()))
	silent := look(t, a)["b"]
	must(t, b.Joined(t.Context()))
	must(t, a.Fenced(t.Context(), silent))
	if n := look(t, a)["b"]; n.Fenced {
		t.Fatalf("%+v", n)
	}
	must(t, a.Fenced(t.Context(), silent)) // as seen now
	if n := look(t, a)["b"]; !n.Fenced {
		t.Fatalf("%+v", n)
	}
}

// TestOldNodesAreForgotten keeps those of the last week.
func TestOldNodesAreForgotten(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	for _, name := range []string{"old", "older", "silent"} {
		r, _ := entered(t, url, name)
		if name == "silent" {
			r.Close()
		} else {
			must(t, r.Leave(t.Context()))
		}
	}
	conn := connect(t, url)
	execute(t, conn, "UPDATE millrace.nodes SET left_at = now() - interval '8 days' WHERE node = 'older'; UPDATE millrace.nodes SET started_at = now() - interval '1 year'")
	entered(t, url, "a")
	all, err := s.Nodes(t.Context())
	if err != nil || len(all) != 3 || all[0].Node != "a" || all[1].Node != "old" || all[2].Node != "silent" {
		t.Fatalf("%+v, %v", all, err)
	}
}
