// Package topology says what there is, where it lives, and who takes over: ids,
// slots, shards and their partitions, the catalog as a state machine, and the
// cluster's decisions.
//
// [Place] decides which node gets which partition; consumer hands it to the
// leader of Kafka's group as a group protocol. [Watch] decides which nodes one
// node rescues, from what the registry in PostgreSQL and the group in Kafka show;
// consumer looks and carries it out, sink keeps the registry.
//
// The package is pure: the catalog's log is read and written by consumer/catalog,
// which feeds records to a [Catalog] here, and time is an argument. So stories and
// simulations of a thousand nodes run the very functions that a node calls: see
// testdata/placement and testdata/takeover.
package topology
