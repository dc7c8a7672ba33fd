//go:build unix

package command

import (
	"syscall"
	"time"
)

// cpuTime returns the processor time of the program or of its children.
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
