// Package topology says what there is and where it lives: ids, slots, shards
// and their partitions, and the catalog as a state machine. It is pure: the
// catalog's log is read and written by consumer/catalog, which feeds records to
// a [Catalog] here.
package topology
