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
