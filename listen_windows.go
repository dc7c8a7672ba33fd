package respserver

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"
)

// listenUnix opens a Unix socket. Socket files have no modes or groups on Windows.
func listenUnix(path string, _ fs.FileMode, _ string) (*net.UnixListener, error) {
	return net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
}

// tuneListener leaves the backlog to the system, as Go does on Windows. Windows has
// no socket marks.
func tuneListener(_ syscall.Conn, _ int, mark uint32) error {
	if mark != 0 {
		return fmt.Errorf("socket-mark-id: %w", errors.ErrUnsupported)
	}
	return nil
}

// roomForClients returns n: Windows has no such limit.
func roomForClients(n int64) int64 { return n }
