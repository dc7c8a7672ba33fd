//go:build unix

package command

import (
	"syscall"
	"time"
)

// cpuTime returns the processor time that the program has used, or that the
// programs which it started have.
func cpuTime(children bool) (user, sys time.Duration) {
	who := syscall.RUSAGE_SELF
	if children {
		who = syscall.RUSAGE_CHILDREN
	}
	var u syscall.Rusage
	if syscall.Getrusage(who, &u) != nil {
		return 0, 0
	}
	return time.Duration(u.Utime.Nano()), time.Duration(u.Stime.Nano())
}
