package command

import (
	"syscall"
	"time"
)

// cpuTime returns the processor time of the program. That of its children is
// not available here.
func cpuTime(children bool) (user, sys time.Duration) {
	var created, ended, kernel, own syscall.Filetime
	self, err := syscall.GetCurrentProcess()
	if children || err != nil || syscall.GetProcessTimes(self, &created, &ended, &kernel, &own) != nil {
		return 0, 0
	}
	return span(own), span(kernel)
}

// span converts a length of time in units of 100 ns.
func span(t syscall.Filetime) time.Duration {
	return time.Duration(int64(t.HighDateTime)<<32|int64(t.LowDateTime)) * 100
}
