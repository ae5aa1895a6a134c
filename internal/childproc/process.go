package childproc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Spec says what to run and as whom.
type Spec struct {
	// Path is the program, found as exec.Command finds it.
	Path string
	// Args are its arguments, without the program's name.
	Args []string
	// Env is the whole environment; nil is this process's own.
	Env []string
	// Dir is the working directory; empty is this process's own.
	Dir string
	// Stdin is what the child reads; nil is an empty input.
	Stdin io.Reader
	// Output takes the child's standard output and errors; nil discards them.
	// A file is handed to the child itself, anything else is copied.
	Output io.Writer
	// As is the user to run as; nil is the caller's own.
	As *User
	// DeathSignal is what the child is sent if this process dies, where the
	// system can do that (Linux). Zero means SIGKILL.
	DeathSignal syscall.Signal
}

// Process is a running child. Its methods may be called from any goroutine.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // how it ended, valid once done is closed
}

// Start runs the child and returns once it exists. The caller must end it with
// Stop or Kill, or wait for Done.
//
// The goroutine that starts the child keeps its thread until the child ends:
// Linux sends the death signal when the starting thread ends, not the process.
func Start(spec Spec) (*Process, error) {
	p := &Process{cmd: spec.command(), done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := p.cmd.Start(); err != nil {
			started <- fmt.Errorf("start %s: %w", spec.Path, err)
			return
		}
		started <- nil
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// Run runs the child to its end, or kills it when ctx is done.
func Run(ctx context.Context, spec Spec) error {
	p, err := Start(spec)
	if err != nil {
		return err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		p.Kill()
		return fmt.Errorf("run %s: %w", spec.Path, context.Cause(ctx))
	}
	if p.err != nil {
		return fmt.Errorf("run %s: %w", spec.Path, p.err)
	}
	return nil
}

func (s Spec) command() *exec.Cmd {
	cmd := exec.Command(s.Path, s.Args...)
	cmd.Env, cmd.Dir, cmd.Stdin = s.Env, s.Dir, s.Stdin
	cmd.Stdout, cmd.Stderr = s.Output, s.Output
	signal := s.DeathSignal
	if signal == 0 {
		signal = syscall.SIGKILL
	}
	cmd.SysProcAttr = attributes(s.As, signal)
	return cmd
}

// Pid is the child's process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err says how the child ended: nil for status 0. It waits for the end.
func (p *Process) Err() error {
	<-p.done
	return p.err
}

// Signal sends the child a signal; an ended child takes none and that is no error.
func (p *Process) Signal(sig syscall.Signal) error {
	err := p.cmd.Process.Signal(sig)
	if err == nil || p.Ended() || errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return fmt.Errorf("signal %s to process %d: %w", sig, p.Pid(), err)
}

// Ended reports whether the child has ended, without waiting.
func (p *Process) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Stop asks the child to end with sig, waits for it, and kills it after grace.
// It reports whether the child ended by itself.
func (p *Process) Stop(sig syscall.Signal, grace time.Duration) bool {
	if err := p.Signal(sig); err != nil {
		p.Kill()
		return false
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-timer.C:
		p.Kill()
		return false
	}
}

// Kill ends the child at once and waits until it is gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // it may have ended by itself: either way it is gone below
	<-p.done
}
