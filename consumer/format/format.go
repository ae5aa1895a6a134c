package format

import (
	"time"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// Field is one wanted column of a stream.
type Field struct {
	// Name is the column's name, and the key of its value in a JSON object.
	Name string
	// Column is its place in [column.Batch.Columns], that is, in the schema.
	Column int
	Type   datum.Type
	// Typmod is the column's pg_attribute.atttypmod: -1 for none, n+4 for
	// varchar(n), ((p<<16)|(s&0x7ff))+4 for numeric(p,s), the digits of the
	// second for a timestamp.
	Typmod int32
	// NotNull refuses records without a value for the column.
	NotNull bool
	// Default is the text of the value that the column has where a record has no
	// field for it, other than NULL; nil for NULL.
	Default *string
	// Enum is the type of a column of labels, or of arrays of them, nil for others.
	Enum *topology.Enum
}

// Env is what values' meaning hangs on besides their text.
type Env struct {
	// Zone is the TimeZone that a timestamp with time zone without one is in;
	// nil is UTC.
	Zone *time.Location
}

// Decoder is what a lane needs of a format.
type Decoder interface {
	// Begin makes a batch ready: Rows is 0, and each wanted column has a vector
	// of [column.BatchRows] rows, all NULL. It reuses the vectors it finds and
	// leaves the other columns alone.
	Begin(b *column.Batch)
	// Append decodes one record's value into the rows from b.Rows on, of which
	// there may be any number in a format of lines, and raises b.Rows by it. On
	// an error the batch is as it was before; [NoRoom] is one that says that the
	// record is to be appended again when the batch has been emptied. The caller
	// keeps the value; b was begun by this decoder and is not [Full].
	Append(b *column.Batch, value []byte) *datum.Error
	// Seen tells what the records so far had in them.
	Seen() Seen
}

// Seen is what the records of one decoder had in them: enough to say that a
// declared column has been NULL in all of them, and which fields there were.
type Seen struct {
	// Records is how many were decoded without an error.
	Records int64
	// NonNull tells for each wanted field, in the order given to the decoder,
	// whether some record had a value for it.
	NonNull []bool
	// Others are names of top-level fields that are not wanted, at most 20, in
	// the order they were met among the first 1,000 records.
	Others []string
}

// maxArena is where a text column's bytes make a batch full. An arena's limit is
// 4 GiB; a record is far below the difference.
const maxArena = 256 << 20

// NoRoom is what a decoder returns for a record whose rows do not fit behind those
// that a batch has. It is compared, never shown.
var NoRoom = &datum.Error{Code: datum.CodeProgramLimitExceeded, Message: "the batch is full"}

// Full reports whether a batch takes no further record: it has
// [column.BatchRows] rows, or a column's bytes are many.
func Full(b *column.Batch) bool {
	if b.Rows >= column.BatchRows {
		return true
	}
	for _, v := range b.Columns {
		if v != nil && len(v.Arena) > maxArena {
			return true
		}
	}
	return false
}
