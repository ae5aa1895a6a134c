package harness

import (
	"context"
	"errors"
	"sync"
	"testing"
)

// shared holds the servers of one test process.
//
// It is the package's one variable that changes: TestMain and the tests that it
// runs meet nowhere else.
var shared struct {
	mu      sync.Mutex // guards the rest
	running bool       // Main is running the tests
	env     *Env
	err     error // why there is no env, kept so that only one test waits for it
}

// Main runs a package's tests and then ends the servers that they made Get
// start. TestMain calls it and exits with its result.
func Main(m *testing.M) int {
	shared.mu.Lock()
	shared.running = true
	shared.mu.Unlock()
	status := m.Run()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	shared.running = false
	if shared.env != nil {
		shared.env.Close()
	}
	return status
}

// Get returns the servers that the package's tests share, started when the
// first test asks. It ends the test where there are none.
func Get(t testing.TB) *Env {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if !shared.running {
		t.Fatal("harness: TestMain must run the tests by harness.Main")
	}
	if shared.env == nil && shared.err == nil {
		shared.env, shared.err = Start(context.WithoutCancel(t.Context()))
	}
	if shared.err != nil {
		t.Fatalf("harness: %v", errors.Join(shared.err))
	}
	return shared.env
}
