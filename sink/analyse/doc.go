// Package analyse has PostgreSQL analyse what users write: the types of a
// stream's columns and the SELECT of a continuous view.
//
// Nothing is left behind. [Analyse] opens a transaction, makes a temporary table
// of the stream and a temporary view of the SELECT, reads what PostgreSQL's
// parser made of it (pg_rewrite.ev_action, the analysed tree), looks up the
// names of all that the tree refers to, and rolls back: 2 ms. The temporary
// table has the stream's bare name and stands first in every search_path, so
// that FROM finds it and nothing else of that name.
//
// Text columns are declared COLLATE "C", the order that Millrace keeps.
//
// A SELECT is checked to be just one statement before PostgreSQL sees it, and
// goes through the extended protocol, which carries only one.
//
// PostgreSQL's errors come back as [*datum.Error], with their position moved
// into the user's statement.
package analyse
