package bench

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/cmd/millrace/internal/embedded"
	"github.com/millrace/millrace/cmd/millrace/internal/service"
	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/internal/childproc"
)

// servers are the broker and the database of one bench, with a database and
// names of its own on them.
type servers struct {
	name     string // what every topic, group and the database begin with
	settings service.Settings
	admin    *kadm.Client
	client   *kgo.Client

	process  *childproc.Process // the broker, nil where one was given
	database *embedded.Database // nil where one was given
	url      string             // of the server's own database
	made     bool               // the bench's database
}

// ServeBroker runs an embedded broker until in ends, and says where on out.
func ServeBroker(ctx context.Context, in io.Reader, out io.Writer) error {
	b, err := embedded.StartBroker(ctx, embedded.BrokerOptions{})
	if err != nil {
		return err
	}
	defer b.Close()
	fmt.Fprintln(out, b.Brokers()[0])
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, in) // ends with the parent
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	return nil
}

// openServers connects to the given servers, or starts them.
func openServers(ctx context.Context, s *Settings) (*servers, error) {
	at := &servers{name: "bench-" + strings.ToLower(rand.Text()[:8]), settings: s.Base, url: s.Postgres}
	err := at.open(ctx, s)
	if err != nil {
		return nil, errors.Join(err, at.close())
	}
	return at, nil
}

func (at *servers) open(ctx context.Context, s *Settings) (err error) {
	at.settings.Kafka.Brokers = s.Kafka
	if len(s.Kafka) == 0 {
		fmt.Fprintln(s.Progress, "starting an embedded broker")
		if at.settings.Kafka.Brokers, err = at.startBroker(ctx, s.Binary); err != nil {
			return err
		}
	}
	if at.url == "" {
		fmt.Fprintln(s.Progress, "starting PostgreSQL")
		if err = at.startDatabase(ctx, s); err != nil {
			return err
		}
	}
	if at.client, err = broker.NewClient(at.settings.Kafka, quiet(), kgo.RetryTimeout(15*time.Second)); err != nil {
		return err
	}
	at.admin = kadm.NewClient(at.client)
	if err = at.client.Ping(ctx); err != nil {
		return fmt.Errorf("kafka: %w", broker.Explain(err))
	}
	if at.settings.Database.URL, err = withDatabase(at.url, at.databaseName()); err != nil {
		return err
	}
	if err = at.onServer(ctx, "CREATE DATABASE "+at.databaseName()); err != nil {
		return fmt.Errorf("postgresql: create a database for the bench: %w", err)
	}
	at.made = true
	return nil
}

func (at *servers) startBroker(ctx context.Context, binary string) ([]string, error) {
	// The child ends when its input does: also when this process is killed.
	in, hold, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, say := io.Pipe()
	at.process, err = childproc.Start(childproc.Spec{Path: binary, Args: []string{"bench", "broker"}, Stdin: in, Output: say})
	_ = in.Close()
	if err != nil {
		return nil, errors.Join(err, hold.Close())
	}
	lines := make(chan string, 1)
	go func() {
		defer func() { _ = hold.Close() }()
		reader := bufio.NewReader(out)
		line, _ := reader.ReadString('\n')
		lines <- strings.TrimSpace(line)
		_, _ = io.Copy(io.Discard, reader)
	}()
	go func() {
		<-at.process.Done()
		_ = say.Close()
	}()
	select {
	case line := <-lines:
		if _, _, err := net.SplitHostPort(line); err != nil {
			return nil, fmt.Errorf("the embedded broker says %q instead of its address", line)
		}
		return []string{line}, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (at *servers) startDatabase(ctx context.Context, s *Settings) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		return err
	}
	at.database, err = embedded.StartDatabase(ctx, embedded.DatabaseOptions{
		Port: port, Mirror: os.Getenv(embedded.DatabaseMirrorSetting), Logger: s.Log,
	})
	if err == nil {
		at.url = at.database.DSN()
	}
	return err
}

func (at *servers) databaseName() string { return "millrace_" + strings.ReplaceAll(at.name, "-", "_") }

// onServer carries out one statement in the server's own database.
func (at *servers) onServer(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, at.url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	return err
}

// close removes what the bench made: topics, groups, the database, the servers
// that it started.
func (at *servers) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var err error
	if at.made && at.database == nil {
		err = at.onServer(ctx, "DROP DATABASE IF EXISTS "+at.databaseName()+" WITH (FORCE)")
	}
	if at.admin != nil && at.process == nil {
		err = errors.Join(err, at.removeTopics(ctx))
	}
	if at.client != nil {
		at.client.Close()
	}
	if at.process != nil {
		at.process.Stop(syscall.SIGTERM, 5*time.Second)
	}
	if at.database != nil {
		err = errors.Join(err, at.database.Close())
	}
	return err
}

func (at *servers) removeTopics(ctx context.Context) error {
	groups, err := at.admin.ListGroups(ctx)
	for name := range groups {
		if strings.HasPrefix(name, at.name) {
			_, gone := at.admin.DeleteGroups(ctx, name)
			err = errors.Join(err, gone)
		}
	}
	topics, listErr := at.admin.ListTopics(ctx)
	if err = errors.Join(err, listErr); listErr != nil {
		return err
	}
	var ours []string
	for name := range topics {
		if strings.HasPrefix(name, at.name) {
			ours = append(ours, name)
		}
	}
	if len(ours) > 0 {
		_, gone := at.admin.DeleteTopics(ctx, ours...)
		err = errors.Join(err, gone)
	}
	return err
}

// kafkaVersion is what the broker seems to be, by the requests that it knows.
func (at *servers) kafkaVersion(ctx context.Context) string {
	if at.process != nil {
		return "kfake, embedded"
	}
	versions, err := at.admin.ApiVersions(ctx)
	if err != nil || len(versions) == 0 {
		return "unknown"
	}
	return versions.Sorted()[0].VersionGuess()
}

func (at *servers) postgresVersion(ctx context.Context) string {
	conn, err := pgx.Connect(ctx, at.url)
	if err != nil {
		return "unknown"
	}
	defer func() { _ = conn.Close(ctx) }()
	return conn.PgConn().ParameterStatus("server_version")
}

// withDatabase puts another database into a connection string of either form.
func withDatabase(address, name string) (string, error) {
	if !strings.Contains(address, "://") {
		return address + " dbname=" + name, nil
	}
	parsed, err := url.Parse(address)
	if err != nil {
		return "", errors.New("--postgres is not a URL such as postgres://user@host:5432/postgres") // it may hold a password
	}
	parsed.Path = "/" + name
	return parsed.String(), nil
}
