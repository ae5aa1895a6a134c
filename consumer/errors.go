package consumer

import "errors"

var (
	errStopped      = errors.New("stopped")
	errAborted      = errors.New("stopped before the last flush was published: it is read again at the next start")
	errFlushTimeout = errors.New("the flush's transaction took longer than its timeout")
	errClaimTimeout = errors.New("claiming a partials partition took longer than 30 s")
)

// ErrStopTimeout occurs when an orderly stop took longer than it may.
var ErrStopTimeout = errors.New("the last flush or the leaving of the group took longer than MILLRACE_STOP_TIMEOUT")
