package consumer

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/consumer/catalog"
	"github.com/millrace/millrace/topology"
)

// Node is one process of a cluster: its place in the group, its lanes and its
// folders.
type Node struct {
	cfg       Config
	kafka     broker.Config
	log       *slog.Logger
	metrics   *metrics
	store     Store
	registry  Registry
	evaluator Evaluator
	watch     *watch
	catalog   *catalog.Catalog
	opts      []kgo.Opt
	admin     *broker.Admin
	client    *kgo.Client // for requests that belong to no lane
	members   *membership
	topics    *subscription
	lanes     []*lane
	folders   []*folder
	inputs    *router // of input partitions, to lanes
	partials  *router // of partials partitions, to folders

	memory   memoryPlan
	ready    atomic.Bool
	problems problems
}

// NewNode makes a node of a cluster on the given brokers that folds into store
// and is known to the others by registry. Row programs are carried out by evaluator.
func NewNode(cfg Config, kafka broker.Config, store Store, registry Registry, evaluator Evaluator, log *slog.Logger, metrics prometheus.Registerer) (*Node, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Lanes, cfg.Folders = cfg.workers()
	opts, err := broker.Options(kafka, log)
	if err != nil {
		return nil, err
	}
	n := &Node{
		cfg: cfg, kafka: kafka, log: log, metrics: newMetrics(metrics), store: store, registry: registry, evaluator: evaluator,
		inputs: newRouter(cfg.Lanes), partials: newRouter(cfg.Folders),
		opts:   slices.Clip(opts),
		memory: planMemory(cfg.MemoryLimit, cfg.Lanes, cfg.Folders),
	}
	n.watch = &watch{node: n, log: log, joined: make(chan struct{}, 1)}
	return n, nil
}

// Ready reports whether the node has read the catalog and is a member of the
// group: in a rolling restart, the next node may follow.
func (n *Node) Ready() bool {
	if !n.ready.Load() {
		return false
	}
	_, generation := n.members.client.GroupMetadata()
	return generation >= 0
}

// Run takes part in the cluster until ctx ends, then publishes and folds what it
// has, and leaves. It returns nil on an orderly stop. abort ends it at once.
func (n *Node) Run(ctx, abort context.Context) error {
	hard, cancel := context.WithCancelCause(abort)
	defer cancel(errStopped)
	if err := n.start(hard); err != nil {
		n.close()
		return err
	}
	var work sync.WaitGroup
	for _, l := range n.lanes {
		work.Go(l.run)
	}
	for _, f := range n.folders {
		work.Go(f.run)
	}
	err := n.attend(ctx)
	n.ready.Store(false)
	err = errors.Join(err, n.stop(hard))
	cancel(errStopped)
	work.Wait()
	n.close()
	return err
}

// attend follows the catalog and watches other nodes until ctx ends or the node
// cannot go on.
func (n *Node) attend(ctx context.Context) error {
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error { return n.catalog.Follow(running, n.know) })
	group.Go(func() error { return n.watch.run(running) })
	if err := group.Wait(); ctx.Err() == nil {
		return err
	}
	return nil
}

// start takes the node's name and makes the clients; a former process of this
// name loses what it held: its place in the group, then its transactions.
func (n *Node) start(ctx context.Context) error {
	err := n.registry.Enter(ctx, n.info())
	if err != nil {
		return err
	}
	if n.client, err = broker.NewClient(n.kafka, n.log, kgo.ClientID(topology.ClientID(n.cfg.Cluster, n.cfg.Node)+".admin")); err != nil {
		return err
	}
	if n.admin, err = broker.NewAdmin(n.kafka, n.log); err != nil {
		return err
	}
	if err := n.admin.Ping(ctx); err != nil {
		return err
	}
	if err := n.expel(ctx, n.cfg.Node); err != nil { // the group would put it out by itself, only later
		n.log.Debug("former process of this node not taken out of the group", "error", err)
	}
	if n.catalog, err = catalog.Open(ctx, n.kafka, n.cfg.Cluster, n.log); err != nil {
		return err
	}
	current, err := n.catalog.Read(ctx)
	if err != nil {
		return err
	}
	if n.members, err = newMembership(&n.cfg, n.opts, n); err != nil {
		return err
	}
	n.topics = &subscription{cluster: n.cfg.Cluster, members: n.members}
	for i := range n.cfg.Lanes {
		if err := n.addLane(ctx, i, current); err != nil {
			return err
		}
	}
	for range n.cfg.Folders {
		if err := n.addFolder(ctx, current); err != nil {
			return err
		}
	}
	n.log.Info("node started", "cluster", n.cfg.Cluster, "node", n.cfg.Node, "lanes", n.cfg.Lanes, "folders", n.cfg.Folders,
		"streams", len(current.Streams()), "views", len(current.Views()))
	return nil
}

// info is what this node says of itself to the others.
func (n *Node) info() topology.NodeInfo {
	host, err := os.Hostname()
	if err != nil {
		host = "" // shown to people only
	}
	return topology.NodeInfo{
		Node: n.cfg.Node, Incarnation: NewID(), Host: host, PID: os.Getpid(), Version: n.cfg.Version,
		Lanes: n.cfg.Lanes, Suffix: n.cfg.TransactionSuffix,
	}
}

func (n *Node) addLane(ctx context.Context, number int, current *topology.Catalog) error {
	l := &lane{
		mailbox: newMailbox(), node: n, number: number, id: NewID(), ctx: ctx, log: n.log.With("lane", number),
		cadence:  newCadence(&n.cfg),
		slabs:    newSlabs(n.memory.records),
		catalog:  topology.NewCatalog(),
		streams:  map[topology.StreamID]*laneStream{},
		parts:    map[topology.TopicPartition]*inputPartition{},
		retry:    map[topology.TopicPartition]time.Time{},
		unstable: unstable{},
		stops:    map[topology.TopicPartition]int64{},
	}
	var err error
	if l.publisher, err = newPublisher(ctx, &n.cfg, n.opts, number, n.members); err != nil {
		return err
	}
	n.lanes = append(n.lanes, l)
	if l.reader, err = n.newReader(n.memory.fetch, l.slabs); err != nil {
		return err
	}
	l.know(current)
	return nil
}

func (n *Node) addFolder(ctx context.Context, current *topology.Catalog) error {
	reader, err := n.newReader(n.memory.blocks)
	if err != nil {
		return err
	}
	n.folders = append(n.folders, &folder{
		mailbox: newMailbox(), node: n, log: n.log, ctx: ctx, reader: reader, catalog: current,
		parts: map[topology.TopicPartition]*ownedPartition{},
		retry: map[topology.TopicPartition]time.Time{},
		gone:  map[topology.ViewID]bool{},
		plans: map[topology.ViewID]*query.Plan{},
		pace:  newPace(&n.cfg),
	})
	return nil
}

// NewID returns a random id.
func NewID() topology.ID {
	var id topology.ID
	rand.Read(id[:])
	return id
}

// know takes a newer catalog: lanes and folders learn it before the group is
// asked for new topics.
func (n *Node) know(c *topology.Catalog) {
	if n.cfg.inject(pointDeaf) {
		return
	}
	n.problems.know(c)
	for _, l := range n.lanes {
		l.post(func() { l.know(c) })
	}
	for _, f := range n.folders {
		f.post(func() { f.know(c) })
	}
	n.topics.follow(c)
	n.ready.Store(true)
}

// stop ends lanes and folders in order and leaves the group.
func (n *Node) stop(hard context.Context) error {
	ctx, cancel := context.WithTimeoutCause(hard, n.cfg.StopTimeout, ErrStopTimeout)
	defer cancel()
	err := each(ctx, n.lanes, func(l *lane) { l.stop() })
	err = errors.Join(err, each(ctx, n.folders, func(f *folder) { f.stop(ctx) }))
	if err == nil {
		err = n.members.leave(ctx, n.client)
	}
	if err == nil { // else the others do for it what it could not
		err = n.registry.Leave(ctx)
	}
	if hard.Err() != nil {
		return errors.Join(err, errAborted)
	}
	return err
}

// each runs f in every owner's goroutine, side by side, and waits.
func each[T interface {
	do(ctx context.Context, f func()) error
}](ctx context.Context, owners []T, f func(T)) error {
	errs := make([]error, len(owners))
	var work sync.WaitGroup
	for i, o := range owners {
		work.Go(func() { errs[i] = o.do(ctx, func() { f(o) }) })
	}
	work.Wait()
	return errors.Join(errs...)
}

// reading names partitions as a reader's client knows them.
func reading[P any](parts map[topology.TopicPartition]P) map[string][]int32 {
	all := map[string][]int32{}
	for tp := range parts {
		all[tp.Topic] = append(all[tp.Topic], tp.Partition)
	}
	return all
}

// close ends the clients, once lanes and folders have ended.
func (n *Node) close() {
	for _, l := range n.lanes {
		l.publisher.client.Close()
		if l.reader != nil {
			broker.CloseReader(l.reader, reading(l.parts))
		}
	}
	for _, f := range n.folders {
		broker.CloseReader(f.reader, reading(f.parts))
	}
	if n.members != nil {
		n.members.close()
	}
	if n.client != nil {
		n.client.Close()
	}
	if n.admin != nil {
		n.admin.Close()
	}
	if n.catalog != nil {
		n.catalog.Close()
	}
}
