package topology

import "strings"

// CatalogTopic returns the name of a cluster's catalog topic, which is also the
// transactional id of its writers.
func CatalogTopic(cluster string) string { return cluster + ".catalog" }

// PartialsTopic returns the name of a stream's partials topic. It carries the
// stream's id: a stream that is dropped and created again has another one.
func PartialsTopic(cluster string, id StreamID) string { return partialsPrefix(cluster) + id.String() }

// DeadLetterTopic returns the name of a stream's dead-letter topic. People read
// it, so it carries the stream's name.
func DeadLetterTopic(cluster, stream string) string { return cluster + ".dead." + stream }

// IsPartials reports whether a topic is some stream's partials topic.
func IsPartials(cluster, topic string) bool { return strings.HasPrefix(topic, partialsPrefix(cluster)) }

func partialsPrefix(cluster string) string { return cluster + ".partials." }
