// Package rows writes rows, whose values are texts as PostgreSQL prints them, as
// the records of a stream's format: what the format's decoder reads back is what
// PostgreSQL had.
package rows
