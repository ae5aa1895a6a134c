package consumer

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Config holds a node's settings. The zero value is not usable: take the
// defaults from the tags.
type Config struct {
	// Cluster names the nodes that work together: their consumer group, and the
	// prefix of their topics and transactional ids.
	Cluster string `env:"MILLRACE_CLUSTER" envDefault:"millrace"`
	// Node names this process within the cluster. Two processes cannot have one
	// name: the second does not start. Empty: the host's name.
	Node string `env:"MILLRACE_NODE"`
	// Lanes is how many goroutines read and aggregate. 0: one for each core, or
	// fewer where MILLRACE_MEMORY_LIMIT has no room for them.
	Lanes int `env:"MILLRACE_LANES" envDefault:"0"`
	// Folders is how many goroutines fold into PostgreSQL, each with a
	// connection while it does. 0: one for each core, at least 2, or fewer where
	// MILLRACE_MEMORY_LIMIT has no room for them.
	Folders int `env:"MILLRACE_FOLDERS" envDefault:"0"`
	// FlushInterval is how long a lane aggregates before it publishes. Longer
	// means fewer, larger blocks and later rows.
	FlushInterval time.Duration `env:"MILLRACE_FLUSH_INTERVAL" envDefault:"100ms"`
	// FlushIntervalMax is how long a lane aggregates at most while it is behind:
	// half of the time that it needs to catch up, between MILLRACE_FLUSH_INTERVAL
	// and this. Not more than MILLRACE_FLUSH_INTERVAL switches it off.
	FlushIntervalMax time.Duration `env:"MILLRACE_FLUSH_INTERVAL_MAX" envDefault:"1s"`
	// FoldInterval is how long blocks are merged after a fold before the next one;
	// what comes later is folded at once. Longer means fewer row changes for groups
	// that repeat.
	FoldInterval time.Duration `env:"MILLRACE_FOLD_INTERVAL" envDefault:"100ms"`
	// FoldIntervalMax is how long blocks are merged at most while PostgreSQL is
	// slower than they come, or what they bring is seconds old. Not more than
	// MILLRACE_FOLD_INTERVAL switches it off.
	FoldIntervalMax time.Duration `env:"MILLRACE_FOLD_INTERVAL_MAX" envDefault:"1s"`
	// PartialsCompression is how blocks are compressed on their way through Kafka:
	// snappy, lz4, zstd or none. In this order they take less room and more time;
	// none takes a half more room than snappy and no time.
	PartialsCompression string `env:"MILLRACE_PARTIALS_COMPRESSION" envDefault:"lz4"`
	// MemoryLimit is what the process may take, in bytes: it is divided among group
	// tables, merged groups, fetches and the rest. At its share a lane flushes
	// early, and nothing more is polled while PostgreSQL or the broker is slow.
	// Not less than 56 MiB, 14 MiB for each lane and 5 MiB for each folder: a node
	// that cannot keep it does not start.
	MemoryLimit int64 `env:"MILLRACE_MEMORY_LIMIT" envDefault:"1073741824"`
	// SessionTimeout is how long the group waits for a node that went silent.
	// Brokers refuse less than their group.min.session.timeout.ms (6 s).
	SessionTimeout time.Duration `env:"MILLRACE_SESSION_TIMEOUT" envDefault:"6s"`
	// TransactionTimeout is how long the broker keeps a flush open whose node
	// vanished and that no other node has ended. Readers of the topic wait for it.
	TransactionTimeout time.Duration `env:"MILLRACE_TRANSACTION_TIMEOUT" envDefault:"10s"`
	// StopTimeout bounds the last flush and the leaving of the group.
	StopTimeout time.Duration `env:"MILLRACE_STOP_TIMEOUT" envDefault:"10s"`
	// TransactionSuffix is appended to transactional ids. The embedded broker
	// needs one of each start: its transactions do not survive a kill.
	TransactionSuffix string
	// Version is the binary's, shown to people.
	Version string
	// Inject, where tests set it, is asked at each named point of a flush
	// whether to do harm there: it may end the process, or return true for a
	// point that has a fault of its own (see [Points]). nil in production.
	Inject func(point string) bool
}

// Points are the places that ask Config.Inject, in the order of a flush.
func Points() []string {
	return []string{pointBegun, pointProduced, pointOffsets, pointCommitted, pointMerged, pointFolded, pointRevoked, pointRejoin, pointDeaf}
}

const (
	pointBegun     = "flush.begun"     // the transaction is open
	pointProduced  = "flush.produced"  // its blocks are acknowledged
	pointOffsets   = "flush.offsets"   // its offsets are added, nothing is committed
	pointCommitted = "flush.committed" // it is committed, the lane does not know
	pointMerged    = "fold.merged"     // a fold is about to begin
	pointFolded    = "fold.folded"     // it is committed, the folder does not know
	pointRevoked   = "revoke.begun"    // the group asks for partitions back, nothing is given up yet
	pointRejoin    = "rejoin.begun"    // a rebalance begins, the node has not joined it yet
)

// inject asks for harm at a point.
func (c *Config) inject(point string) bool { return c.Inject != nil && c.Inject(point) }

// compression returns the codec of a name; "" is none.
func compression(name string) (codec kgo.CompressionCodec, known bool) {
	switch name {
	case "", "none":
		return kgo.NoCompression(), true
	case "snappy":
		return kgo.SnappyCompression(), true
	case "lz4":
		return kgo.Lz4Compression(), true
	case "zstd":
		return kgo.ZstdCompression(), true
	}
	return kgo.NoCompression(), false
}

// namePattern is what Kafka allows in topic names, without the leading
// underscore of internal ones.
var namePattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}$`)

// Validate reports every setting that cannot work.
func (c *Config) Validate() error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	check(namePattern.MatchString(c.Cluster), "MILLRACE_CLUSTER is %q: use 1 to 64 letters, digits, - or _", c.Cluster)
	check(namePattern.MatchString(c.Node), "MILLRACE_NODE is %q: use 1 to 64 letters, digits, - or _", c.Node)
	check(c.Lanes >= 0 && c.Lanes <= 256, "MILLRACE_LANES is %d: use 0 (one per core) to 256", c.Lanes)
	check(c.Folders >= 0 && c.Folders <= 256, "MILLRACE_FOLDERS is %d: use 0 (one per core) to 256", c.Folders)
	check(c.FlushInterval >= time.Millisecond, "MILLRACE_FLUSH_INTERVAL is %v: use 1ms or more", c.FlushInterval)
	check(c.FlushIntervalMax >= 0, "MILLRACE_FLUSH_INTERVAL_MAX is %v: use 0 or more", c.FlushIntervalMax)
	check(c.FoldInterval >= time.Millisecond, "MILLRACE_FOLD_INTERVAL is %v: use 1ms or more", c.FoldInterval)
	check(c.FoldIntervalMax >= 0, "MILLRACE_FOLD_INTERVAL_MAX is %v: use 0 or more", c.FoldIntervalMax)
	_, known := compression(c.PartialsCompression)
	check(known, "MILLRACE_PARTIALS_COMPRESSION is %q: use snappy, lz4, zstd or none", c.PartialsCompression)
	check(c.SessionTimeout >= time.Second, "MILLRACE_SESSION_TIMEOUT is %v: use 1s or more", c.SessionTimeout)
	check(c.TransactionTimeout >= time.Second, "MILLRACE_TRANSACTION_TIMEOUT is %v: use 1s or more", c.TransactionTimeout)
	check(c.StopTimeout >= time.Second, "MILLRACE_STOP_TIMEOUT is %v: use 1s or more", c.StopTimeout)
	if c.Lanes >= 0 && c.Folders >= 0 {
		faults = append(faults, c.checkMemory())
	}
	return errors.Join(faults...)
}
