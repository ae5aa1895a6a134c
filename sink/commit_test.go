package sink_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/sink"
)

// TestCommitAnswerLost cuts the connection after the server has answered COMMIT
// and before the client hears it.
func TestCommitAnswerLost(t *testing.T) {
	direct := newDatabase(t, "")
	spec := makeView(t, openStore(t, direct), "v", countAndSum())
	s := openStore(t, cutAtCommit(t, direct))
	c := claim(t, s)
	_, err := tryFold(t, s, c, rowsOf(spec, group{key: "a", n: 1, total: 1}))
	if !errors.Is(err, aggregator.ErrOutcomeUnknown) || sink.Retryable(err) {
		t.Fatalf("got %v", err)
	}
	// It did happen, as a new claim finds out.
	if c = claim(t, openStore(t, direct)); c.Position != 1 {
		t.Fatalf("position %d", c.Position)
	}
	equal(t, text(t, connect(t, direct), "SELECT * FROM v"), "a|1|1")
}

// cutAtCommit returns the URL of a proxy that closes a connection when the
// answer to a fold's commit arrives (a message "commit" in a transaction that
// began as folds do).
func cutAtCommit(t *testing.T, direct string) string {
	t.Helper()
	return proxied(t, direct, relay)
}

func relay(client net.Conn, address string) {
	defer client.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	var cutting sync.Mutex // guards cut
	var cut bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer client.Close()
		buf := make([]byte, 1<<16)
		for {
			n, err := server.Read(buf)
			cutting.Lock()
			stop := cut
			cutting.Unlock()
			if err != nil || stop {
				return
			}
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 1<<16)
	fold := false
	for {
		n, err := client.Read(buf)
		if err != nil {
			break
		}
		fold = fold || bytes.Contains(buf[:n], []byte("force_generic_plan"))
		if fold && bytes.Contains(buf[:n], []byte("commit")) {
			cutting.Lock()
			cut = true
			cutting.Unlock()
		}
		if _, err := io.Copy(server, bytes.NewReader(buf[:n])); err != nil {
			break
		}
	}
	_ = server.Close()
	<-done
}
