package engine

import (
	"net/netip"

	"github.com/resp-server/resp-server/internal/resp"
)

// idleStep is how far apart two looks for idle clients are at least, in
// milliseconds: a look costs time for each client.
const idleStep = 1000

// idleAt makes sure that the timer fires for a client that may be idle for too
// long by then.
func (e *Core) idleAt(at int64) {
	if e.nextIdle == 0 || at < e.nextIdle {
		e.nextIdle = at
	}
}

// dropIdle closes the clients that said nothing and were told nothing for
// longer than the setting timeout. Those that wait or listen may stay.
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
		case s.wait != nil || s.monitor || s.Subscriptions() > 0:
			e.idleAt(now + after)
		case at > now:
			e.idleAt(max(at, now+idleStep))
		default:
			e.Log.Info("client closed: it was idle", "client", s.ID, "addr", s.conn.Addr())
			s.Kill()
		}
	}
}

// errProtected is what strangers are told.
const errProtected resp.Error = "DENIED This server is in protected mode: it has no password and serves only clients on its own machine. " +
	"Set a password (requirepass), or switch the mode off (protected-mode no) if nobody else can reach the server."

// stranger tells whether protected mode keeps a connection out.
func (e *Core) stranger(conn Conn) bool {
	if !e.Config.ProtectedMode || !e.Users.Default().NoPassword {
		return false
	}
	from, err := netip.ParseAddrPort(conn.Addr())
	return err == nil && !from.Addr().Unmap().IsLoopback() // others than TCP are local
}

// strangerQuery is how much may wait of what a client sent that has to log in.
const strangerQuery = 1 << 20

// checkQuery ends a session that sent more than it may before it is run: an
// endless command, or a transaction.
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
