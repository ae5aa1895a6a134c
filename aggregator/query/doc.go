// Package query turns a SELECT that PostgreSQL has analysed into the checked
// plan of a continuous view.
//
// An [Analysis] (made by sink/analyse, kept in the catalog) and a stream's
// [Schema] go into [Build]; a [Plan] comes out: the filter, the keys and the
// physical aggregates for the workers, and the SQL with which PostgreSQL
// finishes the view when it is read. What cannot be continuous, or is not built
// yet, is refused with SQLSTATE 0A000 and its place in the text. Nothing is
// accepted and then wrong: a node of the tree that is not known is refused.
//
// # Why the analysed tree
//
// Two forms of PostgreSQL's analysis can be had of a view: its tree
// (pg_rewrite.ev_action) and its normalised text (pg_get_viewdef). Both were
// tried on PostgreSQL 15.18 and 18.3 with the same SELECTs.
//
// The tree names every function, operator, cast and type by its OID, implicit
// casts included: `c > 1` over a numeric is numeric_gt(c, numeric(1)), and the
// OIDs of what PostgreSQL brings along are the same in every version. It needs
// a reader of 150 lines, because its syntax is regular and its fields are named.
// The text would need a second parser of SQL expressions, with PostgreSQL's
// precedences, and then its name resolution: which of 14 functions called
// date_trunc or + is meant, which casts are implicit, what type a literal has.
// All that is what PostgreSQL was asked for. The text is not even steady: 15
// prints `s.b`, 16 to 18 print `b`.
//
// What differs between versions, and how it is met:
//
//   - Up to 15 a view's range table starts with OLD and NEW, so FROM's entry is
//     found by its number in the join tree, never by its place.
//   - From 17 on places in the text are stored as -1. They are never read: errors
//     are placed by a search of the text's tokens (see clauses), on every version.
//   - From 18 on GROUP BY expressions stand in a range table entry of their own,
//     and outputs refer to them. They are put back in before anything else, so
//     that one rule finds them in all versions: equal trees, as in equal().
//   - Fields come and go. They are looked up by name, and only those that give a
//     node its meaning.
//
// testdata/analyses holds what 15 to 18 answered for each SELECT of
// testdata/scripts; the plans must be the same.
//
// # The plan
//
// An aggregate becomes one or two physical ones, each kept once for its kind,
// argument and filter: avg(x) is sum(x) and count(x), shared with any other sum
// or count of x. Division, rounding and every expression over aggregates are left
// to PostgreSQL, so the digits are its own. A key or state that is an output
// column just as it is takes that column's name in v_mrel (PipelineDB's layout);
// the others are called _key_1, _sum_1, _count_1 and so on.
//
// What a row of the view is, the form of the SELECT says: see form.go. Its keys are
// GROUP BY expressions, whatever is selected (DISTINCT), or where a record is
// (append-only views, whose selected values are carried beside the key). Several
// grouping sets add a key that workers make, the number of the set.
//
// Text is compared, and min and max of text are taken, as COLLATE "C".
//
// # What PostgreSQL evaluates
//
// An expression over rows that [expr.Compile] or its conversion refuses, and a FROM
// with more than the stream, make a plan with a row program ([Remote]): one
// statement for a whole batch. At CREATE a [Draft] of it is made: the analyser has
// PostgreSQL look at pieces of the user's text until their trees, compared by
// fingerprints, are those of what is needed; then at the program itself, whose
// expressions, FROM and WHERE must be the original's. It is never deparsed from the
// tree, so what Millrace does not know it cannot get wrong. pg_get_viewdef with an
// empty search_path then qualifies it, and the [Program] is kept in the analysis
// with the places in the tree of what it returns. Build finds those again, whatever
// has become native since.
//
// Deparsing the tree was the other way: a writer for each of some 60 nodes, of which
// PostgreSQL's own has 10,000 lines. A statement for each expression would read
// tables at different moments and cost as many exchanges.
//
// In the output a [Fragment] is what is found in the same way: a constant of a type
// that Millrace does not know, a sub-SELECT over tables.
package query
