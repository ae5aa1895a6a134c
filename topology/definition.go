package topology

import "encoding/json"

// Revision numbers the catalog's changes, from 1, without gaps in the order in
// which they were committed. It is the "catalog offset" of offset commits: a
// number of our own, because an offset is not known before the record is
// written, and compaction and aborted writers leave holes in offsets.
type Revision int64

// Stream is a Kafka topic with a schema.
type Stream struct {
	ID      StreamID `json:"id"`
	Name    string   `json:"name"`
	Topic   string   `json:"topic"`
	TopicID TopicID  `json:"topic_id"` // the topic that was there at CREATE; another one under its name is refused
	Format  string   `json:"format"`   // json, ndjson, csv, text, raw
	// Copy are COPY's options of the formats csv and text, nil for none.
	Copy    *CopyOptions `json:"copy,omitempty"`
	OnError OnError      `json:"on_error"`
	// Start is where views of the stream begin that do not say: "latest",
	// "earliest" or a timestamp in RFC 3339.
	Start string `json:"start"`
	// Inferred marks a stream that no one declared: each of its views brings
	// its own columns in View.Columns.
	Inferred bool           `json:"inferred,omitempty"`
	Columns  []StreamColumn `json:"columns,omitempty"`
	// Partials and DeadLetters are the topics that belong to the stream.
	Partials    string `json:"partials"`
	DeadLetters string `json:"dead_letters"`
	TimeZone    string `json:"time_zone"` // for timestamps with time zone that come without one
}

// CopyOptions are COPY's options as they were given, in COPY's words; what is empty
// is COPY's default.
type CopyOptions struct {
	Delimiter    string   `json:"delimiter,omitempty"` // one byte, as are quote and escape
	Null         *string  `json:"null,omitempty"`
	Quote        string   `json:"quote,omitempty"`
	Escape       string   `json:"escape,omitempty"`
	Header       string   `json:"header,omitempty"`     // true, match
	ForceNull    []string `json:"force_null,omitempty"` // columns' names, or "*"
	ForceNotNull []string `json:"force_not_null,omitempty"`
}

// OnError is what happens to a record that cannot be decoded or evaluated.
type OnError string

// The choices.
const (
	DeadLetter OnError = "dead_letter" // to the stream's dead-letter topic
	Skip       OnError = "skip"        // counted and left out
	Stop       OnError = "stop"        // reading of that partition stops there
)

// StreamColumn is one column of a stream, as PostgreSQL resolved its type.
type StreamColumn struct {
	Name    string `json:"name"`
	Type    string `json:"type"`   // as written in the definition, e.g. "numeric(10,2)"
	OID     uint32 `json:"oid"`    // pg_type
	Typmod  int32  `json:"typmod"` // as in pg_attribute, -1 for none
	NotNull bool   `json:"not_null,omitempty"`
	// Kind is how the values of a type that not every database has are kept; Enum
	// says more of an enum, or of an array of one. It is a pointer because columns
	// are compared.
	Kind ColumnKind `json:"kind,omitempty"`
	Enum *Enum      `json:"enum,omitempty"`
	// Default is the text of the value that a row without the field gets, as the
	// type's output function prints it; nil for NULL.
	Default *string `json:"default,omitempty"`
	// Added is the revision by which ALTER STREAM added the column, 0 for a column
	// of CREATE. Views that were created before do not see it.
	Added Revision `json:"added,omitempty"`
	// Metadata says which metadata column it is. Those are not in the catalog.
	Metadata Metadata `json:"-"`
}

// ColumnKind says what the values of a type that not every database has are.
type ColumnKind string

// The kinds.
const (
	NativeColumn    ColumnKind = ""       // of a type with the same OID everywhere, or an array of it
	EnumColumn      ColumnKind = "enum"   // labels
	EnumArrayColumn ColumnKind = "enum[]" // arrays of labels
	// OtherColumn are texts that PostgreSQL alone reads: of a domain, a range, a
	// composite type, an extension's.
	OtherColumn ColumnKind = "other"
)

// Enum is an enum type as it was when the column was declared.
type Enum struct {
	Name   string   `json:"name"`   // as format_type() prints it
	Labels []string `json:"labels"` // in their order
}

// View is a continuous view.
type View struct {
	ID     ViewID   `json:"id"`
	Name   string   `json:"name"`
	Stream StreamID `json:"stream"`
	Select string   `json:"select"` // as written
	// Analysis is what PostgreSQL made of the SELECT (query.Analysis), from
	// which every node builds the same plan.
	Analysis json.RawMessage `json:"analysis"`
	// Columns are the columns that the SELECT's casts declare, where the stream
	// is inferred; nil otherwise.
	Columns []StreamColumn `json:"columns,omitempty"`
	Shards  int            `json:"shards"`
	// Policy is ReadOptimized where it is empty.
	Policy ShardingPolicy `json:"sharding_policy,omitempty"`
	// Partitions is how many partitions of the partials topic the view's
	// shards are spread over.
	Partitions int32 `json:"partitions"`
	// Starts are the offsets at which the view begins to read, by input
	// partition. A partition that is missing here was added later: it starts at 0.
	Starts map[Partition]int64 `json:"starts"`
	// Created is the revision that brought the view; later revisions of its
	// record keep it.
	Created Revision `json:"created"`
}

// ShardingPolicy says which shard of a view holds a group.
type ShardingPolicy string

// The policies, by PipelineDB's names.
const (
	// ReadOptimized has each group on one shard, that of its slot.
	ReadOptimized ShardingPolicy = "read_optimized"
	// WriteOptimized has a group on any shard, perhaps on several: a flush sends
	// all its groups to one, and reading combines them.
	WriteOptimized ShardingPolicy = "write_optimized"
)

// ShardingPolicy returns the view's policy.
func (v *View) ShardingPolicy() ShardingPolicy {
	if v.Policy == "" {
		return ReadOptimized
	}
	return v.Policy
}

// StartAt returns the offset at which the view begins in an input partition.
func (v *View) StartAt(p Partition) int64 { return v.Starts[p] }
