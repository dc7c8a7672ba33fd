//go:build unix

package respserver

import (
	"os"
	"syscall"
)

// signalOf returns the signal that has ended a process, 0 if none has.
func signalOf(p *os.ProcessState) int {
	if status, ok := p.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return int(status.Signal())
	}
	return 0
}
