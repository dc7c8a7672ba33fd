// Package transport carries bytes between connections and sessions.
//
// It knows no protocol and no engine: it reads into the memory that a Session
// offers, tells it how much came, and writes what the session answers. There is
// one way to do so by a goroutine a connection (TCP, Unix sockets, TLS, on
// every system), one by an event loop (plain TCP and Unix sockets on Linux),
// and an in-memory pipe that is a net.Conn for the client.
package transport

import (
	"errors"
	"net"
)

// Session is the server's side of a connection.
type Session interface {
	// Space returns memory to read into, Feed tells how much was read and runs
	// what is complete. Both are for one goroutine at a time.
	Space() []byte
	Feed(n int)
	// Output returns bytes to write and, given them back, the next ones; nil
	// means that there are none, or that another goroutine is writing them.
	Output(written []byte) []byte
	// Finished tells that the connection is to be closed now: everything is
	// written, or nothing more shall be.
	Finished() bool
	// Close tells that the connection is gone.
	Close()
}

// Conn is what a Session learns about its connection.
type Conn interface {
	// Wake asks for Output to be written from another goroutine. It does not
	// block.
	Wake()
	Addr() string
	LocalAddr() string
	FD() int
}

// NewSession makes the session of a new connection.
type NewSession func(Conn) Session

// Server accepts connections on listeners and carries their bytes.
type Server interface {
	// Serve accepts connections until the listener is closed, in goroutines of
	// its own.
	Serve(net.Listener) error
	// Withdraw closes a listener that Serve was given. Its connections stay.
	Withdraw(net.Listener)
	// Close closes the listeners and waits for all connections, which the
	// sessions' own end closes. waiting is called now and then with the
	// addresses of those that are still there; it may be nil.
	Close(waiting func(addrs []string))
}

// isClosed tells whether an accept loop ended because its listener was closed.
func isClosed(err error) bool { return errors.Is(err, net.ErrClosed) }
