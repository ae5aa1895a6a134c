// Package schema is what Millrace keeps in the target database, and how it gets
// there.
//
// All bookkeeping lies in one schema named millrace, whatever the number of
// clusters that share the database:
//
//	millrace.version     the installed version (see [Install])
//	millrace.partitions  per partials partition: its owner's claim and applied position
//	millrace.ledger      per shard and input partition: the range of offsets folded
//	millrace.views       per continuous view: its id, its two relations, where its shards live
//	millrace.nodes       per node name: the process that has it, and the session of its lock
//	millrace.raise()     raises the error that a group is in, when it is read
//	millrace.node_lock(), millrace.partition_of()
//	                     the key of a node's advisory lock; topology.PartitionOf in SQL
//
// What everybody may read of the cluster lies in a schema pipeline_cluster, as
// PipelineDB Cluster had it: its views nodes and shards. A schema of either name
// that is someone else's is refused.
//
// A continuous view v is two relations in the schema where it was created: the
// table v_mrel (the group's hash, keys, states and error) and the view v over
// it, which finishes the states. [EnsureView] makes them, [DropView] takes them
// away; both are idempotent, and neither touches a relation that millrace.views
// does not record as that very view's. Where the view is write_optimized, a group
// has a row for each shard that has folded some of it, and v combines them.
//
// Every statement names the schemas of its objects, so a search_path changes
// nothing but where new views are created. Changes of definitions are
// serialized by an advisory lock per cluster, held to the end of their
// transaction.
package schema
