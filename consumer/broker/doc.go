// Package broker is what the worker and the commands share about Kafka: the
// settings of a client, errors explained to people, what can be asked and made
// (topics, partitions, offsets that are current), and producing lines.
//
// # Current ends
//
// A broker acknowledges a transaction's commit before readers can see it: for
// some milliseconds the last stable offset stands before records that were
// committed. Who must be current therefore takes the high watermark first and
// waits until the last stable offset has reached it ([Admin.EndOffsets]). Every
// transaction acknowledged before the call has its records below that
// watermark, and the last stable offset passes none that is undecided. A
// reader gets to such an end only with control records kept
// (kgo.KeepControlRecords), for a transaction's last offset is its marker.
package broker
