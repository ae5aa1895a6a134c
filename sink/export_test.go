package sink

import "time"

// WaitShortly makes Enter give up soon.
func (r *Registry) WaitShortly() { r.enterWait = 50 * time.Millisecond }
