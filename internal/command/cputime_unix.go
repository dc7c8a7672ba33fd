//go:build unix

package command

import (
	"syscall"
	"time"
)

// cpuTime returns the processor time that the program has used.
func cpuTime() (user, sys time.Duration, ok bool) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0, 0, false
	}
	return time.Duration(u.Utime.Nano()), time.Duration(u.Stime.Nano()), true
}
