// Package localpg runs a PostgreSQL server of our own as a child process, from
// the host's binaries or from a downloaded PostgreSQL 18: for `millrace dev`
// and for the tests.
//
// The server listens on the loopback address only and trusts who connects
// there. Its data is for the moment: it does not wait for the disk (fsync=off),
// which survives a killed server but not a killed machine.
//
// PostgreSQL refuses to run as root. For root all of its programs run as the
// system's user postgres or nobody, who then owns the server's folder.
//
// The package needs no PostgreSQL client: the server's own postmaster.pid says
// when it is ready, as pg_ctl reads it.
package localpg
