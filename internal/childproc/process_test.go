package childproc

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStopIsPoliteFirst(t *testing.T) {
	p, err := Start(Spec{Path: "/bin/sh", Args: []string{"-c", "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done"}})
	if err != nil {
		t.Fatal(err)
	}
	if p.Ended() {
		t.Fatal("ended before it was stopped")
	}
	// A shell that has not set its trap yet ends by the signal: by itself too.
	if !p.Stop(syscall.SIGTERM, 20*time.Second) {
		t.Error("had to be killed")
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("a signal to an ended child: %v", err)
	}
}

func TestStopKillsTheDeaf(t *testing.T) {
	ready := filepath.Join(t.TempDir(), "ready")
	p, err := Start(Spec{Path: "/bin/sh", Args: []string{"-c", "trap '' TERM; : >" + ready + "; while :; do sleep 0.05; done"}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Kill()
	for _, statErr := os.Stat(ready); statErr != nil; _, statErr = os.Stat(ready) {
		if p.Ended() {
			t.Fatalf("ended: %v", p.Err())
		}
	}
	if p.Stop(syscall.SIGTERM, 10*time.Millisecond) {
		t.Error("a child deaf to the signal is said to have ended by itself")
	}
	if err := syscall.Kill(p.Pid(), 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is still there: %v", p.Pid(), err)
	}
}

func TestRunReportsStatusAndCancel(t *testing.T) {
	var out bytes.Buffer
	if err := Run(t.Context(), Spec{Path: "/bin/sh", Args: []string{"-c", "cat; exit 3"}, Stdin: strings.NewReader("hello"), Output: &out}); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v", err)
	}
	if out.String() != "hello" {
		t.Errorf("output %q", out.String())
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("no more"))
	if err := Run(ctx, Spec{Path: "/bin/sleep", Args: []string{"600"}}); err == nil || !strings.Contains(err.Error(), "no more") {
		t.Errorf("got %v", err)
	}
	if err := Run(t.Context(), Spec{Path: "/no/such/program"}); err == nil {
		t.Error("a missing program ran")
	}
}

func TestRunsAsAnother(t *testing.T) {
	as, err := Unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	want := os.Geteuid()
	if as != nil {
		want = int(as.UID)
	}
	if want == 0 {
		t.Fatal("root is not unprivileged")
	}
	var out bytes.Buffer
	if err := Run(t.Context(), Spec{Path: "id", Args: []string{"-u"}, As: as, Dir: "/", Output: &out}); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(out.String()); got != strconv.Itoa(want) {
		t.Errorf("ran as %s, not %d", got, want)
	}
}

func TestLockIsExclusive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := TryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := TryLock(path); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v, not ErrLocked", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := WaitLock(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, not a deadline", err)
	}
	first.Unlock()
	second, err := WaitLock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	second.Unlock()
}
