// Package console writes for people: progress that is drawn in place on a
// terminal and line by line elsewhere, colours only on a terminal, numbers with
// thousands marks.
package console
