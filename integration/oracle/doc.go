// Package oracle holds continuous views against PostgreSQL's own answer: the
// same SELECT over a plain table with the same rows.
//
// # Scripts
//
// testdata/*.oracle hold the corpus. A directive starts in the first column, its
// body is indented by a tab, # starts a comment line:
//
//	stream NAME [large] [metadata] [option='value' …]
//		column type, …
//
// makes a stream and a plain table of the same columns. Options are those of
// CREATE STREAM. With inferred instead of options there is only a topic: the
// views' casts are its columns. A large stream has groups that need blocks of
// the full size. The plain table of a stream with metadata has the metadata columns
// too; its records are in partition 0, in their order, the early ones first.
//
//	objects NAME
//		SQL
//
// makes what views use besides streams (tables, functions, types) in the schema
// public, before everything else.
//
//	rows STREAM [early] [dead=SQLSTATE] [key=K] [header=NAME:VALUE …] [time=-DURATION]
//		{"column": value, …}
//		"\ufeff{}" = {}
//
// produces records, one a line. A line in Go's quotes is a record with bytes
// that a line cannot have; what follows "=" is how PostgreSQL's json reads it.
// early records are there before any view is created. dead records
// cannot be decoded: each goes to the dead letters with that SQLSTATE. Where the
// stream's format is csv or text, PostgreSQL reads each record by COPY. A time is that
// long before the present hour.
//
//	random STREAM seed=N rows=N [wild]
//
// produces records with values of every column's type. NULLs and missing fields
// are among them; sums are exact in any order, unless wild asks for extremes.
//
//	view NAME [approx=N,…] [loose=N,…] [start=latest] [ordered]
//		SELECT …
//		! expectation
//
// creates a continuous view. Without an expectation it must have the columns
// (names, types) and rows that PostgreSQL's SELECT has, compared as text. approx
// columns are floats that may differ by 1e-9 of their value (1e-6 for real):
// their sums hang on the order. loose columns are compared by what PostgreSQL's
// = sees: which look of equal keys is shown is open. An ordered view has its rows in
// PostgreSQL's order, where others have them in any. The expectations:
//
//	! error SQLSTATE text              refused at CREATE, text is in the message
//	! group SQLSTATE where CONDITION   reading the groups for which the condition
//	                                   holds raises it, in PostgreSQL as well; the
//	                                   others are equal
//	! dead SQLSTATE where CONDITION    the records for which it holds go to the
//	                                   dead letters for this view; the SELECT over
//	                                   the others is equal
//
// # Runs
//
// The corpus runs in process, from records' bytes through decoder, group tables,
// encoded blocks and merger into PostgreSQL, and end to end, by the built binary
// with Kafka between. Each run has options that must not matter: shards,
// sharding policy, partitions, lanes, where flushes and folds are cut, whether a
// partition's owner changes before a fold, one node or two, of which one may die
// in the middle. They are drawn by a seed, which is printed; MILLRACE_ORACLE_SEED
// runs it again. MILLRACE_TEST_FULL=1
// or MILLRACE_ORACLE_FULL=1 runs the whole matrix. MILLRACE_ORACLE_SCRIPTS="groups forms"
// runs these scripts alone.
//
// # Generated views
//
// TestGenerated makes streams, rows and SELECTs by a seed and holds the views against
// PostgreSQL's answers, in process. A view that differs is printed as a script's case,
// made smaller: what is mended goes into testdata/found.oracle.
package oracle
