// Package enginetest uses sessions of an engine directly, with no transport. It is
// for tests.
package enginetest

import (
	"testing"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
)

// Conn is the address of a connection that carries nothing: what is answered stays
// in the session's output.
type Conn string

// Wake does nothing.
func (Conn) Wake() {}

// Addr returns the address.
func (c Conn) Addr() string { return string(c) }

// LocalAddr returns the address, too.
func (c Conn) LocalAddr() string { return string(c) }

// FD returns -1: there is no descriptor.
func (Conn) FD() int { return -1 }

// Send feeds text to a session, in as many pieces as its buffer takes.
func Send(s *engine.Session, text string) {
	for len(text) > 0 {
		n := copy(s.Space(), text)
		s.Feed(n)
		text = text[n:]
	}
}

// Output returns all that a session has answered since the last call.
func Output(s *engine.Session) (all []byte) {
	for out := s.Output(nil); out != nil; out = s.Output(out) {
		all = append(all, out...)
	}
	return all
}

// Replies returns the replies and messages in Output.
func Replies(tb testing.TB, s *engine.Session) (all []resp.Reply) {
	tb.Helper()
	for rest := Output(s); len(rest) > 0; {
		r, after, err := resp.ParseReply(rest)
		if err != nil {
			tb.Fatal(err)
		}
		all, rest = append(all, r), after
	}
	return all
}

// CloseAtEnd closes an engine at the end of the test, and fails the test if the
// engine is inconsistent then.
func CloseAtEnd(tb testing.TB, e *engine.Engine) {
	tb.Cleanup(func() {
		defer e.Close()
		if err := e.Check(); err != nil {
			tb.Errorf("the engine is inconsistent: %v", err)
		}
	})
}
