// Package consumer is Millrace's Kafka side: it reads input topics, publishes
// partials, and folds partials into a [Store].
//
// # Parts
//
// A [Node] joins the cluster's consumer group with a client that fetches
// nothing: the group only says which partitions are this node's. Each input
// partition goes to one lane, each partials partition to one folder.
//
// A lane is a goroutine with a reader of its own (assigned partitions at exact
// offsets, never the group's), group tables of its own and one transactional
// producer of a fixed name. A flush seals the tables, publishes them as blocks
// and commits the input offsets that they cover in one Kafka transaction, while
// the lane goes on aggregating into fresh tables. Whatever goes wrong with a
// flush, the lane throws away all that it has and starts again from what the
// group's committed offsets say.
//
// A folder is a goroutine that reads partials partitions, merges blocks and
// folds them. The store's position and ledger are the truth about what has been
// folded.
//
// Readers are apart from the group's client for a reason: seeking a client
// under a group's management is prone to odd interactions (records of before
// the seek arrive after it), while a partition removed from a direct reader and
// added again starts exactly where it is told.
//
// # Read positions
//
// Each view has its own read position in each input partition. Views at the
// partition's live position are read together; a view behind it is caught up by
// a cursor (a reader of its own over the same partition) and joins when it gets
// there; a view whose start lies ahead waits. Every offset commit carries, as
// its metadata, the catalog revision it was made under and the views that are
// not live ([topology.Positions]).
//
// # Views that PostgreSQL evaluates
//
// A view with a row program reads with the others, but its rows go through a queue
// of its own to the [Evaluator] and back, beside the lane; it has read up to where the
// answers are in its table. So it is a view behind the live position, in commits and
// after a crash, and a PostgreSQL that is slow, or away, holds back nobody else. Where
// the queue is full a cursor catches it up instead, at PostgreSQL's pace.
//
// # Metrics
//
// See metrics.go; names begin with millrace_.
package consumer
