package respserver

import (
	"io"

	"github.com/resp-server/resp-server/internal/engine"
)

// Call is a command of a client that Intercept has taken.
type Call struct {
	// Args are the name of the command, as the client sent it, and its arguments.
	Args []string
	// Client is the same for all commands of one connection.
	Client *CallClient
	// Protocol is 2 or 3: the replies that the client understands.
	Protocol int

	taken *engine.Taken
}

// CallClient is a client that has sent a Call. Its methods are safe for concurrent
// use, also when the call is over.
type CallClient struct {
	// Data is for the program.
	Data any

	session *engine.Session
}

// Intercept gives commands that clients send to f, before the server looks at
// them: also those that it does not know, and those of clients that have not logged
// in. takes says which, by the name as the client sent it; it must be quick and
// must not call the server. f may do anything, and take as long as it wants: it has
// a goroutine of its own, its client waits until it returns, and all others go on.
// The reply is what f writes to the client, or what the commands answer that it
// runs.
//
// A server has one f at a time; a nil one ends it. What scripts and Do execute is
// not given to it.
//
//	srv.Intercept(
//		func(name string) bool { return name == "HELLO.WORLD" },
//		func(c *respserver.Call) { io.WriteString(c.Client, "+hello\r\n") },
//	)
func (s *Server) Intercept(takes func(name string) bool, f func(*Call)) {
	var i *engine.Interceptor
	if f != nil {
		i = &engine.Interceptor{
			Takes:  func(args [][]byte) bool { return takes(string(args[0])) },
			Answer: func(t *engine.Taken) { f(newCall(t)) },
		}
	}
	s.engine.Run(func(c *engine.Core) { c.Intercept(i) })
}

func newCall(t *engine.Taken) *Call {
	client, _ := t.Session.Companion.(*CallClient)
	if client == nil {
		client = &CallClient{session: t.Session}
		t.Session.Companion = client
	}
	c := &Call{Client: client, Protocol: t.Proto, Args: make([]string, len(t.Args)), taken: t}
	for i, a := range t.Args {
		c.Args[i] = string(a)
	}
	return c
}

// Run has the server execute a command as if the client had sent it, in its
// database and transaction and with its permissions. The reply goes to the client.
// Run returns when it has been answered; after one that blocks f should return.
func (c *Call) Run(args ...string) {
	words := make([][]byte, len(args))
	for i, a := range args {
		words[i] = []byte(a)
	}
	c.taken.Run(words)
	c.Protocol = c.taken.Proto
}

// ID returns the number that CLIENT ID answers.
func (c *CallClient) ID() uint64 { return c.session.ID }

// Write sends bytes to the client as they are. Nothing comes between the bytes of
// one call. When the client is gone the error is io.ErrClosedPipe.
func (c *CallClient) Write(p []byte) (int, error) {
	if !c.session.Send(p) {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

// Close closes the connection when what was written is sent.
func (c *CallClient) Close() { c.session.HangUp() }

// OnClose has f called, in a goroutine of its own, when the connection is gone.
func (c *CallClient) OnClose(f func()) { c.session.WhenClosed(f) }
