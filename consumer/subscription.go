package consumer

import (
	"slices"
	"sync"

	"github.com/millrace/millrace/topology"
)

// subscription is the topics that this node asks the group for: those that views
// need, and the catalog's, so that the node is a member where there are none.
type subscription struct {
	cluster string
	members *membership

	// mu guards what follows. The client is told under it, which makes no request.
	mu        sync.Mutex
	catalog   *topology.Catalog // the newest; nil before the first
	withdrawn bool
	topics    []string
	ids       map[string]topology.TopicID // of the input topics among them
}

// follow asks for the topics of a newer catalog.
func (s *subscription) follow(c *topology.Catalog) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catalog = c
	s.ask()
}

// withdraw asks for nothing: the group gives what this node has to others.
func (s *subscription) withdraw() (changed bool) { return s.set(true) }

// resume asks again for what the catalog says.
func (s *subscription) resume() (changed bool) { return s.set(false) }

func (s *subscription) set(withdrawn bool) (changed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.withdrawn == withdrawn {
		return false
	}
	s.withdrawn = withdrawn
	s.ask()
	return true
}

// ask tells the group's client what has changed.
func (s *subscription) ask() {
	want, ids := s.wanted()
	var add, drop, anew []string
	for _, t := range want {
		switch id, input := ids[t]; {
		case !slices.Contains(s.topics, t):
			add = append(add, t)
		case input && id != s.ids[t]:
			anew = append(anew, t)
		}
	}
	for _, t := range s.topics {
		if !slices.Contains(want, t) {
			drop = append(drop, t)
		}
	}
	s.topics, s.ids = want, ids
	// A client that has seen a topic takes no other of its name unless it forgets the first.
	s.members.subscribe(nil, anew)
	s.members.subscribe(append(add, anew...), drop)
	s.members.client.ForceMetadataRefresh() // a new view may have given a partials topic more partitions
}

func (s *subscription) wanted() (topics []string, ids map[string]topology.TopicID) {
	ids = map[string]topology.TopicID{}
	if s.withdrawn || s.catalog == nil {
		return nil, ids
	}
	topics = []string{topology.CatalogTopic(s.cluster)}
	for _, stream := range s.catalog.Streams() {
		if len(s.catalog.ViewsOf(stream.ID)) > 0 {
			topics = append(topics, stream.Topic, stream.Partials)
			ids[stream.Topic] = stream.TopicID
		}
	}
	slices.Sort(topics)
	return slices.Compact(topics), ids
}
