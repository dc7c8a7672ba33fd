package engine

import (
	"sync"

	"github.com/resp-server/resp-server/internal/fault"
	"github.com/resp-server/resp-server/internal/journal"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/replication"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/strict"
)

// Conn is a connection, as the engine needs it.
type Conn interface {
	// Wake announces that Output may return something, or that the session is
	// finished. The engine calls it under its lock, so it must not block: the
	// transport calls Output from another goroutine.
	Wake()
	// Addr and LocalAddr are shown by CLIENT LIST: "127.0.0.1:5000".
	Addr() string
	LocalAddr() string
	// FD is the file descriptor, or -1.
	FD() int
}

// Session is one client's state: its protocol, its transaction, its
// subscriptions. Transports call Space, Feed, Output, Finished and Close;
// everything else is for handlers, under the engine's lock.
type Session struct {
	e    *Core
	conn Conn
	in   resp.Reader
	out  resp.Writer
	ctx  Ctx

	ID       uint64
	Created  int64 // ms
	LastUsed int64 // ms
	heard    int64 // ms, when the client sent something
	LastCmd  *Command
	traffic  traffic
	state

	closing   bool // after the answers that are there
	killed    bool // at once
	ended     bool // it is out of the server
	internal  bool
	attached  bool // it is internal, and has a connection
	obeyed    bool
	inDirty   bool
	attended  bool  // its transport writes the output after this entry without being woken
	overSince int64 // ms
	counted   int   // bytes in Core.clientMemory
	// Output of a batch that has longOutput bytes is checked and moved over before the
	// next command.
	longOutput int
	wait       *wait
	fault      fault.Action // for the reply of the command that runs
	closers    []func()     // called when it is gone
	moving     *Engine      // where the client goes; nil: it stays
	// Companion is for an Interceptor, which keeps its state of the client there.
	Companion any
	delayed   bool             // a fault has held the next command back already
	chosen    bool             // the next command was held back, and is to run now
	judged    bool             // strict mode has looked at the command already
	unjudged  bool             // strict mode does not look at this session
	unwaiting bool             // it does not block
	oneByOne  *strict.Run      // nil: strict mode was never on
	wrote     journal.Position // the end of its last unit in the stream of effects
	replica   *replica         // nil: the client never said that it is one
	master    *masterStream    // nil: it is not the link to the master

	// Between two calls of Feed the transport reads into in's buffer, or into aside if
	// the session waits. Input that comes while the session runs a script is in late.
	waited   bool
	received int // bytes that are in the Reader, or in aside, and were not run
	aside    []byte
	late     []byte
	query    [2]int // what QueryBuffer returns meanwhile

	// The transport's side. The engine moves output over at the end of a batch.
	mu      sync.Mutex
	pending outQueue
	kept    []byte // the buffer for the next answers, if sessions keep them
	taken   int    // bytes that are being written
	writing bool
	gone    bool              // killed
	held    bool              // it is too early to write pending output
	ending  bool              // closing
	feed    *replication.Feed // follows pending, for a replica; nil: nothing does
	// feedable: the replies before the feed were handed over.
	feedable bool
	feeding  bool // the output that is being written is of the feed
	// reusable is set for internal sessions that were fresh at the end of the batch.
	reusable bool
}

// traffic is what a client has sent and was sent, in bytes, how often something came,
// and the commands that it ran.
type traffic struct {
	In, Out, Reads, Commands uint64
	pipelines                PipelineStats
}

func (s *Session) applyLimits() {
	s.in.Limits.MaxBulk = s.e.Config.ProtoMaxBulkLen
	s.in.Limits.Unauthenticated = s.mustLogIn()
	s.out.Limit, s.longOutput = s.maxOutput(), checkedOutput
	if most := s.out.Limit; most > 0 {
		s.longOutput = min(most, checkedOutput)
	}
}

// Space returns memory to read input into. A session that waits may go on, in
// another goroutine, while the transport reads. So the transport gets other memory
// than the Reader's then.
func (s *Session) Space() []byte {
	if s.master != nil {
		return s.master.room()
	}
	if !s.waited {
		return s.in.Space()
	}
	if s.aside == nil {
		s.aside = make([]byte, 512)
	}
	return s.aside
}

// Feed takes n bytes that the transport has read into Space, and runs the commands
// that are complete now.
func (s *Session) Feed(n int) {
	if s.master != nil {
		s.feedMaster(n)
		return
	}
	s.Receive(n)
	s.e.engine.interpose()
	defer s.e.engine.leave()
	s.Run()
}

// Receive takes n bytes that the transport has read into Space, and parses the commands;
// Run runs them. It does not need the lock.
func (s *Session) Receive(n int) {
	s.received = n
	if !s.waited {
		s.in.Fed(n)
		s.in.Parse()
	}
}

// Run runs the commands that are complete, and returns how many bytes of output wait
// for End. The caller holds the lock: see Engine.Begin.
func (s *Session) Run() (output int) {
	n := s.received
	s.received = 0
	s.e.Stats.InputBytes += uint64(n)
	s.e.Stats.Reads++
	s.traffic.In += uint64(n)
	s.traffic.Reads++
	if b := s.e.busy; b != nil && b.c.Session == s {
		// The session waited when its transport began to read. Now it runs a script
		// whose arguments are in the Reader.
		s.late = append(s.late, s.aside[:n]...)
		s.checkQuery()
		return 0
	}
	s.e.turnTo(s)
	if s.waited {
		s.in.Feed(s.aside[:n])
	}
	s.LastUsed = s.e.NowMilli()
	s.heard = s.LastUsed
	s.checkQuery()
	s.run()
	s.e.runResumed()
	return len(s.out.Buf)
}

// Do is DoIn for the selected database.
func (s *Session) Do(args [][]byte) (done bool) { return s.DoIn(s.db, args) }

// DoIn runs one command as the first one of a new connection, but with a database
// selected, and appends the reply to the output. It reports whether the command is
// done; the reply of a blocked one comes later.
func (s *Session) DoIn(db int, args [][]byte) (done bool) {
	s.e.engine.interpose()
	defer s.e.engine.leave()
	s.e.turnTo(s)
	if s.e.closed {
		s.Kill()
		return true
	}
	s.Created, s.LastUsed = s.e.NowMilli(), s.e.NowMilli()
	s.wrote = journal.Position{}
	if db < 0 || db >= s.e.Keyspace.Len() {
		s.e.markDirty(s)
		s.out.Error(resp.ErrDBIndex)
		return true
	}
	was := s.db
	s.db = db
	s.wrote = journal.Position{}
	s.e.process(s, args)
	if s.wait == nil && s.db == db {
		s.db = was // unless the command was SELECT
	}
	return s.wait == nil && !s.mustHold()
}

// Reusable reports whether the state of an internal session equals that of a new one.
// It is safe for concurrent use.
func (s *Session) Reusable() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reusable
}

// run executes the input up to its end or until the session has to wait.
func (s *Session) run() {
	before := s.traffic.pipelines
	s.runAll()
	s.e.Stats.Pipelines.add(before, s.traffic.pipelines)
}

// runAll is run without the statistics of the server.
func (s *Session) runAll() {
	for n, parsed := 0, 0; s.wait == nil && !s.closing && !s.killed && s.moving == nil; n, parsed = n+1, parsed-1 {
		if s.late != nil {
			s.in.Feed(s.late)
			s.late = nil
		}
		if parsed <= 0 {
			if parsed = s.in.Parse(); parsed > 1 {
				s.prefetch()
			}
		}
		args, err := s.in.Next()
		if err != nil {
			s.protocolError(err)
			return
		}
		if args == nil {
			s.in.Release()
			return
		}
		s.traffic.pipelines.Sum++
		if n%pipelineSample == 0 {
			s.traffic.pipelines.Samples++
		}
		s.e.process(s, args)
		if len(s.out.Buf) > s.longOutput || s.out.Full {
			s.moveOutput()
		}
	}
}

// prefetch loads the memory that the next commands of a pipeline need.
func (s *Session) prefetch() {
	var args [3][keyspace.PrefetchBatch][]byte
	n := s.in.Ahead(&args)
	s.e.Keyspace.DB(s.db).Prefetch(&args, n)
}

func (s *Session) protocolError(err error) {
	if perr, ok := err.(resp.ProtocolError); ok {
		s.e.countError(perr.Reply())
		s.out.Error(perr.Reply())
	}
	s.closing = true
	s.e.markDirty(s)
}

// Finished reports whether the transport has to close the connection now: because the
// session was killed, or because it ends and everything is written.
func (s *Session) Finished() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone || s.ending && !s.writing && s.pending.size == 0
}

// Close forgets the session. The transport calls it when the connection is
// gone; its blocked command, its watches and subscriptions go with it.
func (s *Session) Close() {
	s.e.engine.interpose()
	defer s.e.engine.leave()
	s.end()
	s.closeFeed(true)
}

// end takes the session out of the server.
func (s *Session) end() {
	if !s.ended && s.e.observers&observeOutside != 0 {
		s.e.sessionClosed(s, (s.killed || s.closing) && !s.e.closed)
	}
	s.killed, s.ended = true, true
	s.depart()
	for _, f := range s.closers {
		go f()
	}
	s.closers = nil
	s.unregister()
}

// unregister removes a session that nobody uses any more from the server. Its output
// may still have to be written.
func (s *Session) unregister() {
	delete(s.e.all, s)
	delete(s.e.output.slow, s)
	s.e.clientMemory -= int64(s.counted)
	s.counted = 0
}

// depart removes the client for all others. Its last replies may still have to be
// written: whoever reads them can rely on the client being gone.
func (s *Session) depart() {
	s.forget()
	delete(s.e.sessions, s.ID)
	s.endReplica()
	if s.master != nil {
		s.e.masterLost(s)
	}
}

// Kill closes the connection and drops the output that is not written yet. For the
// server the client is gone at once.
func (s *Session) Kill() {
	s.killed = true
	s.end()
	s.e.markDirty(s)
}

// CloseAfterReply closes the connection when its replies are written.
func (s *Session) CloseAfterReply() {
	s.closing = true
	s.e.markDirty(s)
}

// Internal reports whether the session belongs to the program itself.
func (s *Session) Internal() bool { return s.internal }

// Obey marks the session's commands as those of a master: time and chance are settled
// in them already.
func (s *Session) Obey() { s.obeyed = true }

// Obeyed reports whether the session's commands come from a master or an append-only
// file.
func (s *Session) Obeyed() bool { return s.obeyed }

// Conn returns the connection.
func (s *Session) Conn() Conn { return s.conn }

// Loop returns the number of the event loop that serves the connection, from 0, and
// 0 if none does.
func (s *Session) Loop() int {
	if c, ok := s.conn.(interface{ Loop() int }); ok {
		return c.Loop()
	}
	return 0
}

// QueryBuffer returns the number of bytes of input not run yet, and the buffer's size.
func (s *Session) QueryBuffer() (used, size int) {
	if s.waited || s == s.e.current {
		return s.in.Buffered(), s.in.Size()
	}
	return s.query[0], s.query[1]
}

// Feed calls fed at its end, when the transport is about to read more.
func (s *Session) fed() {
	s.waited = s.wait != nil
	if s.waited {
		s.in.Release()
	}
	s.query = [2]int{s.in.Buffered(), s.in.Size()}
	if s.e.countsClients() {
		s.countClient()
	}
}

// OnClose arranges a call of f, in a goroutine of its own, when the session is gone.
func (s *Session) OnClose(f func()) { s.closers = append(s.closers, f) }
