package respserver

import (
	"io"

	"github.com/resp-server/resp-server/internal/engine"
)

// Call is a client's command that Intercept caught.
type Call struct {
	// Args are the name of the command, as the client sent it, and the arguments.
	Args []string
	// Client is the same pointer for all commands of a connection.
	Client *CallClient
	// Protocol is the RESP version that the client has chosen, 2 or 3.
	Protocol int

	taken *engine.Taken
}

// CallClient is a client that sent a Call. Its methods are safe for concurrent use,
// even after the call has ended.
type CallClient struct {
	// Data belongs to the program.
	Data any

	session *engine.Session
}

// Intercept passes commands of clients to f before the server looks at them, even
// unknown commands and commands of clients that have not logged in. takes selects
// the commands by the name as the client sent it; it must be quick and must not
// call the server. f runs in a goroutine of its own, may do anything and take as
// long as it wants: its client waits until it returns, and all other clients go on.
// The reply is whatever f writes to the client, and the replies of the commands
// that f runs.
//
// A server has one f at a time; a nil f ends the interception. Commands of Do are
// not intercepted, nor are those of scripts: for these see InterceptScripts.
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

// InterceptScripts gives commands that scripts call to f, before the server looks
// at them. f returns the reply as bytes of protocol 2 or 3, or false for what is the
// server's. The server stands still meanwhile, so f must not call it. A nil f ends it.
func (s *Server) InterceptScripts(f func(args []string, protocol int) (reply string, ok bool)) {
	if f == nil {
		s.engine.Run(func(c *engine.Core) { c.InterceptScripts(nil) })
		return
	}
	s.engine.Run(func(c *engine.Core) {
		c.InterceptScripts(func(args [][]byte, proto int) ([]byte, bool) {
			reply, ok := f(texts(args), proto)
			return []byte(reply), ok
		})
	})
}

// texts returns words as strings.
func texts(words [][]byte) []string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return texts
}

func newCall(t *engine.Taken) *Call {
	client, _ := t.Session.Companion.(*CallClient)
	if client == nil {
		client = &CallClient{session: t.Session}
		t.Session.Companion = client
	}
	return &Call{Client: client, Protocol: t.Proto, Args: texts(t.Args), taken: t}
}

// Run makes the server execute a command as if the client had sent it: in its
// database and transaction, and with its permissions. The reply goes to the client.
// Run returns when the reply is complete. If the command blocks, Run returns at
// once, and f should return as well.
func (c *Call) Run(args ...string) {
	words := make([][]byte, len(args))
	for i, a := range args {
		words[i] = []byte(a)
	}
	c.taken.Run(words)
	c.Protocol = c.taken.Proto
}

// ID returns the client id, as CLIENT ID replies it.
func (c *CallClient) ID() uint64 { return c.session.ID }

// Write sends bytes to the client unchanged. The bytes of one call stay together.
// After the client has disconnected, the error is io.ErrClosedPipe.
func (c *CallClient) Write(p []byte) (int, error) {
	if !c.session.Send(p) {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

// Close closes the connection once all output is sent.
func (c *CallClient) Close() { c.session.HangUp() }

// OnClose calls f, in a goroutine of its own, when the connection is closed.
func (c *CallClient) OnClose(f func()) { c.session.WhenClosed(f) }
