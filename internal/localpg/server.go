package localpg

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"syscall"
	"time"

	"github.com/millrace/millrace/internal/childproc"
)

// Options of a server of our own.
type Options struct {
	// Dir is the server's folder: its data and its log. It must exist, belong to
	// nobody else, and is left behind by Stop; the caller removes it. For root,
	// the folders above it must be open to the server's user: os.MkdirTemp's
	// are, a test's TempDir is not.
	Dir string
	// Port on 127.0.0.1; it stays the same when the server is started again.
	Port int
	// Parameters are settings of the server, beside those that this package sets.
	Parameters map[string]string
}

// Server is a PostgreSQL server of our own. One goroutine at a time may call
// its methods.
type Server struct {
	bin     Binaries
	options Options
	as      *childproc.User
	process *childproc.Process
}

// How long a server may take, generously: a loaded machine is not a fault.
const (
	startTimeout = 60 * time.Second
	stopGrace    = 20 * time.Second
)

// Create lays out a new database cluster in o.Dir. It does not start it.
func Create(ctx context.Context, bin Binaries, o Options) (*Server, error) {
	as, err := childproc.Unprivileged()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, options: o, as: as}
	if err := as.Own(o.Dir); err != nil {
		return nil, fmt.Errorf("give the database's folder to its user: %w", err)
	}
	args := append([]string{"-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"}, bin.localeArgs()...)
	if err := s.run(ctx, "initdb", args...); err != nil {
		return nil, fmt.Errorf("create the database: %w%s", err, s.logExcerpt())
	}
	return s, nil
}

// localeArgs make text behave alike everywhere: by code point, with Unicode's
// upper and lower case. Since 17 the server has that built in.
func (b Binaries) localeArgs() []string {
	if b.Major >= 17 {
		return []string{"--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"}
	}
	return []string{"--locale=" + systemLocale}
}

// run runs one of PostgreSQL's programs to its end, its words into the log.
func (s *Server) run(ctx context.Context, program string, args ...string) error {
	log, err := s.openLog()
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	return childproc.Run(ctx, childproc.Spec{Path: filepath.Join(s.bin.Dir, program), Args: args, Dir: s.options.Dir, Output: log, As: s.as})
}

// Start starts the server and waits until it takes connections. After Kill or
// StopImmediate that includes its recovery.
func (s *Server) Start(ctx context.Context) error {
	if s.process != nil && !s.process.Ended() {
		return fmt.Errorf("start PostgreSQL: process %d still runs", s.process.Pid())
	}
	log, err := s.openLog()
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	s.process, err = childproc.Start(childproc.Spec{
		Path: filepath.Join(s.bin.Dir, "postgres"), Args: s.serverArgs(), Dir: s.options.Dir,
		Output: log, As: s.as, DeathSignal: syscall.SIGQUIT,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("not ready after %s", startTimeout))
	defer cancel()
	if err := s.awaitReady(ctx); err != nil {
		s.process.Kill()
		return fmt.Errorf("start PostgreSQL on port %d: %w%s", s.options.Port, err, s.logExcerpt())
	}
	return nil
}

func (s *Server) serverArgs() []string {
	settings := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"port":                    strconv.Itoa(s.options.Port),
		"unix_socket_directories": "",
		"fsync":                   "off",
		"full_page_writes":        "off",
		"max_connections":         "200",
		"log_min_messages":        "warning",
	}
	for name, value := range s.options.Parameters {
		settings[name] = value
	}
	args := []string{"-D", s.data()}
	for name, value := range settings {
		args = append(args, "--"+name+"="+value)
	}
	sort.Strings(args[2:])
	return args
}

// Stop ends the server in order; open connections are cut (a fast shutdown).
func (s *Server) Stop() { s.end(syscall.SIGINT) }

// StopImmediate ends the server as a crash would: nothing is written out, the
// next Start recovers.
func (s *Server) StopImmediate() { s.end(syscall.SIGQUIT) }

func (s *Server) end(sig syscall.Signal) {
	if s.process != nil {
		s.process.Stop(sig, stopGrace)
	}
}

// Done is closed when the running server has ended, by whatever cause.
func (s *Server) Done() <-chan struct{} { return s.process.Done() }

// Pid is the server's process id.
func (s *Server) Pid() int { return s.process.Pid() }

// Binaries is the installation that the server runs.
func (s *Server) Binaries() Binaries { return s.bin }

// DSN is the server's superuser's connection string for one of its databases.
func (s *Server) DSN(database string) string {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(s.options.Port))
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", address, database)
}

func (s *Server) data() string { return filepath.Join(s.options.Dir, "data") }

// LogPath is the file that the server writes its messages to.
func (s *Server) LogPath() string { return filepath.Join(s.options.Dir, "log") }

func (s *Server) openLog() (*os.File, error) {
	file, err := os.OpenFile(s.LogPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the database's log: %w", err)
	}
	return file, nil
}
