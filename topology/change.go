package topology

import (
	"fmt"
	"strings"
)

// The functions of this file check a change against the catalog and return the
// records that carry it out, which are written together or not at all. No
// records and no error means that there is nothing to do (IF EXISTS, IF NOT
// EXISTS). A refusal is a [*Conflict]. Version, Revision, Operation and a new
// view's Created are left to the writer.

// CreateStream adds a stream over a topic that no other stream reads: a
// partition's read positions are those of one stream's views. With ifNotExists, any relation of that name will
// do, as in PostgreSQL.
func (c *Catalog) CreateStream(s *Stream, ifNotExists bool) ([]*Record, error) {
	if c.newer[s.Name] {
		return nil, newer(s.Name)
	}
	if _, exists := c.Lookup(s.Name); exists {
		if ifNotExists {
			return nil, nil
		}
		return nil, duplicate(s.Name)
	}
	for _, other := range c.Streams() {
		if s.Topic != "" && other.Topic == s.Topic {
			return nil, topicTaken(s, other)
		}
	}
	r := &Record{Kind: KindStream, Name: s.Name, Stream: s}
	return usable(r)
}

// CreateView adds a continuous view over a stream that exists, or over
// inferred, which no one declared and which is then created with it; inferred
// is nil otherwise.
func (c *Catalog) CreateView(v *View, inferred *Stream, ifNotExists bool) ([]*Record, error) {
	if c.newer[v.Name] {
		return nil, newer(v.Name)
	}
	if _, exists := c.Lookup(v.Name); exists {
		if ifNotExists {
			return nil, nil
		}
		return nil, duplicate(v.Name)
	}
	var records []*Record
	if inferred != nil {
		if inferred.ID != v.Stream || inferred.Name == v.Name {
			return nil, fmt.Errorf("view %q cannot be over inferred stream %q", v.Name, inferred.Name)
		}
		created, err := c.CreateStream(inferred, false)
		if err != nil {
			return nil, err
		}
		records = created
	} else if _, exists := c.StreamByID(v.Stream); !exists {
		return nil, &Conflict{
			Code:    CodeUndefined,
			Message: fmt.Sprintf("the stream of continuous view %q does not exist any more", v.Name),
			Hint:    "It was dropped meanwhile. Create the stream again, then the view.",
		}
	}
	created, err := usable(&Record{Kind: KindView, Name: v.Name, View: v})
	return append(records, created...), err
}

// DropStream removes a stream, and with cascade the views over it.
func (c *Catalog) DropStream(name string, ifExists, cascade bool) ([]*Record, error) {
	r, err := c.toDrop(KindStream, name, ifExists)
	if r == nil {
		return nil, err
	}
	views := c.ViewsOf(r.Stream.ID)
	if len(views) > 0 && !cascade {
		return nil, dependent(name, views)
	}
	var records []*Record
	for _, v := range views {
		records = append(records, dropped(KindView, v.Name))
	}
	return append(records, dropped(KindStream, name)), nil
}

// DropView removes a continuous view.
func (c *Catalog) DropView(name string, ifExists bool) ([]*Record, error) {
	r, err := c.toDrop(KindView, name, ifExists)
	if r == nil {
		return nil, err
	}
	return []*Record{dropped(KindView, name)}, nil
}

// toDrop returns the record to drop, nil where there is none.
func (c *Catalog) toDrop(k Kind, name string, ifExists bool) (*Record, error) {
	r, exists := c.Lookup(name)
	switch {
	case c.newer[name]:
		return nil, newer(name)
	case !exists && ifExists:
		return nil, nil
	case !exists:
		return nil, undefined(k, name)
	case r.Kind != k:
		return nil, wrongKind(r, k)
	}
	return r, nil
}

func dropped(k Kind, name string) *Record { return &Record{Kind: k, Name: name, Dropped: true} }

func dependent(stream string, views []*View) *Conflict {
	lines := make([]string, len(views))
	for i, v := range views {
		lines[i] = fmt.Sprintf("continuous view %s depends on stream %s", v.Name, stream)
	}
	return &Conflict{
		Code:    CodeDependent,
		Message: fmt.Sprintf("cannot drop stream %s because other objects depend on it", stream),
		Detail:  strings.Join(lines, "\n"),
		Hint:    "Use DROP ... CASCADE to drop the dependent objects too.",
	}
}

// usable refuses a definition that a reader of the catalog would set aside.
func usable(r *Record) ([]*Record, error) {
	trial := *r
	trial.Version, trial.Revision = RecordVersion, 1
	if reason := trial.fault(); reason != "" {
		return nil, fmt.Errorf("define %q: %s", r.Name, reason)
	}
	return []*Record{r}, nil
}
