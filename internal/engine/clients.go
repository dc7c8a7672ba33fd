package engine

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/fault"
	"github.com/resp-server/resp-server/internal/resp"
)

// clients are the sessions of the server.
//
// all has every session that has not ended: the clients, which sessions has by their
// ids, sessions of the program itself, and sessions that have left but may still have
// output. clientMemory is the sum of what each was counted with, and nextIdle is set
// while there are clients and a timeout for them.
type clients struct {
	sessions map[uint64]*Session
	all      map[*Session]struct{}
	lastID   uint64
	// clientMemory is counted only while a setting asks for it; see countsClients.
	clientMemory int64
	// nextIdle is the time of the next look for idle clients, in ms; 0: never.
	nextIdle int64
	pages    resp.Pool // input buffers
	// Transports read keepalive without the lock.
	keepalive atomic.Int64
}

func newClients() clients {
	return clients{sessions: make(map[uint64]*Session), all: make(map[*Session]struct{})}
}

func (c *clients) check(e *Core) error {
	memory := int64(0)
	for id, s := range c.sessions {
		if _, ok := c.all[s]; !ok || s.ID != id || s.internal && s.master == nil || s.closing {
			return fmt.Errorf("session %d is not a client", id)
		}
		if err := s.checkRights(); err != nil {
			return fmt.Errorf("client %d: %w", id, err)
		}
	}
	for s := range c.all {
		memory += int64(s.counted)
		switch {
		case s.e != e || s.ended || s.ID > c.lastID:
			return fmt.Errorf("session %d is gone", s.ID)
		case !s.internal && !s.closing && c.sessions[s.ID] != s:
			return fmt.Errorf("session %d is no client", s.ID)
		}
		if err := s.state.check(s); err != nil {
			return fmt.Errorf("session %d: %w", s.ID, err)
		}
	}
	switch {
	case memory != c.clientMemory:
		return fmt.Errorf("they take %d bytes, counted are %d", memory, c.clientMemory)
	case e.Config.Timeout > 0 && len(c.sessions) > 0 && c.nextIdle == 0:
		return errors.New("nobody looks for idle ones")
	}
	return nil
}

// NewSession registers a connection. It returns false if the server takes no more
// clients; then the session only holds the error to write.
func (e *Engine) NewSession(conn Conn) (*Session, bool) {
	e.interpose()
	defer e.leave()
	return e.core.admit(conn)
}

func (e *Core) admit(conn Conn) (*Session, bool) {
	s := e.newSession(conn)
	if e.closed || e.mayFault() && e.refuses(&fault.Call{ClientAddr: conn.Addr(), Space: e.space, Now: e.NowMilli()}) {
		s.killed, s.gone = true, true
		s.unregister()
		return s, false
	}
	switch {
	case e.cluster.node != nil && len(e.sessions)+e.ClusterLinks() >= int(e.Config.MaxClients):
		return s, s.turnAway("ERR max number of clients + cluster connections reached")
	case len(e.sessions) >= int(e.Config.MaxClients):
		return s, s.turnAway("ERR max number of clients reached")
	case e.stranger(conn):
		return s, s.turnAway(errProtected)
	}
	e.sessions[s.ID] = s
	e.Stats.Connections++
	if e.Config.Timeout > 0 {
		e.idleAt(e.NowMilli() + e.Config.Timeout*1000)
	}
	return s, true
}

func (s *Session) turnAway(why resp.Error) (served bool) {
	s.e.Stats.RejectedConnections++
	s.out.Error(why)
	s.closing = true
	s.e.markDirty(s)
	return false
}

// NewInternalSession returns a session for commands of the program itself. It is not
// listed as a client and needs no password.
func (e *Engine) NewInternalSession(conn Conn) *Session {
	e.interpose()
	defer e.leave()
	return e.core.newInternalSession(conn)
}

// NewAttachedSession is NewInternalSession for a connection of the program. The end of
// the engine closes it.
func (e *Engine) NewAttachedSession(conn Conn) *Session {
	e.interpose()
	defer e.leave()
	s := e.core.newInternalSession(conn)
	s.SetProto(2)
	s.attached = true
	if e.core.closed {
		s.killed, s.gone = true, true
	}
	return s
}

func (e *Core) newInternalSession(conn Conn) *Session {
	s := e.newSession(conn)
	s.internal = true
	s.begin(s.fresh())
	return s
}

func (e *Core) newSession(conn Conn) *Session {
	e.lastID++
	now := e.NowMilli()
	s := &Session{e: e, conn: conn, ID: e.lastID, Created: now, LastUsed: now}
	e.all[s] = struct{}{}
	s.in.Pool, s.out.Buffers = &e.pages, &e.output.buffers
	s.out.LongDoubles = !e.Since(compat.ShortestDoubles)
	s.ctx = Ctx{Core: e, Session: s, w: &s.out}
	s.begin(s.fresh())
	return s
}

// idleStep is the least time between two looks for idle clients, in milliseconds: a
// look costs time for each client.
const idleStep = 1000

// idleAt makes sure that the timer fires at a time when a client may have been idle
// for too long.
func (e *Core) idleAt(at int64) {
	if e.nextIdle == 0 || at < e.nextIdle {
		e.nextIdle = at
	}
}

// dropIdle closes the clients without input and output for longer than the setting
// timeout. Blocked clients and subscribers may stay.
func (e *Core) dropIdle(now int64) {
	if e.nextIdle == 0 || now < e.nextIdle {
		return
	}
	e.nextIdle = 0
	after := e.Config.Timeout * 1000
	if after == 0 {
		return
	}
	for _, s := range e.sessions {
		switch at := s.LastUsed + after; {
		case s.wait != nil || s.monitor || s.isReplica() || s.master != nil || s.Subscriptions() > 0:
			e.idleAt(now + after)
		case at > now:
			e.idleAt(max(at, now+idleStep))
		default:
			e.Log.Info("client closed: it was idle", "client", s.ID, "addr", s.conn.Addr())
			s.Kill()
		}
	}
}

// errProtected is the error for strangers; see stranger.
const errProtected resp.Error = "DENIED This server is in protected mode: it has no password and serves only clients on its own machine. " +
	"Set a password (requirepass), or switch the mode off (protected-mode no) if nobody else can reach the server."

// stranger reports whether protected mode keeps a connection out.
func (e *Core) stranger(conn Conn) bool {
	if !e.Config.ProtectedMode || !e.Users.Default().NoPassword {
		return false
	}
	from, err := netip.ParseAddrPort(conn.Addr())
	return err == nil && !from.Addr().Unmap().IsLoopback() // others than TCP are local
}

// strangerQuery limits the waiting input of a client that has to log in.
const strangerQuery = 1 << 20

// checkQuery ends a session with more waiting input than it may have: an endless
// command, or a transaction.
func (s *Session) checkQuery() {
	size := s.in.Buffered() + len(s.late)
	if s.multi != nil {
		size += s.multi.size
	}
	limit := s.e.Config.ClientQueryBufLimit
	if s.in.Limits.Unauthenticated {
		limit = min(limit, strangerQuery)
	}
	if int64(size) <= limit || s.killed {
		return
	}
	s.e.Stats.QueryLimitKills++
	s.e.Log.Warn("client closed: its query buffer passed the limit", "client", s.ID, "addr", s.conn.Addr(), "bytes", size)
	s.Kill()
}

// Sessions yields all sessions, oldest first.
func (e *Core) Sessions(yield func(*Session) bool) {
	for _, s := range sortedByID(e.sessions) {
		if !yield(s) {
			return
		}
	}
}

// SessionByID returns a session or nil.
func (e *Core) SessionByID(id uint64) *Session { return e.sessions[id] }

func sortedByID(m map[uint64]*Session) []*Session {
	return slices.SortedFunc(maps.Values(m), func(a, b *Session) int { return cmp.Compare(a.ID, b.ID) })
}

// countsClients reports whether a setting needs the memory of clients.
func (e *Core) countsClients() bool {
	return e.Config.MaxMemory != 0 || e.Config.MaxMemoryClients != 0
}

// countClient counts the memory of a client anew.
func (s *Session) countClient() {
	n := 0
	if !s.killed && !s.internal {
		n = s.Usage().Total
	}
	s.e.clientMemory += int64(n - s.counted)
	s.counted = n
}

// countAllClients counts anew, since clients may have read output meanwhile, of which
// only their transports know.
func (e *Core) countAllClients() {
	for _, s := range e.sessions {
		s.countClient()
	}
}

// smallestClients is the lowest limit for all clients together: with a lower one no
// client could raise it again.
const smallestClients = 128 << 10

// clientsLimit returns how many bytes clients may take together; 0: any number.
func (e *Core) clientsLimit() int64 {
	n := e.Config.MaxMemoryClients
	if n < 0 { // percent of maxmemory
		n = int64(float64(e.Config.MaxMemory) / 100 * float64(-n))
	}
	if n != 0 {
		n = max(n, smallestClients)
	}
	return n
}

// evictClients closes the clients that take most memory, until all together are below
// the limit. Clients that have used CLIENT NO-EVICT stay.
func (e *Core) evictClients() {
	limit := e.clientsLimit()
	if limit == 0 || e.clientMemory <= limit {
		return
	}
	e.countAllClients()
	if e.clientMemory <= limit {
		return
	}
	var clients []*Session
	for _, s := range e.sessions {
		if !s.NoEvict && !s.internal && !s.isReplica() {
			clients = append(clients, s)
		}
	}
	slices.SortFunc(clients, func(a, b *Session) int { return cmp.Or(cmp.Compare(b.counted, a.counted), cmp.Compare(a.ID, b.ID)) })
	for _, s := range clients {
		if e.clientMemory <= limit {
			break
		}
		e.Log.Info("client closed: clients take too much memory", "client", s.ID, "addr", s.conn.Addr(), "bytes", s.counted)
		e.Stats.EvictedClients++
		s.Kill()
	}
}

// Listener describes the listening sockets of one kind.
type Listener struct {
	Kind ListenerKind
	Bind []string // addresses or a path
	Port int      // 0: they have none
}

// ListenerKind is a kind of sockets, in the order of INFO.
type ListenerKind int

// The kinds of sockets.
const (
	ListenTCP ListenerKind = iota
	ListenUnix
	ListenTLS
)

// String returns the name of the kind.
func (k ListenerKind) String() string { return [...]string{"tcp", "unix", "tls"}[k] }

// String returns the listener as INFO shows it.
func (l *Listener) String() string {
	s := "name=" + l.Kind.String()
	for _, b := range l.Bind {
		s += ",bind=" + b
	}
	if l.Port != 0 {
		s += ",port=" + strconv.Itoa(l.Port)
	}
	return s
}

// Listeners returns the sockets that clients can come to.
func (e *Core) Listeners() []Listener {
	if e.listeners == nil {
		return nil
	}
	return e.listeners()
}

// A client can move to another engine: the private server of a space. The session runs
// no command after the one that asks for it. The code between transport and engine sees
// that (Moving) and goes on with a session of the other engine, which gets the rest of
// the input (Leave, Settle).

// MoveTo moves the client to another engine, from the next command on.
func (s *Session) MoveTo(e *Engine) { s.moving = e }

// Moving returns the engine that the client moves to, nil if it stays. It is for the
// goroutine that feeds the session.
func (s *Session) Moving() *Engine {
	s.e.engine.interpose()
	defer s.e.engine.leave()
	return s.moving
}

// Luggage is the part of a client's state that moves with it.
type Luggage struct {
	from           *Session
	input          []byte
	name, lib, ver string
	proto          int
	replies        ReplyMode
}

// Leave removes the client from the server, with its transaction and subscriptions.
// Only its output stays until it is written.
func (s *Session) Leave() Luggage {
	s.e.engine.interpose()
	defer s.e.engine.leave()
	l := Luggage{
		from:  s,
		input: append([]byte(nil), s.in.Unconsumed()...),
		name:  s.Name, lib: s.LibName, ver: s.LibVer, proto: s.proto, replies: s.ReplyMode,
	}
	l.input = append(l.input, s.late...)
	s.e.sessionLeft(s)
	s.depart()
	for _, f := range s.closers {
		go f()
	}
	s.closers = nil
	s.unregister()
	return l
}

// Settle makes the session that of a client from another engine, and runs the input
// that it has brought. The client needs no password.
func (s *Session) Settle(l Luggage) {
	s.e.engine.interpose()
	defer s.e.engine.leave()
	s.e.sessionMoved(l.from, s)
	if s.closing || s.killed {
		return // turned away
	}
	s.Name, s.LibName, s.LibVer, s.ReplyMode = l.name, l.lib, l.ver, l.replies
	s.authenticated = true
	s.SetProto(l.proto)
	s.applyLimits()
	s.e.turnTo(s)
	s.in.Feed(l.input)
	s.run()
}

// Drained reports whether all output is written.
func (s *Session) Drained() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.writing && s.pending.size == 0
}
