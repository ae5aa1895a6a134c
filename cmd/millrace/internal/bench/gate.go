package bench

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
)

// gate is a network between a node and its servers that can be made silent: its
// connections stay open, and nothing comes through, as if the node's machine
// had vanished.
type gate struct {
	ctx  context.Context // of everything that goes through; ended by close
	end  context.CancelFunc
	busy sync.WaitGroup

	mu     sync.Mutex // guards the rest
	open   chan struct{}
	silent bool
	ends   []net.Listener
}

func newGate() *gate {
	g := &gate{open: make(chan struct{})}
	g.ctx, g.end = context.WithCancel(context.Background())
	close(g.open)
	return g
}

// hush makes the network silent, listen ends that.
func (g *gate) hush() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.silent {
		g.silent, g.open = true, make(chan struct{})
	}
}

func (g *gate) listen() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.silent {
		g.silent = false
		close(g.open)
	}
}

// pass waits while the network is silent; it is false when it has ended.
func (g *gate) pass() bool {
	g.mu.Lock()
	open := g.open
	g.mu.Unlock()
	select {
	case <-open:
		return g.ctx.Err() == nil
	case <-g.ctx.Done():
		return false
	}
}

// close ends everything that goes through, and waits for it.
func (g *gate) close() error {
	g.end()
	g.mu.Lock()
	var err error
	for _, l := range g.ends {
		err = errors.Join(err, l.Close())
	}
	g.mu.Unlock()
	g.busy.Wait()
	return err
}

// carry moves what one side says to the other until one of them ends.
type carry func(client, server net.Conn) error

// door lets connections through to a server and returns the address of its own.
// requests and answers carry the two directions; nil carries bytes.
func (g *gate) door(network, server string, through func() (requests, answers carry)) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	g.mu.Lock()
	g.ends = append(g.ends, l)
	g.mu.Unlock()
	g.busy.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return // closed
			}
			g.busy.Go(func() { g.connect(client, network, server, through) })
		}
	})
	return l.Addr().String(), nil
}

// connect lets one connection through.
func (g *gate) connect(client net.Conn, network, server string, through func() (requests, answers carry)) {
	defer func() { _ = client.Close() }()
	if !g.pass() {
		return
	}
	upstream, err := (&net.Dialer{}).DialContext(g.ctx, network, server)
	if err != nil {
		return // the client sees its connection end
	}
	defer func() { _ = upstream.Close() }()
	stop := context.AfterFunc(g.ctx, func() { _, _ = client.Close(), upstream.Close() })
	defer stop()
	requests, answers := carry(g.bytes), carry(g.bytes)
	if through != nil {
		requests, answers = through()
	}
	var both sync.WaitGroup
	for _, way := range []struct {
		do       carry
		from, to net.Conn
	}{{requests, client, upstream}, {answers, upstream, client}} {
		both.Go(func() {
			_ = way.do(way.from, way.to) // either side may end at any time
			_, _ = client.Close(), upstream.Close()
		})
	}
	both.Wait()
}

// bytes carries whatever comes.
func (g *gate) bytes(from, to net.Conn) error {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if !g.pass() {
				return io.ErrClosedPipe
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}
