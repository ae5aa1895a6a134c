package broker

import "github.com/twmb/franz-go/pkg/kgo"

// CloseReader closes a client that reads partitions by itself, in no group;
// reading names those that it was told to read and not to leave. They are taken
// away from it first. Close alone ends the session of fetches that it finds; where
// the client hears only then who leads a partition, it begins another, for which
// nobody waits. What that one still fetches is never let go of, and keeps a
// goroutine and the client's memory for good (kgo 1.22.2: guardSessionChange does
// not ask whether the client is being closed).
func CloseReader(client *kgo.Client, reading map[string][]int32) {
	client.RemoveConsumePartitions(reading)
	client.Close()
}
