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
//	MILLRACE_FAULT_STOP=fold.rows:2        SIGSTOP at the second time there
//	MILLRACE_FAULTS=fold.position,…        these guards are left out
func Inject() func(point string) bool {
	kill, stop := at("MILLRACE_FAULT_KILL"), at("MILLRACE_FAULT_STOP")
	guards := strings.Split(os.Getenv("MILLRACE_FAULTS"), ",")
	return func(point string) bool {
		if kill.reached(point) {
			signal(syscall.SIGKILL, "killed", point)
			select {}
		}
		if stop.reached(point) {
			signal(syscall.SIGSTOP, "stopped", point)
		}
		return slices.Contains(guards, point)
	}
}

// place is a point that is to be reached for the n-th time.
type place struct {
	point string
	nth   int64
	hits  atomic.Int64
}

// at reads a place such as flush.produced:3 from a variable; without a number
// it is the first time.
func at(variable string) *place {
	point, count, _ := strings.Cut(os.Getenv(variable), ":")
	nth, err := strconv.ParseInt(count, 10, 64)
	if err != nil {
		nth = 1
	}
	return &place{point: point, nth: nth}
}

func (p *place) reached(point string) bool { return point == p.point && p.hits.Add(1) == p.nth }

// signal sends this process a signal, and says so.
func signal(s syscall.Signal, what, point string) {
	fmt.Fprintf(os.Stderr, "fault: %s at %s\n", what, point)
	syscall.Kill(os.Getpid(), s) //nolint:errcheck // nothing is left to be told
}
