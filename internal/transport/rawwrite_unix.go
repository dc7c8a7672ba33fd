//go:build unix

package transport

import (
	"net"
	"syscall"
)

// rawWriter returns a writer to a socket that never waits for room in the socket's
// buffer, or nil if nc is no socket.
func rawWriter(nc net.Conn) tryWriter {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil
	}
	rc, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	w := &socketWriter{rc: rc}
	w.write = w.once
	return w
}

type socketWriter struct {
	rc    syscall.RawConn
	write func(fd uintptr) bool
	p     []byte
	n     int
	err   error
}

func (w *socketWriter) TryWrite(p []byte) (int, error) {
	w.p, w.n, w.err = p, 0, nil
	if err := w.rc.Write(w.write); err != nil {
		return 0, err
	}
	w.p = nil
	return w.n, w.err
}

// once writes once, which never blocks because Go's sockets are non-blocking. It
// returns true so that the runtime does not wait for room.
func (w *socketWriter) once(fd uintptr) bool {
	for {
		n, err := syscall.Write(int(fd), w.p)
		switch err {
		case nil:
			w.n = n
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
		default:
			w.err = err
		}
		return true
	}
}

// descriptor returns the file descriptor of a socket, -1 if it has none.
func descriptor(nc net.Conn) int {
	fd := -1
	if sc, ok := nc.(syscall.Conn); ok {
		if rc, err := sc.SyscallConn(); err == nil {
			rc.Control(func(f uintptr) { fd = int(f) })
		}
	}
	return fd
}
