package respserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"

	"github.com/resp-server/resp-server/internal/record"
)

// Tester is the part of *testing.T that StartTest needs.
type Tester interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// StartTest starts a server for a test and stops it when the test ends. A failure
// to start or to stop fails the test. At most one Options may be given.
//
// If the test fails, StartTest prints the last commands of clients, and the keys
// that have changed since the start. For that the Tester needs the methods Failed
// and Logf. Benchmarks keep no commands.
//
// A warning of strict mode fails the test; see Server.Strict. A test that expects
// warnings calls ResetStrict.
//
// Clients may use the test controls: the setting enable-testing-command is yes,
// unless Config says otherwise.
//
// In a testing/synctest bubble the server must be started in the bubble.
//
// Unless the options say where to listen (Addr, UnixSocket, or port, bind or
// unixsocket in Config), the socket opens at the first call of Addr or Addrs: a
// server that is used only through Dial and Do opens none.
func StartTest(t Tester, options ...Options) *TestServer {
	t.Helper()
	var o Options
	switch len(options) {
	case 0:
	case 1:
		o = options[0]
	default:
		t.Fatalf("StartTest: %d Options are given; a server has one", len(options))
		return nil
	}
	o.Config = append([]string{"enable-testing-command yes"}, o.Config...)
	s, err := startServer(o, true)
	if err != nil {
		t.Fatalf("%v", err)
		return nil
	}
	ts := &TestServer{Server: s, t: t, bubble: bubble()}
	if f, ok := t.(failer); ok && o.Shuffle {
		f.Logf("replies are shuffled; Options.Seed: %d repeats their order", s.Seed())
	}
	ts.tail(t)
	t.Cleanup(func() {
		defer s.Close()
		ts.judge(t)
		ts.explain(t)
		if err := s.checkAtEnd(o.Check); err != nil {
			t.Fatalf("the server is inconsistent: %v", err)
		}
	})
	return ts
}

// alwaysCheck makes StartTest check each server, in the tests of this package.
var alwaysCheck bool

func (s *Server) checkAtEnd(asked bool) error {
	if asked || alwaysCheck {
		return s.Check()
	}
	return nil
}

// Check checks the consistency of everything that the server and its spaces hold:
// keys, values, indexes, clients, blocked commands, watched keys, subscriptions,
// timers, counters. It returns an error, which is a bug in this package, or nil. It
// visits every key while clients wait. While a script is busy it checks nothing.
func (s *Server) Check() error {
	errs := []error{s.engine.Check()}
	for _, sp := range s.allSpaces() {
		errs = append(errs, sp.Check())
	}
	return errors.Join(errs...)
}

// TestServer is a Server whose failures fail a test.
type TestServer struct {
	*Server
	t      Tester
	bubble string // the bubble it was started in
	last   *record.Recorder
}

// Addr is Server.Addr, and opens the socket if it is not open yet. It fails the
// test if Options.NoListen forbids sockets, and in a testing/synctest bubble, which
// can't wait for sockets: use Dial there.
func (s *TestServer) Addr() string {
	s.t.Helper()
	s.mustListen()
	return s.Server.Addr()
}

// Addrs is Server.Addrs and opens the sockets, as Addr does.
func (s *TestServer) Addrs() []string {
	s.t.Helper()
	s.mustListen()
	return s.Server.Addrs()
}

func (s *TestServer) mustListen() {
	s.t.Helper()
	if s.member != nil {
		return // it has had its addresses from the start
	}
	if err := s.listen(); err != nil && err != ErrClosed {
		s.t.Fatalf("%v", err)
	}
}

// Must is Do for commands that can't fail: it returns the reply, and an error fails
// the test. Like t.Fatal, it must be called from the goroutine of the test.
func (s *TestServer) Must(args ...any) Reply {
	s.t.Helper()
	if bubble() != s.bubble {
		s.t.Fatalf("%v", errOtherBubble)
		return Reply{}
	}
	r, err := s.Do(context.Background(), args...)
	if err != nil {
		s.t.Fatalf("%.200s: %v", strings.TrimSuffix(fmt.Sprintln(args...), "\n"), err)
	}
	return r
}

// errOtherBubble prevents what would end the process or block forever: goroutines,
// channels and timers of a bubble can't be used from outside.
var errOtherBubble = errors.New("respserver: the server was not started in this testing/synctest bubble; start one in it")

// Dial is Server.Dial, with an error outside the bubble in which the server was
// started.
func (s *TestServer) Dial(ctx context.Context) (net.Conn, error) {
	if bubble() != s.bubble {
		return nil, errOtherBubble
	}
	return s.Server.Dial(ctx)
}

// DialContext is Server.DialContext with the error of Dial.
func (s *TestServer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	return s.Dial(ctx)
}

// bubble returns the number of the testing/synctest bubble of the calling
// goroutine, or "" outside bubbles. Only the header of a stack trace contains the
// number.
func bubble() string {
	var trace [256]byte
	header, _, _ := strings.Cut(string(trace[:runtime.Stack(trace[:], false)]), "\n")
	_, after, _ := strings.Cut(header, "synctest bubble ")
	return after[:len(after)-len(strings.TrimLeft(after, "0123456789"))]
}
