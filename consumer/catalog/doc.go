// Package catalog keeps the catalog's log: the compacted topic CLUSTER.catalog
// of one partition, from which every node builds the same [topology.Catalog].
//
// # Authority
//
// There is no coordinator. A writer is a fresh client that takes the catalog's
// transactional id (also CLUSTER.catalog), by which Kafka fences every other
// writer and ends its transaction. It then reads to the end, asks whether the
// change is allowed, writes the records and commits. A commit therefore
// succeeds only if nobody has written since the end was read: writes are
// linearizable. Who was fenced tries again after a jittered pause, from the
// reading on.
//
// # An answer that was lost
//
// Each change has a random operation id, which its records carry. A writer that
// does not know whether its commit arrived looks for its own id after it has
// taken the transactional id again, and so neither writes twice nor reports
// "already exists" for its own record.
//
// # Reading
//
// Readers are read_committed and keep control records, else the end behind a
// transaction's marker is never reached. Current means behind everything that
// was acknowledged before, see [broker.Admin.EndOffsets]. All records of one
// change become visible together: [Catalog.Follow] hands out a state only at
// the end that it first found and after each transaction's marker.
//
// # Wire form
//
// A record's key is "relation/" and the name. Its value is JSON:
//
//	{"v":1,              version of the form; a reader sets aside what is newer
//	 "revision":7,       numbers the changes, from 1, in the order of commits
//	 "operation":"…",    the writer's random id of the change
//	 "kind":"view",      or "stream"
//	 "name":"hourly",
//	 "dropped":true,     the name is free again; stands instead of a definition
//	 "stream":{…},       topology.Stream, where kind is stream
//	 "view":{…}}         topology.View, where kind is view
//
// A record is the complete state of its name. Nothing is ever deleted: a
// dropped name keeps its last record, so that compaction never takes the newest
// revision away. The testdata of topology holds one record of each kind as version 1
// wrote it, and keeps them for ever.
package catalog
