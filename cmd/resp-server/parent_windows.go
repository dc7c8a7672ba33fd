package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// errInvalidParameter is ERROR_INVALID_PARAMETER, which OpenProcess returns if
// no process has the number.
const errInvalidParameter = syscall.Errno(87)

// parentGone returns a channel that is closed when the parent process ends. One
// thread sleeps until then.
func parentGone() (<-chan struct{}, error) {
	gone := make(chan struct{})
	number := os.Getppid()
	parent, err := os.FindProcess(number)
	switch {
	case errors.Is(err, errInvalidParameter):
		close(gone) // the parent has already ended
		return gone, nil
	case err != nil: // as for one that runs with more rights
		return nil, fmt.Errorf("can't watch process %d: %w", number, err)
	}
	go func() {
		defer close(gone)
		parent.Wait()
	}()
	return gone, nil
}
