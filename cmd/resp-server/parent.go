package main

import (
	"errors"
	"os"
)

// watchParent returns a channel that is closed when the parent process ends. The
// first process of a container sees no parent, and ends with the container: its
// channel is nil.
func watchParent() (<-chan struct{}, error) {
	if os.Getppid() != 0 {
		return parentGone()
	}
	if os.Getpid() != 1 {
		return nil, errors.New("the process that started this one is outside of the container")
	}
	return nil, nil
}
