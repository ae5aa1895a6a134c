package command

import (
	"os"
	"syscall"
	"testing"
)

func TestSignals(t *testing.T) {
	s := newSignals()
	s.channel = make(chan os.Signal)
	watched := make(chan struct{})
	go func() { defer close(watched); s.watch() }()

	taken := make(chan struct{}, 1)
	giveBack := s.take(func() { taken <- struct{}{} })
	s.channel <- os.Interrupt
	<-taken
	if s.first.Err() != nil {
		t.Fatal("an interrupt that was taken ended the command")
	}
	giveBack()

	s.channel <- syscall.SIGTERM
	<-s.first.Done()
	if s.second.Err() != nil {
		t.Fatal("the first signal aborted")
	}
	s.channel <- os.Interrupt
	<-s.second.Done()
	close(s.channel)
	<-watched
}
