// Package sink folds into PostgreSQL, exactly once, and reads back what it keeps
// there.
//
// # One fold
//
// A fold is one transaction: it moves the partition's position, if its claim
// still stands and the position is the expected one; it merges each view's
// groups into that view's table, one row change per group; it moves the ledger. A fold
// that finds the claim gone writes nothing, and so does one that fails anywhere.
// Only a lost answer to COMMIT leaves a doubt, and says so.
//
// # Claims
//
// A claim is a random id in millrace.partitions. Claiming replaces it, so
// whoever held it before can commit no more, however late it wakes. Where the
// old owner is stuck in the middle of a fold, it holds the row; a claim waits
// for it for [Config.TakeoverWait] and then ends its backend, which is found by
// the row itself (the transaction that locked it), so no one else's is ended.
//
// Whichever way the owner is stuck, its backend ends: paused in the middle of a
// transaction or of COMMIT, in the middle of reading the ledger that a claim
// brings, or behind a lock that a person holds on a result table. Of two
// claimants that waited for one stuck fold the slower spares what the faster has
// begun meanwhile. The ledger stands beside the claim: each of a fold's entries
// says where it goes on from, and a fold that does not continue what is there
// is refused ([aggregator.ErrLedger]), whatever claim and position say.
//
// # Nodes
//
// A [Registry] is a process's entry among the nodes: a row in millrace.nodes, and
// an advisory lock that its session holds while the process lives. The server
// frees it in the moment in which the process ends, about 11 s after its
// machine vanished, and never because the process is stopped. Who looks sees a
// node alive whose row names the session that holds its lock; that a rescuer
// holds it, in [Registry.Seize], makes no node alive.
//
//   - The session is lost (a restart, a failover, an administrator): the next
//     call makes another, ends the former one where the server has not noticed,
//     waits for a rescuer, and takes the name again, if the row is still of this start.
//   - Another process has entered meanwhile: [topology.NameTakenError]. A row of
//     an earlier start than this one is what a failover left; it is written again.
//   - It was taken for dead: it comes back as one whose lanes were fenced.
//   - A rescuer is stopped: PostgreSQL ends its session after 10 s.
//   - A pooler changes sessions between transactions: [ErrPooled].
//
// # Groups in error
//
// PostgreSQL refuses a whole statement where one group's sum is out of range.
// The fold is then carried out again in halves, until that group is alone: it
// is marked in error with PostgreSQL's SQLSTATE and message, keeps its row, and
// raises that error when its results are read. Everything else folds.
//
// # Errors
//
// [Retryable] says whether the same call may succeed later; [ViewError] that
// just one view is at fault; [Explain] words an error for people.
//
// # Metrics
//
// See metrics.go: millrace_fold_seconds, millrace_fold_rows_total,
// millrace_fold_failed_groups_total, millrace_fold_errors_total,
// millrace_claims_total, millrace_takeovers_total.
package sink
