package topology

// Metadata says which of a record's own properties a column is.
type Metadata uint8

// The metadata columns, which every stream has besides its declared ones.
const (
	NoMetadata        Metadata = iota // a field of the record's value
	MetadataTopic                     // _topic
	MetadataPartition                 // _partition
	MetadataOffset                    // _offset
	MetadataRow                       // _row: which of its record's rows it is, from 1
	MetadataKey                       // _key, NULL where the record has none
	MetadataHeaders                   // _headers, an object of texts
	MetadataTimestamp                 // arrival_timestamp: the record's Kafka timestamp
)

// MetadataColumns returns the metadata columns in their order. The OIDs are
// PostgreSQL's for ever.
func MetadataColumns() []StreamColumn {
	return []StreamColumn{
		{Name: "_topic", Type: "text", OID: 25, Typmod: -1, Metadata: MetadataTopic},
		{Name: "_partition", Type: "integer", OID: 23, Typmod: -1, Metadata: MetadataPartition},
		{Name: "_offset", Type: "bigint", OID: 20, Typmod: -1, Metadata: MetadataOffset},
		{Name: "_row", Type: "integer", OID: 23, Typmod: -1, Metadata: MetadataRow},
		{Name: "_key", Type: "bytea", OID: 17, Typmod: -1, Metadata: MetadataKey},
		{Name: "_headers", Type: "jsonb", OID: 3802, Typmod: -1, Metadata: MetadataHeaders},
		{Name: "arrival_timestamp", Type: "timestamp with time zone", OID: 1184, Typmod: -1, Metadata: MetadataTimestamp},
	}
}

// IsMetadata reports whether a metadata column has that name.
func IsMetadata(name string) bool {
	for _, c := range MetadataColumns() {
		if c.Name == name {
			return true
		}
	}
	return false
}

// WithMetadata returns declared columns and behind them the metadata columns. A
// declared column of the same name takes a metadata column's place away.
func WithMetadata(declared []StreamColumn) []StreamColumn {
	all := append([]StreamColumn(nil), declared...)
	for _, m := range MetadataColumns() {
		if !hasColumn(declared, m.Name) {
			all = append(all, m)
		}
	}
	return all
}

func hasColumn(columns []StreamColumn, name string) bool {
	for i := range columns {
		if columns[i].Name == name {
			return true
		}
	}
	return false
}

// ColumnsOf returns what a view may read of its stream, in an order that never
// changes: the declared columns that the stream had when the view was created
// (where the stream is inferred, those that the view's casts declare), and behind
// them the metadata columns.
func (s *Stream) ColumnsOf(v *View) []StreamColumn {
	if s.Inferred {
		return WithMetadata(v.Columns)
	}
	declared := make([]StreamColumn, 0, len(s.Columns))
	for _, c := range s.Columns {
		if c.Added <= v.Created {
			declared = append(declared, c)
		}
	}
	return WithMetadata(declared)
}
