// Package embedded is the broker and the database of `millrace dev`: a whole
// system on a laptop with nothing to install.
//
// Both are for the moment. The broker (kfake) keeps its topics in memory, and
// its transactions do not survive a kill; the database (PostgreSQL 18,
// downloaded once) has a new folder at every start. They are started and thrown
// away together, because positions in the one only mean something with the
// other.
package embedded
