package harness

import (
	"context"
	"io"
	"os"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/testcontainers/testcontainers-go"
)

// Millrace is a node or a command of Millrace that runs in a container of its
// own image. It shares the host's network, where the servers' addresses mean
// the same as for the test.
type Millrace struct{ serverContainer }

// NewMillrace runs Millrace with arguments such as "run" and with environment
// variables, and removes its container when the test ends. It does not wait for
// the node to be ready. The test is skipped where MILLRACE_TEST_IMAGE names no
// image or containers are not asked for.
func NewMillrace(t testing.TB, env map[string]string, args ...string) *Millrace {
	t.Helper()
	name := os.Getenv(envMillraceImage)
	if !Containers() || name == "" {
		t.Skipf("needs %s=1 and %s", envContainers, envMillraceImage)
	}
	m := &Millrace{serverContainer{request: testcontainers.ContainerRequest{
		Image: name, Env: env, Cmd: args,
		HostConfigModifier: func(host *container.HostConfig) { host.NetworkMode = "host" },
	}}}
	t.Cleanup(func() {
		if t.Failed() && m.container != nil {
			t.Logf("millrace %v printed:\n%s", args, m.Logs(t))
		}
		endServer(&m.serverContainer)
	})
	mustHarness(t, "run millrace", m.start)
	return m
}

// Wait waits until the container has ended and returns its exit status.
func (m *Millrace) Wait(t testing.TB) int {
	t.Helper()
	status := -1
	mustHarness(t, "wait for millrace", func(ctx context.Context) error {
		return poll(ctx, func(ctx context.Context) error {
			state, err := m.container.State(ctx)
			if err != nil {
				return err
			}
			if state.Running {
				return errStillRuns
			}
			status = state.ExitCode
			return nil
		})
	})
	return status
}

// Kill ends the container at once, as SIGKILL does; Restart starts it again.
func (m *Millrace) Kill(t testing.TB) {
	t.Helper()
	mustHarness(t, "kill millrace", m.kill)
}

// Stop ends the container in order, by SIGTERM.
func (m *Millrace) Stop(t testing.TB) {
	t.Helper()
	mustHarness(t, "stop millrace", m.stop)
}

// Restart starts a container that has ended again, with the same arguments.
func (m *Millrace) Restart(t testing.TB) {
	t.Helper()
	mustHarness(t, "restart millrace", m.start)
}

// Logs is what Millrace has printed, both streams.
func (m *Millrace) Logs(t testing.TB) string {
	t.Helper()
	var text []byte
	mustHarness(t, "read millrace's output", func(ctx context.Context) error {
		logs, err := m.container.Logs(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = logs.Close() }()
		text, err = io.ReadAll(logs)
		return err
	})
	return string(text)
}
