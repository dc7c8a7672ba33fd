package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

// sysPidfdOpen is the number of pidfd_open(2), the same on every architecture that
// Go supports.
const sysPidfdOpen = 434

// parentGone returns a channel that is closed when the parent process ends. One
// thread sleeps until then.
//
// prctl(PR_SET_PDEATHSIG) would not do: it fires when the *thread* that started
// this process ends, and a thread of a test runner may end long before the runner.
func parentGone() (<-chan struct{}, error) {
	parent := os.Getppid()
	fd, _, errno := syscall.Syscall(sysPidfdOpen, uintptr(parent), 0, 0)
	gone := make(chan struct{})
	switch {
	case errno == syscall.ESRCH || errno == 0 && os.Getppid() != parent:
		close(gone) // the parent has already ended
		return gone, nil
	case errno != 0:
		return nil, fmt.Errorf("can't watch process %d: %w", parent, errno)
	}
	go func() {
		defer close(gone)
		const pollIn = 1
		poll := struct {
			fd              int32
			events, revents int16
		}{fd: int32(fd), events: pollIn}
		for {
			_, _, errno := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&poll)), 1, 0, 0, 0, 0)
			if !errors.Is(errno, syscall.EINTR) {
				return
			}
		}
	}()
	return gone, nil
}
