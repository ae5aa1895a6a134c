package partial

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// Block is one part of what one flush sends to one shard of one view.
type Block struct {
	View  topology.ViewID
	Shard topology.ShardID
	// Flush identifies the flush: the lane's random id of its start and a
	// number that rises. All parts of a flush for a shard lie in one Kafka
	// transaction and one partition, in order.
	Flush FlushID
	// Part counts from 0 to Parts-1; Parts is at least 1.
	Part, Parts uint16
	// Ranges are the input that the flush covers for this view; the same in
	// every part and every shard. A flush that advanced a view has at least one.
	Ranges []Range
	// Schema is a hash of the plan's key types, state types and aggregate
	// names: a block is merged only by the same plan.
	Schema uint64

	Groups int
	Keys   []*column.Vector // one per key, Groups rows each
	States []*column.Vector // one per state (query.Plan.StateTypes), Groups rows each
	Errors []GroupError     // groups whose state is an error, ascending by Group
}

// FlushID identifies a flush for ever.
type FlushID struct {
	Lane topology.ID // random, made when the lane started
	Seq  uint64      // from 1, rising by one for each of the lane's flushes
}

// Range is a stretch [From, To) of an input partition, by offsets.
type Range struct {
	Topic     topology.TopicID
	Partition topology.Partition
	From, To  int64
	// MaxTime is the newest Kafka timestamp read in the range, in milliseconds
	// since 1970, 0 where it held no record.
	MaxTime int64
}

// GroupError says that a group of a block is in error: its states are void.
type GroupError struct {
	Group int
	Err   *datum.Error
}
