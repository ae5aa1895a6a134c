package bench

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// FailoverSettings say how to measure what the end of a node costs. Of the
// settings within, those of the contenders are not used.
type FailoverSettings struct {
	Settings
	// Nodes is how many there are, Partitions how many the input topic has,
	// Shards how many the view has.
	Nodes, Partitions, Shards int
	// Rate is how many events a second each input partition gets.
	Rate int
	// Quiet is how long the cluster is looked at without any harm.
	Quiet time.Duration
}

// Validate reports every setting that cannot work.
func (s *FailoverSettings) Validate() error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	check(s.Nodes >= 2 && s.Nodes <= 16, "--nodes is %d: use 2 to 16", s.Nodes)
	check(s.Partitions >= s.Nodes && s.Partitions <= 256, "--partitions is %d: use as many as nodes (%d) or more, up to 256", s.Partitions, s.Nodes)
	check(s.Shards >= s.Nodes && s.Shards <= 256, "--shards is %d: use as many as nodes (%d) or more, up to 256", s.Shards, s.Nodes)
	check(s.Rate >= 100 && s.Rate <= 1_000_000, "--rate is %d: use 100 to 1000000", s.Rate)
	check(s.Groups >= 1 && s.Groups <= 10_000_000, "--groups is %d: use 1 to 10000000", s.Groups)
	check(s.Runs >= 1, "--runs is %d: use 1 or more", s.Runs)
	check(s.Quiet >= time.Second, "--quiet is %v: use 1s or more", s.Quiet)
	for _, name := range s.Only {
		check(knownCase(name), "--only names %q: there are %s", name, caseNames())
	}
	return errors.Join(faults...)
}

// failover is one call of the command.
type failover struct {
	*FailoverSettings
	at       *servers
	topic    string
	conn     *pgx.Conn // to the bench's database
	cluster  *cluster
	gate     *gate
	nodes    []*benchNode // the last one is behind the gate
	load     *steadyLoad
	observer *observer
}

// Failover measures and prints how long a cluster stands still when one of its
// nodes ends in one way or another.
//
// Several nodes, processes of their own with default settings, share the input
// partitions and shards of one view under a steady load. An observer looks at
// the ledger in PostgreSQL every 20 ms: it says for each shard and each input
// partition up to which event it is folded, and when that event was made. What is
// measured is measured there, from outside. Rounds are made of every case once; the case
// without harm says what the machine itself makes of the same figures. When all
// is over the view must equal what was produced, or nothing is printed.
func Failover(ctx context.Context, s FailoverSettings) (err error) {
	if err := s.Validate(); err != nil {
		return err
	}
	f := &failover{FailoverSettings: &s}
	if f.at, err = openServers(ctx, &s.Settings); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.at.close()) }()
	if f.conn, err = pgx.Connect(ctx, f.at.settings.Database.URL); err != nil {
		return err
	}
	defer func() { _ = f.conn.Close(context.WithoutCancel(ctx)) }()
	r := f.report(ctx)
	if err := f.prepare(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.cluster.drop(context.WithoutCancel(ctx), failoverName)) }()
	if err := f.run(ctx, r); err != nil {
		return err
	}
	return r.print(s.Out, s.JSON)
}

// failoverName is in the names of the bench's stream and view.
const failoverName = "failover"

// prepare makes the topic, the stream and the view.
func (f *failover) prepare(ctx context.Context) error {
	f.topic = f.at.name + ".bids"
	created, err := f.at.admin.CreateTopic(ctx, int32(f.Partitions), f.at.settings.Kafka.ReplicationFactor, nil, f.topic)
	if err == nil {
		err = created.Err
	}
	if err != nil {
		return fmt.Errorf("create topic %q: %w", f.topic, err)
	}
	f.cluster, err = f.at.openCluster(ctx, &f.Settings, failoverName, f.topic, f.Shards)
	return err
}

// run starts everything, measures, and ends everything.
func (f *failover) run(ctx context.Context, r *failoverReport) (err error) {
	f.gate = newGate()
	defer func() { err = errors.Join(err, f.gate.close()) }()
	if err := f.addNodes(ctx); err != nil {
		return err
	}
	defer func() {
		for _, n := range f.nodes {
			n.kill()
		}
	}()
	if f.load, err = newSteadyLoad(f.at, f.topic, f.FailoverSettings); err != nil {
		return err
	}
	if f.observer, err = newObserver(ctx, f.at.settings.Database.URL, f.cluster.svc.Settings.Node.Cluster); err != nil {
		f.load.client.Close()
		return err
	}
	var busy sync.WaitGroup
	loading, stopLoad := context.WithCancel(ctx)
	observing, stopObserving := context.WithCancel(ctx)
	defer busy.Wait()
	defer stopObserving()
	defer stopLoad()
	var loaded sync.WaitGroup
	loaded.Go(func() { f.load.run(loading) })
	busy.Go(func() { f.observer.run(observing) })
	defer loaded.Wait()
	defer stopLoad()
	for _, n := range f.nodes {
		if err := n.start(f.Binary); err != nil {
			return err
		}
	}
	if err := f.rounds(ctx, r); err != nil {
		return err
	}
	stopLoad()
	loaded.Wait()
	return f.verify(ctx)
}

// verify holds the view against what was produced.
func (f *failover) verify(ctx context.Context) error {
	if err := f.broken(); err != nil {
		return err
	}
	if err := f.load.want.store(ctx, f.conn); err != nil {
		return fmt.Errorf("store the expected rows: %w", err)
	}
	if err := f.cluster.folded(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, f.printed())
	}
	return compare(ctx, f.conn, "SELECT channel, count, sum, avg, low, high FROM "+f.cluster.view)
}

// addNodes prepares the nodes; the last one's way to the servers has doors.
func (f *failover) addNodes(ctx context.Context) error {
	for i := range f.Nodes {
		n := &benchNode{name: fmt.Sprintf("node-%d", i+1)}
		brokers, address := f.at.settings.Kafka.Brokers, f.at.settings.Database.URL
		if i == f.Nodes-1 && f.has(caseVanish) {
			var err error
			if brokers, address, err = f.doors(ctx); err != nil {
				return fmt.Errorf("put %s behind a gate: %w", n.name, err)
			}
		}
		n.env = []string{
			"MILLRACE_KAFKA_BROKERS=" + strings.Join(brokers, ","), "MILLRACE_DATABASE_URL=" + address,
			"MILLRACE_CLUSTER=" + f.cluster.svc.Settings.Node.Cluster, "MILLRACE_NODE=" + n.name,
			"MILLRACE_HTTP_ADDR=127.0.0.1:0", "MILLRACE_LOG_LEVEL=warn",
		}
		f.nodes = append(f.nodes, n)
	}
	return nil
}

// has reports whether a case is to be measured. Without harm there is nothing to
// hold the others against.
func (f *failover) has(name string) bool {
	return name == caseNone || len(f.Only) == 0 || slices.Contains(f.Only, name)
}

// doors are the ways through the gate, for a node: to the brokers and to the
// database.
func (f *failover) doors(ctx context.Context) (brokers []string, address string, err error) {
	if k := f.at.settings.Kafka; k.TLS || k.CAFile != "" || k.CertFile != "" {
		return nil, "", errors.New("the brokers' answers must be read to be led through it, and TLS forbids it: leave the case out by --only")
	}
	all, err := f.at.admin.ListBrokers(ctx)
	if err != nil {
		return nil, "", err
	}
	doors := &kafkaDoors{gate: f.gate, doors: map[string]string{}}
	for _, b := range all {
		door, err := doors.add(hostPort(b.Host, b.Port))
		if err != nil {
			return nil, "", err
		}
		brokers = append(brokers, door)
	}
	server, err := pgx.ParseConfig(f.at.settings.Database.URL)
	if err != nil {
		return nil, "", errors.New("the database's address cannot be read") // it may hold a password
	}
	network, target := pgxAddress(server)
	door, err := f.gate.door(network, target, nil)
	if err != nil {
		return nil, "", err
	}
	address, err = withHost(f.at.settings.Database.URL, door)
	return brokers, address, err
}

// withHost puts another host and port into a connection string of either form.
func withHost(address, to string) (string, error) {
	if !strings.Contains(address, "://") {
		host, port, _ := strings.Cut(to, ":")
		return address + " host=" + host + " port=" + port, nil
	}
	parsed, err := url.Parse(address)
	if err != nil {
		return "", errors.New("the database's URL cannot be read") // it may hold a password
	}
	parsed.Host = to
	query := parsed.Query()
	query.Del("host")
	query.Del("port")
	parsed.RawQuery = query.Encode()
	return parsed.String(), nil
}
