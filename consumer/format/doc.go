// Package format turns the bytes of records into the columns of a batch.
//
// A [Decoder] belongs to one lane: it is not safe for concurrent use, keeps what
// it has learned about the records of its stream, and allocates nothing per
// record once it has seen a few of them. It fills only the columns that some
// view wants, once for all views of the stream.
//
// # JSON
//
// [JSON] gives each column the value that PostgreSQL's
//
//	json_populate_record(NULL::rowtype, value::json)
//
// gives it. A missing field and JSON's null are NULL; the text of a number, a
// boolean or a string goes through the type's input function, so the integer 12
// may be written 12 or "12", but not 12.5 or 1e1; a text column takes strings
// unescaped and everything else, objects and arrays included, as its JSON text.
// json and jsonb take any value as it is, an array takes a JSON array or its literal in a
// string, an enum one of the labels that the catalog has, and a type that PostgreSQL
// alone knows any text.
// Of a key that occurs twice the last one counts.
//
// The whole record is checked, whatever fields are wanted: it is one JSON object
// by RFC 8259, in UTF-8 (a byte order mark before it is skipped), with white
// space around it and nothing else. As json_populate_record does, it refuses
// \u0000 and surrogates without their other half in any string, wanted or not.
// One limit is its own: objects and arrays nest at most [MaxDepth] deep, the
// outermost included.
package format
