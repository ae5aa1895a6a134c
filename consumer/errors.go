package consumer

import "errors"

// ErrClaimLost occurs when a fold finds that another owner has claimed the
// partition, or that its position moved. Nothing was written.
var ErrClaimLost = errors.New("claim on the partials partition lost")

// ErrOutcomeUnknown occurs when the answer to a fold's COMMIT was lost: it may
// or may not have happened.
var ErrOutcomeUnknown = errors.New("outcome of the fold unknown")
