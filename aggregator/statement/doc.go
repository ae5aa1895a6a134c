// Package statement tells what kind of SQL statement a text is.
//
// [Split] cuts a script into statements, [Parse] names the kind of one:
// Millrace's own statements (streams, continuous views, pipelinedb.flush()) are
// taken apart completely; everything else is [Postgres] and goes to the target
// database as it is. Nothing here understands an expression: a continuous
// view's SELECT stays text, and PostgreSQL itself analyses it.
//
// The [Lexer] follows PostgreSQL's scan.l with standard_conforming_strings on:
// folded and quoted identifiers, U&, escape and dollar-quoted strings, nested
// comments, numbers, operators. Positions are 1-based and count characters, as
// PostgreSQL's error positions do, so that one caret fits both.
//
// Errors are [*datum.Error], worded as PostgreSQL's, with their position.
package statement
