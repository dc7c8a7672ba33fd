package respserver

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"
)

// listenUnix opens a Unix socket. Files have no modes and groups here.
func listenUnix(path string, _ fs.FileMode, _ string) (*net.UnixListener, error) {
	return net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
}

// tuneListener changes nothing: Go lets the system decide how many connections may
// wait, and there are no marks.
func tuneListener(_ syscall.Conn, _ int, mark uint32) error {
	if mark != 0 {
		return fmt.Errorf("socket-mark-id: %w", errors.ErrUnsupported)
	}
	return nil
}

// roomForClients returns n: there is no such limit.
func roomForClients(n int64) int64 { return n }
