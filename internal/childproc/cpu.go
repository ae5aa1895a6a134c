package childproc

import "time"

// CPU is the processor time that the child took, user's and system's together,
// over its whole life. It waits for the child's end.
func (p *Process) CPU() time.Duration {
	<-p.done
	if p.cmd.ProcessState == nil {
		return 0
	}
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
}
