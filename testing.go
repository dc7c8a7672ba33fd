package respserver

// Tester is the part of *testing.T that StartTest needs.
type Tester interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// StartTest returns a server for a test: it is ready, and stopped when the
// test ends. A failure fails the test. At most one Options may be given.
//
// Its socket opens when Addr is first called: a server that is used only
// through Dial and Do opens none.
func StartTest(t Tester, options ...Options) *TestServer {
	t.Helper()
	var o Options
	if len(options) > 0 {
		o = options[0]
	}
	s, err := newServer(o)
	if err != nil {
		t.Fatalf("%v", err)
		return nil
	}
	t.Cleanup(func() { s.Close() })
	return &TestServer{Server: s, t: t}
}

// TestServer is a Server whose failures fail a test.
type TestServer struct {
	*Server
	t Tester
}

// Addr opens the socket, if that has not happened yet, and returns the
// address.
func (s *TestServer) Addr() string {
	s.t.Helper()
	if err := s.listen(); err != nil && err != ErrClosed {
		s.t.Fatalf("%v", err)
	}
	return s.Server.Addr()
}
