// Package psql prints as PostgreSQL's psql does: tables in its aligned format,
// errors with line and caret, notices. Who knows psql can read Millrace, and
// what is compared with psql's output is compared byte by byte.
package psql
