// Package status answers what the commands ask about a cluster, from Kafka and
// PostgreSQL alone: how far each view is folded, where its shards live,
// what its nodes do, and when all that was produced is in the tables. No node
// needs to run.
package status
