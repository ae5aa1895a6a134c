package integration

import (
	"net"
	"sync"
	"testing"
)

// relay passes connections on to a server, until it falls silent: then it passes
// nothing on any more, and closes nothing, as a machine does that has vanished.
type relay struct {
	listener net.Listener
	to       string
	work     sync.WaitGroup

	mu    sync.Mutex // guards the rest
	open  chan struct{}
	conns []net.Conn
	over  bool
}

// startRelay listens at an address, or at a free one where it is "127.0.0.1:0".
func startRelay(t *testing.T, from, to string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", from)
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: listener, to: to, open: make(chan struct{})}
	close(r.open)
	t.Cleanup(r.end)
	r.work.Go(r.accept)
	return r
}

func (r *relay) address() string { return r.listener.Addr().String() }

// silence has nothing pass until speak.
func (r *relay) silence() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open = make(chan struct{})
}

// speak lets everything pass that was held back.
func (r *relay) speak() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.open)
}

// pass waits while the relay is silent; false when it has ended.
func (r *relay) pass() bool {
	for {
		r.mu.Lock()
		open, over := r.open, r.over
		r.mu.Unlock()
		if over {
			return false
		}
		<-open
		r.mu.Lock()
		same := open == r.open
		r.mu.Unlock()
		if same {
			return true
		}
	}
}

// keep remembers a connection, to close it at the end.
func (r *relay) keep(c net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns = append(r.conns, c)
	if r.over {
		c.Close()
	}
}

func (r *relay) accept() {
	for {
		near, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.keep(near)
		r.work.Go(func() { r.connect(near) })
	}
}

func (r *relay) connect(near net.Conn) {
	defer near.Close()
	if !r.pass() {
		return
	}
	far, err := net.Dial("tcp", r.to)
	if err != nil {
		return
	}
	defer far.Close()
	r.keep(far)
	var both sync.WaitGroup
	both.Go(func() { r.pump(near, far) })
	both.Go(func() { r.pump(far, near) })
	both.Wait()
}

// pump passes one direction on, its end too.
func (r *relay) pump(to, from net.Conn) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if !r.pass() {
			return
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				from.Close()
				return
			}
		}
		if err != nil {
			to.Close()
			return
		}
	}
}

func (r *relay) end() {
	r.listener.Close()
	r.mu.Lock()
	r.over = true
	select {
	case <-r.open:
	default:
		close(r.open)
	}
	for _, c := range r.conns {
		c.Close()
	}
	r.mu.Unlock()
	r.work.Wait()
}
