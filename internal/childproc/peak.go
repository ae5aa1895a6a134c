package childproc

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// Peak is the most physical memory that the child has had at a time, in bytes. On
// Linux it can be asked while the child runs, elsewhere after its end; 0 where it
// cannot be told. After the end Linux counts what this process had when it
// started the child as well, for the two were one for a moment: ask before.
func (p *Process) Peak() int64 {
	if !p.Ended() {
		return highWater(p.Pid())
	}
	if p.cmd.ProcessState == nil {
		return 0
	}
	used, ok := p.cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	size := int64(used.Maxrss) //nolint:unconvert // 32 bits wide on some systems
	if runtime.GOOS == "darwin" {
		return size
	}
	return size << 10
}

// highWater reads VmHWM of a process, which the system writes in KiB.
func highWater(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kib << 10
		}
	}
	return 0
}
