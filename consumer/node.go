package consumer

import (
	"context"
	"crypto/rand"
	"errors"
	"hash/fnv"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/consumer/catalog"
	"github.com/millrace/millrace/topology"
)

// Node is one process of a cluster: its place in the group, its lanes and its
// folders.
type Node struct {
	cfg     Config
	kafka   broker.Config
	log     *slog.Logger
	metrics *metrics
	store   Store
	catalog *catalog.Catalog
	opts    []kgo.Opt
	admin   *broker.Admin
	client  *kgo.Client // for requests that belong to no lane
	members *membership
	lanes   []*lane
	folders []*folder

	laneBudget   int64
	folderBudget int64
	subscribed   []string
	topicIDs     map[string]topology.TopicID // of the input topics subscribed to
	ready        atomic.Bool
	problems     problems
}

// foldCopies is how often a fold in progress holds its groups: merged, as sorted
// rows, as parameters of a statement.
const foldCopies = 3

// NewNode makes a node of a cluster on the given brokers that folds into store.
func NewNode(cfg Config, kafka broker.Config, store Store, log *slog.Logger, registry prometheus.Registerer) (*Node, error) {
	if cfg.Lanes == 0 {
		cfg.Lanes = runtime.GOMAXPROCS(0)
	}
	if cfg.Folders == 0 {
		cfg.Folders = max(2, runtime.GOMAXPROCS(0))
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	opts, err := broker.Options(kafka, log)
	if err != nil {
		return nil, err
	}
	return &Node{
		cfg: cfg, kafka: kafka, log: log, metrics: newMetrics(registry), store: store,
		opts:         slices.Clip(opts),
		laneBudget:   cfg.MemoryLimit / 3 / int64(cfg.Lanes),
		folderBudget: cfg.MemoryLimit / foldCopies / 4 / int64(cfg.Folders),
	}, nil
}

// Ready reports whether the node has read the catalog and takes part.
func (n *Node) Ready() bool { return n.ready.Load() }

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
	err := n.catalog.Follow(ctx, n.know)
	if ctx.Err() != nil {
		err = nil
	}
	n.ready.Store(false)
	err = errors.Join(err, n.stop(hard))
	cancel(errStopped)
	work.Wait()
	n.close()
	return err
}

// start makes the clients, in the order in which the former process of this
// name loses what it held: transactions first, then its place in the group.
func (n *Node) start(ctx context.Context) error {
	var err error
	if n.client, err = broker.NewClient(n.kafka, n.log, kgo.ClientID(n.cfg.clientID()+".admin")); err != nil {
		return err
	}
	if n.admin, err = broker.NewAdmin(n.kafka, n.log); err != nil {
		return err
	}
	if err := n.admin.Ping(ctx); err != nil {
		return err
	}
	expelFormer(ctx, n.client, &n.cfg, n.log)
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

func (n *Node) addLane(ctx context.Context, number int, current *topology.Catalog) error {
	l := &lane{
		mailbox: newMailbox(), node: n, number: number, id: NewID(), ctx: ctx, log: n.log.With("lane", number),
		catalog: topology.NewCatalog(),
		streams: map[topology.StreamID]*laneStream{},
		parts:   map[topicPartition]*inputPartition{},
		retry:   map[topicPartition]time.Time{},
		stops:   map[topicPartition]int64{},
	}
	var err error
	if l.publisher, err = newPublisher(ctx, &n.cfg, n.opts, number, n.members); err != nil {
		return err
	}
	n.lanes = append(n.lanes, l)
	if l.reader, err = newReader(n.opts, l.fetchBytes()); err != nil {
		return err
	}
	l.know(current)
	return nil
}

func (n *Node) addFolder(ctx context.Context, current *topology.Catalog) error {
	reader, err := newReader(n.opts, max(n.folderBudget/8, 1<<20))
	if err != nil {
		return err
	}
	n.folders = append(n.folders, &folder{
		mailbox: newMailbox(), node: n, log: n.log, ctx: ctx, reader: reader, catalog: current,
		parts: map[topicPartition]*ownedPartition{},
		retry: map[topicPartition]time.Time{},
		gone:  map[topology.ViewID]bool{},
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
	n.problems.know(c)
	for _, l := range n.lanes {
		l.post(func() { l.know(c) })
	}
	for _, f := range n.folders {
		f.post(func() { f.know(c) })
	}
	n.subscribe(c)
	n.ready.Store(true)
}

// subscribe asks the group for exactly the topics that views of a catalog need.
func (n *Node) subscribe(c *topology.Catalog) {
	var want []string
	ids := map[string]topology.TopicID{}
	for _, s := range c.Streams() {
		if len(c.ViewsOf(s.ID)) > 0 {
			want = append(want, s.Topic, s.Partials)
			ids[s.Topic] = s.TopicID
		}
	}
	slices.Sort(want)
	want = slices.Compact(want)
	var add, drop, anew []string
	for _, t := range want {
		switch id, input := ids[t]; {
		case !slices.Contains(n.subscribed, t):
			add = append(add, t)
		case input && id != n.topicIDs[t]:
			anew = append(anew, t)
		}
	}
	for _, t := range n.subscribed {
		if !slices.Contains(want, t) {
			drop = append(drop, t)
		}
	}
	n.subscribed, n.topicIDs = want, ids
	// A client that has seen a topic takes no other of its name unless it forgets the first.
	n.members.subscribe(nil, anew)
	n.members.subscribe(append(add, anew...), drop)
	n.members.client.ForceMetadataRefresh() // a new view may have given a partials topic more partitions
}

// stop ends lanes and folders in order and leaves the group.
func (n *Node) stop(hard context.Context) error {
	ctx, cancel := context.WithTimeoutCause(hard, n.cfg.StopTimeout, ErrStopTimeout)
	defer cancel()
	err := each(ctx, n.lanes, func(l *lane) { l.stop() })
	err = errors.Join(err, each(ctx, n.folders, func(f *folder) { f.stop(ctx) }))
	if err == nil {
		err = n.members.leave(ctx)
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

func (n *Node) close() {
	for _, l := range n.lanes {
		l.publisher.client.Close()
		if l.reader != nil {
			l.reader.Close()
		}
	}
	for _, f := range n.folders {
		f.reader.Close()
	}
	if n.members != nil {
		n.members.client.Close()
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

// assigned gives partitions to their lanes and folders.
func (n *Node) assigned(_ context.Context, parts []topicPartition) {
	n.route(parts, func(l *lane, mine []topicPartition) {
		l.post(func() { l.assign(mine) })
	}, func(f *folder, mine []topicPartition) {
		f.post(func() { f.assign(mine) })
	})
}

// revoked returns when lanes and folders have finished with the partitions.
func (n *Node) revoked(ctx context.Context, parts []topicPartition) {
	n.handBack(func(work *sync.WaitGroup) {
		n.route(parts, func(l *lane, mine []topicPartition) {
			work.Go(func() { l.do(ctx, func() { l.revoke(mine) }) }) //nolint:errcheck // the client is closing
		}, func(f *folder, mine []topicPartition) {
			work.Go(func() { f.do(ctx, func() { f.revoke(ctx, mine) }) }) //nolint:errcheck // as above
		})
	})
}

// lost takes partitions from lanes and folders at once.
func (n *Node) lost(ctx context.Context, parts []topicPartition) {
	n.handBack(func(work *sync.WaitGroup) {
		n.route(parts, func(l *lane, mine []topicPartition) {
			work.Go(func() { l.do(ctx, func() { l.lose(mine) }) }) //nolint:errcheck // as above
		}, func(f *folder, mine []topicPartition) {
			work.Go(func() { f.do(ctx, func() { f.lose(mine) }) }) //nolint:errcheck // as above
		})
	})
}

func (n *Node) handBack(begin func(work *sync.WaitGroup)) {
	var work sync.WaitGroup
	begin(&work)
	work.Wait()
}

// route splits partitions by lane and folder: always the same ones for the same
// partition, as long as the process lives.
func (n *Node) route(parts []topicPartition, toLane func(*lane, []topicPartition), toFolder func(*folder, []topicPartition)) {
	lanes := map[*lane][]topicPartition{}
	folders := map[*folder][]topicPartition{}
	for _, tp := range parts {
		if topology.IsPartials(n.cfg.Cluster, tp.topic) {
			f := n.folders[spread(tp, len(n.folders))]
			folders[f] = append(folders[f], tp)
			continue
		}
		l := n.lanes[spread(tp, len(n.lanes))]
		lanes[l] = append(lanes[l], tp)
	}
	for l, mine := range lanes {
		toLane(l, mine)
	}
	for f, mine := range folders {
		toFolder(f, mine)
	}
}

// spread places the partitions of a topic evenly.
func spread(tp topicPartition, n int) int {
	h := fnv.New32a()
	h.Write([]byte(tp.topic))
	return int((h.Sum32() + uint32(tp.partition)) % uint32(n))
}
