package topology

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Record is one record of the catalog's log: the complete state of one name,
// never a command to replay. Its wire form is JSON with the version first.
type Record struct {
	Version  int      `json:"v"`
	Revision Revision `json:"revision"`
	// Operation is the writer's random id of the change, by which it finds its
	// own record after an answer was lost.
	Operation string `json:"operation"`
	Kind      Kind   `json:"kind"`
	Name      string `json:"name"`
	// Dropped marks a name that is free again. The record stays, so that
	// compaction never takes the newest revision away.
	Dropped bool    `json:"dropped,omitempty"`
	Stream  *Stream `json:"stream,omitempty"`
	View    *View   `json:"view,omitempty"`
}

// RecordVersion is the version that this code writes; it reads all up to it.
const RecordVersion = 1

// Kind is what a record describes.
type Kind string

// The kinds. Streams and views share one space of names, as relations do.
const (
	KindStream Kind = "stream"
	KindView   Kind = "view"
)

// Key returns the record's key in the compacted topic.
func (r *Record) Key() string { return keyPrefix + r.Name }

const keyPrefix = "relation/"

// Damaged is a record that could not be understood: set aside and reported.
type Damaged struct {
	Key    string
	Offset int64
	Reason string
}

// Catalog is the state that the log's records add up to. It is not safe for
// concurrent use; [Catalog.Clone] makes a snapshot that is never changed.
type Catalog struct {
	Revision Revision
	// Operations are the ids of the changes seen, by revision.
	operations map[string]Revision
	byName     map[string]*Record
	damaged    []Damaged
	// newer are the names whose last record a newer millrace wrote. They keep
	// the state they had before; this version does not write over them.
	newer map[string]bool
}

// NewCatalog returns an empty catalog.
func NewCatalog() *Catalog {
	return &Catalog{operations: map[string]Revision{}, byName: map[string]*Record{}, newer: map[string]bool{}}
}

// ApplyBytes takes the next record of the log as it was read. One that it
// cannot understand is set aside (see [Catalog.Damaged]) and changes nothing,
// except that a newer millrace's still counts as a revision, which is not given
// to another change.
func (c *Catalog) ApplyBytes(key, value []byte, offset int64) {
	set := func(reason string) {
		c.damaged = append(c.damaged, Damaged{Key: string(key), Offset: offset, Reason: reason})
	}
	var r Record
	if err := json.Unmarshal(value, &r); err != nil && r.Version <= RecordVersion {
		set("not a catalog record: " + err.Error())
		return
	}
	if r.Version > RecordVersion {
		set(fmt.Sprintf("written by a newer millrace (record version %d, this one reads up to %d)", r.Version, RecordVersion))
		c.newer[strings.TrimPrefix(string(key), keyPrefix)] = true
		c.Revision = max(c.Revision, r.Revision)
		return
	}
	if reason := r.fault(); reason != "" {
		set(reason)
		return
	}
	c.Apply(&r)
}

// fault says what makes a record unusable, "" where nothing does.
func (r *Record) fault() string {
	switch {
	case r.Version < 1 || r.Name == "" || r.Revision < 1:
		return "record without version, name or revision"
	case r.Dropped:
		return ""
	case r.Kind == KindStream && r.Stream != nil && r.Stream.Name == r.Name:
		return ""
	case r.Kind == KindView && r.View != nil && r.View.Name == r.Name && r.View.Shards > 0 && r.View.Partitions > 0:
		return ""
	}
	return fmt.Sprintf("record of kind %q without a usable definition", r.Kind)
}

// Apply takes a record. Its state replaces what the name had.
func (c *Catalog) Apply(r *Record) {
	c.byName[r.Name] = r
	delete(c.newer, r.Name)
	c.operations[r.Operation] = r.Revision
	c.Revision = max(c.Revision, r.Revision)
}

// Clone returns a copy that shares the (immutable) records.
func (c *Catalog) Clone() *Catalog {
	d := NewCatalog()
	d.Revision = c.Revision
	for name, r := range c.byName {
		d.byName[name] = r
	}
	d.operations = maps.Clone(c.operations)
	d.damaged = slices.Clone(c.damaged)
	d.newer = maps.Clone(c.newer)
	return d
}

// Done reports the revision that an operation was committed under.
func (c *Catalog) Done(operation string) (Revision, bool) {
	r, ok := c.operations[operation]
	return r, ok
}

// Damaged returns the records that were set aside.
func (c *Catalog) Damaged() []Damaged { return c.damaged }

// Lookup returns the record of a name that exists.
func (c *Catalog) Lookup(name string) (*Record, bool) {
	r, ok := c.byName[name]
	if !ok || r.Dropped {
		return nil, false
	}
	return r, true
}

// Stream returns a stream by name.
func (c *Catalog) Stream(name string) (*Stream, bool) {
	r, ok := c.Lookup(name)
	if !ok || r.Kind != KindStream {
		return nil, false
	}
	return r.Stream, true
}

// View returns a view by name.
func (c *Catalog) View(name string) (*View, bool) {
	r, ok := c.Lookup(name)
	if !ok || r.Kind != KindView {
		return nil, false
	}
	return r.View, true
}

// StreamByID returns a stream that exists, by id.
func (c *Catalog) StreamByID(id StreamID) (*Stream, bool) {
	for _, s := range c.Streams() {
		if s.ID == id {
			return s, true
		}
	}
	return nil, false
}

// Streams returns the streams in order of their names.
func (c *Catalog) Streams() []*Stream {
	var all []*Stream
	for _, r := range c.byName {
		if r.Kind == KindStream && !r.Dropped {
			all = append(all, r.Stream)
		}
	}
	slices.SortFunc(all, func(a, b *Stream) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Views returns the views in order of their creation.
func (c *Catalog) Views() []*View {
	var all []*View
	for _, r := range c.byName {
		if r.Kind == KindView && !r.Dropped {
			all = append(all, r.View)
		}
	}
	slices.SortFunc(all, func(a, b *View) int { return int(a.Created - b.Created) })
	return all
}

// ViewsOf returns the views of a stream in order of their creation.
func (c *Catalog) ViewsOf(id StreamID) []*View {
	return slices.DeleteFunc(c.Views(), func(v *View) bool { return v.Stream != id })
}
