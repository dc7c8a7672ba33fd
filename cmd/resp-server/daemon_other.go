//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package main

import (
	"errors"
	"io"
	"os"
)

func inBackground() bool { return false }

// daemonize is not supported on this system.
func daemonize([]string, string, io.Writer) (int, error) {
	return 1, errors.New("this system has no daemons: start resp-server with \"daemonize no\" as a service or in a window of its own")
}

func detach(*os.File) error { return errors.ErrUnsupported }

func stopMyself() error { return errors.ErrUnsupported }

func become(string, []string) error { return errors.ErrUnsupported }
