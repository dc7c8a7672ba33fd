//go:build unix

package respserver

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"runtime"
	"strconv"
	"syscall"
)

// listenUnix opens a Unix socket.
func listenUnix(path string, perm fs.FileMode, group string) (*net.UnixListener, error) {
	socket, err := bindUnix(path, perm, group)
	if err != nil {
		return nil, err
	}
	defer socket.Close() // FileListener duplicates the descriptor
	err = os.NewSyscallError("listen", syscall.Listen(int(socket.Fd()), syscall.SOMAXCONN))
	var l net.Listener
	if err == nil {
		l, err = net.FileListener(socket)
	}
	if err != nil {
		os.Remove(path)
		return nil, unixError(path, err)
	}
	u := l.(*net.UnixListener)
	u.SetUnlinkOnClose(true)
	return u, nil
}

// bindUnix makes a Unix socket and its file, but does not listen yet. So nobody can
// connect before the file has its group, a name or number, and its mode. An empty
// group and a mode of 0 leave them to the system.
func bindUnix(path string, perm fs.FileMode, group string) (*os.File, error) {
	syscall.ForkLock.RLock() // keeps child processes from inheriting the socket
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, unixError(path, os.NewSyscallError("socket", err))
	}
	socket := os.NewFile(uintptr(fd), path)
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		socket.Close()
		return nil, unixError(path, os.NewSyscallError("bind", err))
	}
	if group != "" {
		err = chgrp(path, group)
	}
	if err == nil && perm != 0 {
		err = os.Chmod(path, perm)
	}
	if err != nil {
		socket.Close()
		os.Remove(path)
		return nil, err
	}
	return socket, nil
}

// chgrp changes the group of a file.
func chgrp(path, group string) error {
	id := group
	if g, err := user.LookupGroup(group); err == nil {
		id = g.Gid
	}
	n, err := strconv.Atoi(id)
	if err != nil {
		return fmt.Errorf("unixsocketgroup: there is no group %q", group)
	}
	return os.Chown(path, -1, n)
}

func unixError(path string, err error) error {
	return &net.OpError{Op: "listen", Net: "unix", Addr: &net.UnixAddr{Name: path, Net: "unix"}, Err: err}
}

// markOption is the socket option for the setting socket-mark-id, by system.
var markOption = map[string]int{"linux": 36 /* SO_MARK */, "freebsd": 0x1015 /* SO_USER_COOKIE */}

// tuneListener sets the backlog, that is how many connections may wait to be
// accepted, and a mark for firewalls, which needs privileges. 0 sets no mark.
func tuneListener(l syscall.Conn, backlog int, mark uint32) error {
	rc, err := l.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = rc.Control(func(fd uintptr) {
		failed = os.NewSyscallError("listen", syscall.Listen(int(fd), backlog)) // listening again changes the backlog
		if mark == 0 || failed != nil {
			return
		}
		option, ok := markOption[runtime.GOOS]
		if !ok {
			failed = fmt.Errorf("socket-mark-id: %w", errors.ErrUnsupported)
			return
		}
		failed = os.NewSyscallError("setsockopt", syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, option, int(mark)))
	})
	return errors.Join(err, failed)
}

// reservedFiles is the number of file descriptors that clients can't have.
const reservedFiles = 32

// roomForClients raises the limit of open files as far as n clients need and the
// system allows, and returns how many clients fit.
func roomForClients(n int64) int64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return n
	}
	need := uint64(n) + reservedFiles
	if uint64(limit.Cur) >= need {
		return n
	}
	raised := limit
	setFiles(&raised.Cur, &raised.Max, need, max(need, uint64(limit.Max)))
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) == nil {
		return n
	}
	setFiles(&raised.Cur, &raised.Max, uint64(limit.Max), uint64(limit.Max)) // raising the hard limit needs privileges
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) == nil {
		limit = raised
	}
	return max(min(n, int64(limit.Cur)-reservedFiles), 1)
}

// setFiles sets the fields of an Rlimit, whose type differs by system.
func setFiles[T int64 | uint64](cur, most *T, files, mostFiles uint64) {
	*cur, *most = T(files), T(mostFiles)
}
