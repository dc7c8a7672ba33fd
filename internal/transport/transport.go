// Package transport carries bytes between connections and sessions.
//
// It knows no protocol and no engine: it reads into memory that a Session provides,
// reports how much it read, and writes the session's output. There are three ways:
// a goroutine per connection (TCP, Unix sockets, TLS, on every system), an event
// loop (plain TCP and Unix sockets on Linux), and an in-memory pipe, which is a
// net.Conn for the client.
package transport

import (
	"errors"
	"net"
)

// Session is the server's side of a connection.
type Session interface {
	// Space returns memory to read into. Feed reports how many bytes were read, and
	// runs complete requests. Only one goroutine at a time may call them.
	Space() []byte
	Feed(n int)
	// Output returns bytes to write. The caller passes them to the next call, which
	// returns the next ones. nil means that there are none, or that another
	// goroutine is writing them.
	Output(written []byte) []byte
	// Finished reports whether to close the connection now: all output is written,
	// or no more is to be written.
	Finished() bool
	// Close tells the session that the connection is gone.
	Close()
}

// Batched is a Session whose Feed has two parts, so that several can run one after
// another without that others come in between: Receive takes the bytes, Run runs what
// is complete, between Begin and End of the Executor, and returns about how much output
// that made.
type Batched interface {
	Session
	Receive(n int)
	Run() (output int)
}

// Executor lets one thread at a time run what Batched sessions have received. Nothing
// of what they answer may be written before End.
type Executor interface {
	Begin()
	End()
}

// Conn is the view of a Session on its connection.
type Conn interface {
	// Wake requests that another goroutine writes the Output. It does not block.
	Wake()
	Addr() string
	LocalAddr() string
	FD() int
}

// NewSession returns the session for a new connection.
type NewSession func(Conn) Session

// Server accepts connections from listeners and serves them.
type Server interface {
	// Serve accepts connections until the listener is closed, in goroutines of its
	// own.
	Serve(net.Listener) error
	// Withdraw closes a listener of Serve. Its connections stay.
	Withdraw(net.Listener)
	// Close closes the listeners and waits for all connections, which end with
	// their sessions. From time to time it calls waiting with the addresses of the
	// remaining ones; waiting may be nil.
	Close(waiting func(addrs []string))
}

// isClosed reports whether an accept loop ended because its listener was closed.
func isClosed(err error) bool { return errors.Is(err, net.ErrClosed) }
