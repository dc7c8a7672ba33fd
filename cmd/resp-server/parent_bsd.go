//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// parentGone returns a channel that is closed when the parent process ends. One
// thread sleeps until then.
func parentGone() (<-chan struct{}, error) {
	parent := os.Getppid()
	kq, err := syscall.Kqueue()
	if err != nil {
		return nil, err
	}
	var watch syscall.Kevent_t
	syscall.SetKevent(&watch, parent, syscall.EVFILT_PROC, syscall.EV_ADD)
	watch.Fflags = syscall.NOTE_EXIT
	_, err = syscall.Kevent(kq, []syscall.Kevent_t{watch}, nil, nil)
	gone := make(chan struct{})
	switch {
	case errors.Is(err, syscall.ESRCH) || err == nil && os.Getppid() != parent:
		close(gone) // the parent has already ended
		return gone, nil
	case err != nil:
		return nil, fmt.Errorf("can't watch process %d: %w", parent, err)
	}
	go func() {
		defer close(gone)
		for {
			_, err := syscall.Kevent(kq, nil, make([]syscall.Kevent_t, 1), nil)
			if !errors.Is(err, syscall.EINTR) {
				return
			}
		}
	}()
	return gone, nil
}
