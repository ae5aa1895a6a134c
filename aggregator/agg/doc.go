// Package agg holds the aggregate functions that Millrace computes itself: each
// is an [Accumulator] with flat state per group id, one file each, registered
// in one table (registry.go). Those over integers are one file together: what
// they keep of the same argument is one [tally], updated in one pass.
//
// Tallies have their words in a table's [Rows], beside the key and beside each
// other; the others, whose states are of varying length or rare, in arrays of
// their own.
//
// What is registered here is physical: what a group keeps, and what PostgreSQL
// adds up in the result table. SQL's aggregates are made of these: avg(x) is
// sum(x) and count(x), finished by PostgreSQL at read.
//
// To add one: write its file, add its line to the table. The laws test, the
// pointer test and the round trip through partials take it up by themselves.
package agg
