// Package datum holds PostgreSQL's value types in Go: how they are read, printed,
// calculated with, compared and encoded, with PostgreSQL's digits, SQLSTATEs and
// wording. Its reference is PostgreSQL 15; testdata holds that server's own answers.
//
// How each type is kept is said at [Physical]. Values are plain Go values: int64,
// float64, [Span], and [Decimal] for numeric, which stands in vectors as the bytes
// of [AppendDecimal]; other types that vectors keep as bytes are just these. What is
// done alike for every type takes a value by itself, as bytes (see [Input]). Canonical keys ([AppendKeyInt] and its like) are a persisted format.
//
// Where PostgreSQL 15 to 18 do not agree on a text, or its meaning changes with the
// clock (now, today), the text is refused; TestRefused lists those forms.
//
// A function's *Error is nil or a complete PostgreSQL error; it is a concrete type
// on purpose, so compare it with nil before it becomes an error interface.
package datum
