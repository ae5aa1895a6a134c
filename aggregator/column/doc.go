// Package column holds typed, columnar batches of values: the form in which
// everything moves from the decoder to the partials.
//
// A [Batch] is some thousand rows; a [Vector] is one column of it, addressed by
// row. Which rows of a batch still take part is a selection: an ascending
// []int32 of row numbers. Values of rows outside the selection are undefined
// and must not be read, so filtering never copies a value.
//
// Vectors are reused: Reset keeps their memory, and in the steady state nothing
// here allocates.
package column
