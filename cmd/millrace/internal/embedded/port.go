package embedded

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// PortInUseError says that a server's fixed port belongs to somebody else.
type PortInUseError struct {
	// Server is what was to listen there: broker or database.
	Server string
	Port   int
	// Setting is the environment variable that chooses another port.
	Setting string
}

// Error is one line: what, where, and the way out.
func (e *PortInUseError) Error() string {
	return fmt.Sprintf("the embedded %s cannot listen on 127.0.0.1:%d: the port is in use, perhaps by another `millrace dev`; choose another with %s", e.Server, e.Port, e.Setting)
}

// checkPort returns a PortInUseError where something listens on the port.
func checkPort(server string, port int, setting string) error {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err == nil {
		return listener.Close()
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return &PortInUseError{Server: server, Port: port, Setting: setting}
	}
	return fmt.Errorf("the embedded %s cannot listen on port %d (%s chooses another): %w", server, port, setting, err)
}
