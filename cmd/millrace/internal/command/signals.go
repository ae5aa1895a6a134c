package command

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// signals turns SIGINT and SIGTERM into contexts: the first ends first, so that
// what runs leaves in order; the second ends second, and what runs aborts; the
// third ends the process as the system does.
type signals struct {
	first, second context.Context
	interrupt     func(second bool)
	channel       chan os.Signal

	mu      sync.Mutex // guards handler
	handler func()     // takes a SIGINT instead
}

func watchSignals() *signals {
	s := newSignals()
	s.channel = make(chan os.Signal, 3)
	signal.Notify(s.channel, os.Interrupt, syscall.SIGTERM)
	go s.watch()
	return s
}

// newSignals returns signals that only the caller raises.
func newSignals() *signals {
	first, cancelFirst := context.WithCancel(context.Background())
	second, cancelSecond := context.WithCancel(context.Background())
	return &signals{first: first, second: second, interrupt: func(twice bool) {
		cancelFirst()
		if twice {
			cancelSecond()
		}
	}}
}

func (s *signals) watch() {
	seen := 0
	for sig := range s.channel {
		if sig == os.Interrupt && s.handled() {
			continue
		}
		if seen++; seen == 1 {
			s.interrupt(false)
			continue
		}
		s.interrupt(true)
		signal.Reset(os.Interrupt, syscall.SIGTERM)
	}
}

// handled gives an interrupt to whoever has taken them over.
func (s *signals) handled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handler != nil {
		s.handler()
	}
	return s.handler != nil
}

// take has interrupts go to a function until the returned one is called.
func (s *signals) take(handler func()) (giveBack func()) {
	set := func(f func()) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.handler = f
	}
	set(handler)
	return func() { set(nil) }
}

func (s *signals) stop() {
	signal.Stop(s.channel)
	close(s.channel)
	s.interrupt(true)
}
