package sink_test

import (
	"net"
	"net/url"
	"sync"
	"testing"
)

// proxied returns the URL of a listener in front of a server, which hands each
// connection to serve with the server's address. At the test's end it waits until
// every serve has returned.
func proxied(t *testing.T, direct string, serve func(client net.Conn, server string)) (through string) {
	t.Helper()
	u, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	server := u.Host
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	all.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { serve(client, server) })
		}
	})
	u.Host = l.Addr().String()
	return u.String()
}
