package main

import "os"

// parentGone returns a channel that is closed when the parent process ends. One
// thread sleeps until then.
func parentGone() (<-chan struct{}, error) {
	gone := make(chan struct{})
	parent, err := os.FindProcess(os.Getppid())
	if err != nil {
		close(gone) // the parent has already ended
		return gone, nil
	}
	go func() {
		defer close(gone)
		parent.Wait()
	}()
	return gone, nil
}
