//go:build millrace_faults

package fault

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// Inject reads what harm to do:
//
//	MILLRACE_FAULT_KILL=flush.produced:3   SIGKILL at the third time there
//	MILLRACE_FAULTS=fold.position,…        these guards are left out
func Inject() func(point string) bool {
	where, count, _ := strings.Cut(os.Getenv("MILLRACE_FAULT_KILL"), ":")
	after, err := strconv.ParseInt(count, 10, 64)
	if err != nil {
		after = 1
	}
	guards := strings.Split(os.Getenv("MILLRACE_FAULTS"), ",")
	var hits atomic.Int64
	return func(point string) bool {
		if point == where && hits.Add(1) == after {
			fmt.Fprintf(os.Stderr, "fault: killed at %s, time %d\n", point, after)
			syscall.Kill(os.Getpid(), syscall.SIGKILL) //nolint:errcheck // nothing is left to be told
			select {}
		}
		return slices.Contains(guards, point)
	}
}
