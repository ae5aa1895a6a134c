package harness

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/millrace/millrace/internal/childproc"
)

// Servers' ports lie below the range from which systems take the ports of
// outgoing connections (32768 on Linux, 49152 elsewhere): a client that calls a
// stopped server again and again would otherwise be given the server's port
// one day, connect to itself, and keep the server from coming back.
const firstPort, lastPort = 20000, 29999

// port is a port of ours until it is released, among all harnesses that run on
// this machine, whether its server runs or not.
type port struct {
	number int
	lock   *childproc.Lock
}

// reservePort finds a port that nobody listens on and that no other harness
// holds.
func reservePort() (*port, error) {
	dir := filepath.Join(os.TempDir(), "millrace-test-ports")
	if err := os.Mkdir(dir, 0o777); err == nil {
		// Every user's harness reserves there, whatever the umask; another user's
		// lock cannot be opened, which makes its port taken.
		err = os.Chmod(dir, 0o777|os.ModeSticky)
		if err != nil {
			return nil, fmt.Errorf("reserve a port: %w", err)
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("reserve a port: %w", err)
	}
	var last error
	for range 200 {
		number := firstPort + rand.IntN(lastPort-firstPort+1)
		lock, err := childproc.TryLock(filepath.Join(dir, strconv.Itoa(number)))
		if err != nil {
			last = err
			continue
		}
		listener, err := net.Listen("tcp", loopback(number))
		if err != nil {
			lock.Unlock()
			last = err
			continue
		}
		_ = listener.Close()
		return &port{number: number, lock: lock}, nil
	}
	return nil, fmt.Errorf("reserve a port between %d and %d: %w", firstPort, lastPort, last)
}

func (p *port) release() { p.lock.Unlock() }

func (p *port) address() string { return loopback(p.number) }

func loopback(number int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(number)) }
