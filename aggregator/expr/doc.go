// Package expr is the native expression evaluator: PostgreSQL's operators,
// casts and functions over columns.
//
// An expression arrives as the tree of [Node]s that PostgreSQL's analysis gave,
// every function by its pg_proc OID. [Compile] turns it into an [Expr], which
// then answers for whole batches: one loop per node over the selected rows, no
// value boxed, nothing allocated in the steady state.
//
// What is native stands in registration tables, one per subject, from OID to
// kernel. Everything else is refused by Compile with SQLSTATE 0A000. What a
// native function returns for a value, NULLs, SQLSTATEs and messages included,
// is what PostgreSQL returns: testdata holds PostgreSQL's own answers for every
// registered function.
//
// Rules that hold throughout:
//
//   - A vector is as long as the batch and written only at selected rows.
//   - A function is strict: NULL for a NULL argument, without being called.
//   - A row that fails gets the first error on its way, in [RowErrors], and
//     NULL as its value; it disturbs no other row.
//   - AND, OR, CASE, COALESCE, NULLIF and IN narrow the selection, so that an
//     argument is evaluated only for the rows that need it.
//
// Differences from PostgreSQL: text compares by bytes (COLLATE "C"); upper, lower
// and initcap map each character by itself (Unicode's simple mapping, that of the
// C library's UTF-8 locales; not ICU's); where PostgreSQL 15 silently wraps a
// time or an interval around, this raises the error that 17 raises; exp, ln, log
// and power of floats may rarely differ in the last of seventeen digits.
package expr
