// Package ddl carries out Millrace's statements: it has PostgreSQL check them,
// writes the catalog, and makes the topics, tables and views that they need.
//
// The catalog is the truth, and everything else is derived from it. So a
// statement checks first all that could be refused (names, types, the SELECT,
// privileges in the database, the topic), then writes the catalog, and then
// carries out in PostgreSQL what the catalog says. Where the last step fails or
// the process dies before it, the node that folds the view's first block makes
// up for it.
package ddl
