package respserver

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/transport"
)

// Spaces are private servers behind the sockets of one server: a client that logs
// in as the user "space:NAME", or sends TESTING SPACE NAME, is served by a fork of
// the server from then on.

// spaces holds the spaces of a server.
type spaces struct {
	mu      sync.Mutex
	byName  map[string]*space
	watches []*watch // recorders of the server that also observe its spaces
}

type space struct {
	*Server
	clients int
	leaving bool // ends with its last client
}

// maxSpaces limits how many spaces clients can make.
const maxSpaces = 10_000

// enterSpace returns the engine of a space, which it makes if necessary. The caller
// holds the lock of c's engine.
func (s *Server) enterSpace(c *engine.Core, name string) (*engine.Engine, error) {
	if s.space != "" { // a space has no spaces: the name is that of a neighbour
		if name == s.space {
			return s.engine, nil
		}
		return s.parent.knownSpace(name)
	}
	s.spaces.mu.Lock()
	defer s.spaces.mu.Unlock()
	if sp := s.spaces.byName[name]; sp != nil {
		return sp.engine, nil
	}
	if len(s.spaces.byName) >= maxSpaces {
		return nil, fmt.Errorf("there are %d spaces already", maxSpaces)
	}
	f, err := s.forkFrom(c.State(), name)
	if err != nil {
		return nil, err
	}
	for _, w := range s.spaces.watches {
		w.ends[f] = f.observe(w)
	}
	if s.spaces.byName == nil {
		s.spaces.byName = make(map[string]*space)
	}
	sp := &space{Server: f, leaving: c.Config.Spaces == "ephemeral"}
	s.spaces.byName[name] = sp
	go func() { // SHUTDOWN may end the space
		<-f.done
		s.dropSpace(name, sp)
	}()
	return f.engine, nil
}

// Space returns the private server with the given name behind the sockets of this
// one, and makes it if necessary. All controls work on it: clock, faults,
// recordings, fixtures. It needs the setting spaces. CloseSpace or Close ends it.
func (s *Server) Space(name string) (*Server, error) {
	if s.space == name && name != "" {
		return s, nil
	}
	var err error
	s.engine.Run(func(c *engine.Core) {
		if c.Config.Spaces == "no" {
			err = errors.New("this server has no spaces; see the setting 'spaces'")
			return
		}
		_, err = s.enterSpace(c, name)
	})
	if err != nil {
		return nil, fmt.Errorf("respserver: %w", err)
	}
	root := s
	if s.space != "" {
		root = s.parent
	}
	root.spaces.mu.Lock()
	defer root.spaces.mu.Unlock()
	if sp := root.spaces.byName[name]; sp != nil {
		return sp.Server, nil
	}
	return nil, ErrClosed
}

// knownSpace returns the engine of an existing space for a client of another space.
// It makes none: that would fork the parent, whose lock the caller must not take.
func (s *Server) knownSpace(name string) (*engine.Engine, error) {
	s.spaces.mu.Lock()
	defer s.spaces.mu.Unlock()
	if sp := s.spaces.byName[name]; sp != nil {
		return sp.engine, nil
	}
	return nil, fmt.Errorf("no space is called '%s'; connect anew to make it", name)
}

func (s *Server) dropSpace(name string, sp *space) {
	s.spaces.mu.Lock()
	defer s.spaces.mu.Unlock()
	if s.spaces.byName[name] == sp {
		delete(s.spaces.byName, name)
	}
	for _, w := range s.spaces.watches {
		delete(w.ends, sp.Server)
	}
}

// SpaceNames returns the names of the existing spaces, sorted.
func (s *Server) SpaceNames() []string {
	if s.space != "" {
		return []string{s.space} // a space does not see its neighbours
	}
	s.spaces.mu.Lock()
	defer s.spaces.mu.Unlock()
	names := make([]string, 0, len(s.spaces.byName))
	for name := range s.spaces.byName {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// allSpaces returns the existing spaces.
func (s *Server) allSpaces() (all []*space) {
	s.spaces.mu.Lock()
	defer s.spaces.mu.Unlock()
	for _, sp := range s.spaces.byName {
		all = append(all, sp)
	}
	return all
}

// CloseSpace ends a space and its clients, and reports whether it existed.
func (s *Server) CloseSpace(name string) bool {
	root := s
	if s.space != "" {
		if name != s.space {
			return false
		}
		root = s.parent
	}
	root.spaces.mu.Lock()
	sp := root.spaces.byName[name]
	delete(root.spaces.byName, name)
	root.spaces.mu.Unlock()
	if sp != nil {
		sp.Close()
	}
	return sp != nil
}

func (s *Server) closeSpaces() {
	if s.space != "" {
		return // a space has no spaces, and knows only itself
	}
	for _, name := range s.SpaceNames() {
		s.CloseSpace(name)
	}
}

// visit adds n to the clients of a space. When the last one leaves, the space may
// close.
func (s *Server) visit(e *engine.Engine, n int) {
	s.spaces.mu.Lock()
	defer s.spaces.mu.Unlock()
	for name, sp := range s.spaces.byName {
		if sp.engine == e {
			if sp.clients += n; sp.clients == 0 && sp.leaving {
				delete(s.spaces.byName, name)
				go sp.Close()
			}
		}
	}
}

// guest is the session of a client of a server with spaces. It passes from one
// engine to another, but is a single session for the transport.
type guest struct {
	server *Server
	conn   transport.Conn

	mu     sync.Mutex
	now    *engine.Session
	before *engine.Session // has output from before the move; nil: none
	inside *engine.Engine  // the engine of the space; nil: outside spaces
}

func (s *Server) newGuest(c transport.Conn) transport.Session {
	session, _ := s.engine.NewSession(c)
	return &guest{server: s, conn: c, now: session}
}

func (g *guest) session() *engine.Session {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

// Space implements transport.Session.
func (g *guest) Space() []byte { return g.session().Space() }

// Feed implements transport.Session.
func (g *guest) Feed(n int) {
	s := g.session()
	s.Feed(n)
	for to := s.Moving(); to != nil; to = s.Moving() {
		l := s.Leave()
		next, _ := to.NewSession(g.conn)
		g.mu.Lock()
		g.before, g.now = s, next
		left := g.inside
		g.inside = to
		g.mu.Unlock()
		g.server.visit(to, 1)
		if left != nil {
			g.server.visit(left, -1)
		}
		next.Settle(l)
		s = next
	}
}

// Output implements transport.Session. Replies from before the move come first.
func (g *guest) Output(written []byte) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.before != nil {
		if out := g.before.Output(written); out != nil || !g.before.Drained() {
			return out
		}
		g.before, written = nil, nil
	}
	return g.now.Output(written)
}

// Finished implements transport.Session.
func (g *guest) Finished() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.before == nil && g.now.Finished()
}

// Close implements transport.Session.
func (g *guest) Close() {
	g.mu.Lock()
	s, left := g.now, g.inside
	g.inside = nil
	g.mu.Unlock()
	s.Close()
	if left != nil {
		g.server.visit(left, -1)
	}
}
