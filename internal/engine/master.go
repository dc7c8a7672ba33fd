package engine

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/fault"
	"github.com/resp-server/resp-server/internal/journal"
	"github.com/resp-server/resp-server/internal/replication"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/snapshot"
	"github.com/resp-server/resp-server/internal/spec"
)

// linkState is how far the link to the master is.
type linkState uint8

// The states of the link, in their order.
const (
	linkNone linkState = iota
	linkConnect
	linkConnecting
	linkHandshake
	linkTransfer
	linkConnected
)

// String returns the state as ROLE shows it.
func (s linkState) String() string {
	return [...]string{"none", "connect", "connecting", "handshake", "sync", "connected"}[s]
}

// masterLink is the link to the master, if the server is a replica.
type masterLink struct {
	state   linkState
	session *Session // that the master's commands run in; nil: the link is down
	attempt *attempt // to connect; nil: none is made
	// cached: the data and the history are the master's up to the replication
	// offset, so that the stream may go on from there.
	cached bool
	db     int   // that the stream has selected
	logged int64 // position of the snapshot in the stream of effects
	// flushed: the data are gone, and what was to come instead is not there. swaps:
	// it is loaded beside them, as a setting wants.
	flushed, swaps bool
	down           int64 // since when the link is down, in ms; 0: it never was up
	// attempts counts those since the link was last up, allAttempts all to this master.
	attempts, allAttempts int64
	// The snapshot that comes: its bytes, -1 if that is not known, those that came,
	// and when the last did, in ms of real time.
	size, received, lastIO atomic.Int64
	changed                chan struct{} // closed when the link comes up, or the server ends; nil: nobody waits
}

// attempt is one try to connect to the master. Whoever gives it up cancels it.
type attempt struct {
	ctx    context.Context
	cancel context.CancelFunc
}

func (m *masterLink) giveUp() {
	if m.attempt != nil {
		m.attempt.cancel()
		m.attempt = nil
	}
}

// streamDB returns the database that the stream has selected, 0 for a server
// whose own stream selects it anew after a snapshot.
func (m *masterLink) streamDB() int {
	switch {
	case m.state == linkNone:
		return 0
	case m.session != nil:
		return m.session.db
	}
	return m.db
}

// IsReplica reports whether the server has a master, or looks for it.
func (e *Core) IsReplica() bool { return e.Config.Replication.Host != "" }

// StartReplication connects to the master that the settings name. It is called
// when the server is ready.
func (e *Engine) StartReplication() {
	e.enter()
	defer e.leave()
	c := &e.core
	if c.IsReplica() && c.repl.master.state == linkNone {
		c.Log.Info(fmt.Sprintf("Connecting to MASTER %s:%d", c.Config.Replication.Host, c.Config.Replication.Port))
		c.connectMaster()
	}
}

// BecomeReplica makes the server a replica of another one.
func (e *Core) BecomeReplica(host string, port int) {
	c, m := &e.Config.Replication, &e.repl.master
	was := e.IsReplica()
	e.finishUnit()
	c.Host = "" // so that the end of the link does not begin another
	if m.session != nil {
		m.session.Kill()
	}
	m.giveUp()
	e.endLoading()
	e.unblockAll()
	c.Host, c.Port = host, int64(port)
	m.attempts, m.allAttempts = 0, 0
	if !was {
		e.cacheMaster(0)
	}
	e.roleChanged()
	e.Log.Info(fmt.Sprintf("Connecting to MASTER %s:%d", host, port))
	e.connectMaster()
}

// cacheMaster takes the data for those of a master whose stream has selected a
// database.
func (e *Core) cacheMaster(db int) {
	e.Log.Info("Before turning into a replica, using my own master parameters to synthesize a cached master: " +
		"I may be able to synchronize with the new master with just a partial transfer.")
	e.repl.master.cached, e.repl.master.db = true, db
}

// BecomeMaster ends the link to the master. The history goes on under another
// name.
func (e *Core) BecomeMaster() {
	if !e.IsReplica() {
		return
	}
	c, m := &e.Config.Replication, &e.repl.master
	e.finishUnit()
	c.Host, c.Port = "", 0
	m.attempts, m.allAttempts = 0, 0
	if m.session != nil {
		m.session.Kill()
	}
	m.giveUp()
	e.endLoading()
	if m.flushed { // the append-only file still has what is gone
		m.flushed = false
		e.restartLog()
	}
	if m.cached {
		e.Log.Info("Discarding previously cached master state.")
	}
	m.cached, m.state, m.down = false, linkNone, 0
	h := &e.repl.history
	h.Shift(e.randomHex(replication.IDLen), e.ReplOffset())
	e.Log.Info(fmt.Sprintf("Setting secondary replication ID to %s, valid up to offset: %d. New replication ID is %s", h.Former, h.FormerEnd, h.ID))
	e.disconnectReplicas()
	if e.journal.stream != nil {
		e.journal.stream.Cut(journal.Replicas)
	}
	e.repl.alone = e.NowMilli()
	e.roleChanged()
}

// roleChanged follows a change of what the server is.
func (e *Core) roleChanged() {
	e.limitMemory()
	e.setGates()
	e.noteOwnKeys()
	e.Adopt(e.Keyspace) // a master expires keys, a replica does not
	e.watchReplication()
}

const errForced resp.Error = "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)"

// unblockAll ends all commands that wait for something, and their connections.
func (e *Core) unblockAll() {
	for _, s := range sortedByID(e.sessions) {
		if w := s.wait; w != nil && !w.parked && w.TimeOut != nil {
			mark := len(s.out.Buf)
			e.fail(w, errForced)
			e.answered(w, mark)
			s.CloseAfterReply()
		}
	}
}

// connectMaster begins an attempt to connect.
func (e *Core) connectMaster() {
	c, m := &e.Config.Replication, &e.repl.master
	m.giveUp()
	m.state = linkConnect
	e.watchReplication()
	if e.repl.dial == nil || e.closed {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	a := &attempt{ctx, cancel}
	m.attempt, m.state = a, linkConnecting
	m.attempts++
	m.allAttempts++
	m.lastIO.Store(clock.Real{}.Now().UnixMilli())
	greeting := replication.Greeting{User: c.User, Password: c.Password, Port: int(e.announcedPort()), Addr: c.AnnounceAddr}
	if m.cached {
		greeting.ID, greeting.Offset = e.repl.history.ID, e.ReplOffset()
	}
	greeting.Failover = e.repl.failover.state == failoverInProgress
	o := DialOptions{Host: c.Host, Port: int(c.Port), Source: c.BindSource}
	if c.TLS {
		o.Settings = e.Config.Clone()
	}
	timeout := time.Duration(c.Timeout) * time.Second
	e.Log.Info("MASTER <-> REPLICA sync started")
	e.repl.work.Go(func() {
		defer cancel()
		e.attend(a, o, greeting, timeout)
	})
}

// announcedPort returns the port by which the server is known as a replica.
func (e *Core) announcedPort() int64 {
	c := e.Config
	switch {
	case c.Replication.AnnouncePort != 0:
		return c.Replication.AnnouncePort
	case c.Replication.TLS && c.TLS.Port != 0:
		return c.TLS.Port
	}
	return c.Port
}

// attend connects to the master, and stays until the stream can begin.
func (e *Core) attend(a *attempt, o DialOptions, g replication.Greeting, timeout time.Duration) {
	dialled, stop := context.WithTimeout(a.ctx, timeout)
	nc, err := e.repl.dial(dialled, o)
	stop()
	if err != nil {
		e.linkFailed(a, fmt.Errorf("Error condition on socket for SYNC: %s", linkReason(err)))
		return
	}
	detach := context.AfterFunc(a.ctx, func() { nc.Close() })
	e.Log.Info("Non blocking connect for SYNC fired the event.")
	e.linkIs(a, linkHandshake)
	link := newLink(nc, timeout, &e.repl.master)
	h := replication.NewHandshake(g)
	h.Log = func(level int, text string) {
		if level == 0 {
			e.Log.Info(text)
		} else {
			e.Log.Warn(text)
		}
	}
	err = link.shakeHands(h)
	if err == nil && g.Failover && h.Answer == replication.OldMaster {
		err = errRejected
	}
	var loaded *snapshot.Loaded
	switch {
	case err != nil:
	case h.Answer == replication.Continue:
		e.Log.Info("MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.")
	default:
		e.linkIs(a, linkTransfer)
		loaded, err = e.receive(a, link, h)
	}
	if !detach() || err != nil {
		nc.Close()
		if err == nil {
			err = a.ctx.Err()
		}
		e.linkFailed(a, err)
		return
	}
	link.free()
	e.repl.carry(link, func(conn Conn) *Session { return e.linkUp(a, conn, h, loaded) })
}

var errRejected = errors.New("The target of the failover did not accept PSYNC")

// linkReason returns an error of the network without the addresses.
func linkReason(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	text := err.Error()
	if _, after, ok := strings.Cut(text, "connect: "); ok {
		text = after
	}
	if text == "connection refused" {
		text = "Connection refused"
	}
	return text
}

// linkUp begins the stream: after a snapshot with its data, else with what is
// there.
func (e *Core) linkUp(a *attempt, conn Conn, h *replication.Handshake, loaded *snapshot.Loaded) *Session {
	e.engine.enter()
	defer e.engine.leave()
	m := &e.repl.master
	s := e.newSession(conn)
	s.internal = true
	s.Obey()
	s.begin(s.fresh())
	s.master = &masterStream{}
	if m.attempt != a || e.closed {
		s.master = nil
		s.killed, s.gone = true, true
		return s
	}
	m.attempt = nil
	e.endLoading()
	if loaded != nil {
		if err := e.takeSnapshot(h, loaded); err != nil {
			e.Log.Warn("MASTER <-> REPLICA sync: " + err.Error())
			s.master = nil
			s.killed, s.gone = true, true
			m.state = linkConnect
			return s
		}
	} else {
		if h.ID != "" {
			e.repl.history = replication.History{ID: h.ID, Former: e.repl.history.ID, FormerEnd: e.ReplOffset() + 1}
			e.disconnectReplicas()
		}
		if !e.hasBacklog() {
			e.startBacklog(e.ReplOffset())
		}
	}
	if e.repl.failover.state == failoverInProgress {
		e.endFailover()
	}
	s.master.old = h.Answer == replication.OldMaster
	s.db = min(m.db, e.Keyspace.Len()-1)
	e.sessions[s.ID] = s
	m.session, m.state, m.cached, m.down = s, linkConnected, !s.master.old, 0
	if loaded != nil {
		e.Log.Info("MASTER <-> REPLICA sync: Finished with success")
	}
	m.moved()
	e.setGates()
	e.watchReplication()
	s.sendAck()
	return s
}

// linkIs takes note of how far an attempt is.
func (e *Core) linkIs(a *attempt, state linkState) {
	e.engine.interpose()
	defer e.engine.leave()
	if e.repl.master.attempt == a {
		e.repl.master.state = state
	}
}

// linkFailed ends an attempt. The next one follows in a second; at once if a
// snapshot was on its way.
func (e *Core) linkFailed(a *attempt, err error) {
	e.engine.interpose()
	defer e.engine.leave()
	m := &e.repl.master
	if m.attempt != a {
		return // nobody wants it any more
	}
	if !errors.Is(err, replication.ErrLater) {
		e.Log.Warn(err.Error())
	}
	m.attempt = nil
	e.endLoading()
	again := m.state == linkTransfer
	m.state = linkConnect
	switch {
	case e.repl.failover.state == failoverInProgress:
		e.abortFailover("Failover target rejected psync request")
	case again && !e.closed:
		c := &e.Config.Replication
		e.Log.Info(fmt.Sprintf("Reconnecting to MASTER %s:%d after failure", c.Host, c.Port))
		e.connectMaster()
	}
}

// tendMaster connects to the master if that is due, sends it the offset of the
// server, and gives up a master that is silent for too long.
func (e *Core) tendMaster(now int64) {
	if !e.IsReplica() {
		return
	}
	m, c := &e.repl.master, &e.Config.Replication
	switch {
	case m.state == linkConnect:
		e.Log.Info(fmt.Sprintf("Connecting to MASTER %s:%d", c.Host, c.Port))
		e.connectMaster()
	case m.session == nil:
		e.tendAttempt()
	case m.session.conn.FD() >= 0 && now-m.session.LastUsed > c.Timeout*1000:
		e.Log.Warn("MASTER timeout: no data nor PING received...")
		m.session.Kill()
	default:
		m.session.sendAck()
	}
}

// tendAttempt gives up an attempt to connect when the master is silent for too long.
func (e *Core) tendAttempt() {
	m := &e.repl.master
	silent := clock.Real{}.Now().UnixMilli() - m.lastIO.Load()
	if m.attempt == nil || e.loading != nil || silent <= e.Config.Replication.Timeout*1000 {
		return
	}
	if m.state == linkTransfer {
		e.Log.Warn("Timeout receiving bulk data from MASTER... If the problem persists try to set the 'repl-timeout' parameter in redis.conf to a larger value.")
	} else {
		e.Log.Warn("Timeout connecting to the MASTER...")
	}
	m.attempt.cancel()
}

// masterLost follows the end of the link.
func (e *Core) masterLost(s *Session) {
	m, c := &e.repl.master, &e.Config.Replication
	if m.session != s {
		return
	}
	e.Log.Info("Connection with master lost.")
	m.session, m.state, m.down, m.db = nil, linkConnect, e.NowMilli(), s.db
	if e.closed {
		return
	}
	if m.cached {
		e.Log.Info("Caching the disconnected master state.")
	}
	e.setGates()
	if e.IsReplica() {
		e.Log.Info(fmt.Sprintf("Reconnecting to MASTER %s:%d", c.Host, c.Port))
		e.connectMaster()
	}
}

// masterStream is what a session has that runs the commands of the master.
type masterStream struct {
	space  []byte // that the transport reads into
	raw    []byte // what came and is not carried out
	done   int    // of raw, that was carried out
	old    bool   // the master counts no offsets
	ackDue bool
}

// room returns memory to read into.
func (m *masterStream) room() []byte {
	if m.space == nil {
		m.space = make([]byte, 32<<10)
	}
	return m.space
}

// feedMaster runs the commands of the master that are complete. What they are made
// of is handed on to the server's own replicas as it is.
func (s *Session) feedMaster(n int) {
	e, m := s.e, s.master
	e.engine.enter()
	defer e.engine.leave()
	if s.ended {
		return
	}
	e.Stats.InputBytes += uint64(n)
	e.Stats.ReplicationInput += uint64(n)
	e.Stats.Reads++
	s.LastUsed = e.NowMilli()
	m.raw = append(m.raw, m.space[:n]...)
	s.in.Feed(m.space[:n])
	s.runMaster()
}

// runMaster runs the commands of the master that are complete.
func (s *Session) runMaster() {
	e, m := s.e, s.master
	for s.wait == nil && !s.killed {
		args, err := s.in.Next()
		if err != nil {
			e.Log.Warn("WARNING: Receiving inline protocol from master, master stream corruption? Closing the master connection and discarding the cached master.",
				"error", err)
			e.repl.master.cached = false
			s.Kill()
			break
		}
		if args == nil {
			s.in.Release()
			break
		}
		e.obey(s, args)
	}
	m.tidy()
}

// carriedOut hands on what the commands so far were made of.
func (s *Session) carriedOut() {
	m := s.master
	if s.multi == nil && !s.killed {
		end := len(m.raw) - s.in.Buffered()
		s.e.journal.stream.AppendRaw(m.raw[m.done:end])
		s.e.journal.appended = true
		m.done = end
	}
	if m.ackDue {
		s.sendAck()
	}
}

// tidy forgets what was handed on.
func (m *masterStream) tidy() {
	m.raw = append(m.raw[:0], m.raw[m.done:]...)
	m.done = 0
	if cap(m.raw) > 1<<20 && len(m.raw) < 1<<16 {
		m.raw = bytes.Clone(m.raw)
	}
}

// obey carries out a command of the master. No gate and no pause is asked, nothing
// expires, and nothing blocks.
func (e *Core) obey(s *Session, args [][]byte) {
	mark := len(s.out.Buf)
	cmd, err := e.table.lookup(args)
	s.LastCmd = cmd
	cut := false
	if err == nil && (e.mayFault() || s.delayed) {
		var later bool
		if later, cut = e.faultOnLink(s, cmd, args); later {
			return
		}
	}
	e.executing = s
	switch {
	case err != nil:
		s.out.Error(errorReply(err))
	case s.multi != nil && cmd.traits&spec.RunsInMulti == 0:
		s.multi.add(cmd, args, 0)
	default:
		c := &s.ctx
		c.Args, c.Cmd, c.again, c.nested = args, cmd, nil, true
		e.repl.obeying = true
		e.call(c)
		e.repl.obeying = false
		e.finishUnit()
	}
	if reply := s.out.Buf[mark:]; len(reply) > 0 && reply[0] == '-' {
		e.unexpectedError("replica", "master", resp.Error(bytes.TrimSpace(reply[1:])), string(args[0]))
	}
	s.answered(mark)
	s.out.Buf = s.out.Buf[:min(mark, len(s.out.Buf))]
	e.executing = nil
	if len(e.ready) > 0 {
		e.serveBlocked()
	}
	s.carriedOut()
	if cut {
		s.Kill()
	}
}

// faultOnLink does what a fault says about a command of the master: the link may
// be cut before it or lag behind, and then it does not run now; or be cut after it.
func (e *Core) faultOnLink(s *Session, cmd *Command, args [][]byte) (later, cut bool) {
	if s.delayed {
		s.delayed = false
		return false, false
	}
	a, hit := e.fault(e.faultCall(s, cmd, args))
	switch {
	case !hit:
	case a.Do == fault.CloseBefore:
		s.Kill()
		return true, false
	case a.Do == fault.CloseAfter:
		return false, true
	case a.Do == fault.Delay:
		s.delayed = true
		e.parkUntil(&wait{s: s, cmd: cmd, args: copyArgs(args)}, e.NowMilli()+a.Milli)
		return true, false
	}
	return false, false
}

// SendAck has the master told how far the server is.
func (c *Ctx) SendAck() {
	if m := c.Session.master; m != nil {
		m.ackDue = true
	}
}

// sendAck tells the master how far the server is.
func (s *Session) sendAck() {
	if s.master.ackDue = false; s.master.old || s.killed {
		return
	}
	s.e.markDirty(s)
	w := &s.out
	synced := int64(-1) // it has no file, or it is about data before the snapshot
	if log := s.e.append.log; log != nil && s.e.Config.AOF.On && !log.Info().Waiting {
		if durable := log.Durable(); durable.Log >= s.e.repl.master.logged {
			synced = durable.Replicas
		}
	}
	if synced < 0 {
		w.Array(3)
	} else {
		w.Array(5)
	}
	w.BulkString("REPLCONF")
	w.BulkString("ACK")
	w.BulkInt(s.e.ReplOffset())
	if synced >= 0 {
		w.BulkString("FACK")
		w.BulkInt(synced)
	}
}

// MasterView is the link to the master as INFO and ROLE show it.
type MasterView struct {
	Host  string
	Port  int64
	State string
	Up    bool
	// Offset is that of what was carried out, Read that of what came.
	Offset, Read int64
	LastIO       int64 // seconds since something came; -1: the link is down
	DownFor      int64 // seconds; -1: it was never up
	// Of a snapshot that comes; Size is 0 if it is not known.
	Syncing                   bool
	Size, Received, SyncIOAgo int64
	// Attempts to connect, since the link was last up, and all.
	Attempts, AllAttempts int64
}

// Master returns the link to the master.
func (e *Core) Master() MasterView {
	m, c := &e.repl.master, &e.Config.Replication
	v := MasterView{
		Host: c.Host, Port: c.Port, State: m.state.String(), Up: m.state == linkConnected,
		Offset: 1, Read: 1, LastIO: -1, DownFor: -1, Syncing: m.state == linkTransfer,
		Attempts: m.attempts, AllAttempts: m.allAttempts,
	}
	if m.cached || m.session != nil {
		v.Offset = e.ReplOffset()
		v.Read = v.Offset
	}
	if s := m.session; s != nil {
		v.LastIO = e.NowMilli()/1000 - s.LastUsed/1000
		v.Read += int64(len(s.master.raw))
	}
	if m.down != 0 {
		v.DownFor = e.NowMilli()/1000 - m.down/1000
	}
	if v.Syncing {
		v.Size, v.Received = max(m.size.Load(), 0), m.received.Load()
		v.SyncIOAgo = max(0, (clock.Real{}.Now().UnixMilli()-m.lastIO.Load())/1000)
	}
	return v
}

// masterConn is the connection to the master before the stream, and then what is carried.
type masterConn struct {
	net.Conn
	in      *bufio.Reader
	rest    io.Reader // of what came after a snapshot; nil: in
	timeout time.Duration
	master  *masterLink
}

func newLink(nc net.Conn, timeout time.Duration, m *masterLink) *masterConn {
	l := &masterConn{Conn: nc, timeout: timeout, master: m}
	l.in = bufio.NewReaderSize(patient{l}, 16<<10)
	return l
}

// patient reads with the link's timeout, and notes what comes.
type patient struct{ l *masterConn }

func (p patient) Read(b []byte) (int, error) {
	l := p.l
	if l.timeout == 0 {
		return l.Conn.Read(b)
	}
	now := clock.Real{}.Now()
	l.Conn.SetReadDeadline(now.Add(l.timeout))
	n, err := l.Conn.Read(b)
	l.master.received.Add(int64(n))
	l.master.lastIO.Store(clock.Real{}.Now().UnixMilli())
	return n, err
}

// free ends the timeout.
func (l *masterConn) free() {
	l.timeout = 0
	l.Conn.SetReadDeadline(time.Time{})
}

// Read reads what follows.
func (l *masterConn) Read(b []byte) (int, error) {
	if l.rest != nil {
		return l.rest.Read(b)
	}
	return l.in.Read(b)
}

// NetConn returns the connection below.
func (l *masterConn) NetConn() net.Conn { return l.Conn }

// Writer returns what Write is a method of.
func (l *masterConn) Writer() net.Conn { return l.Conn }

// line reads a line, without its end.
func (l *masterConn) line() (string, error) {
	line, err := l.in.ReadSlice('\n')
	if err != nil {
		return "", err
	}
	return string(bytes.TrimRight(line, "\r\n")), nil
}

// shakeHands says what is to be said before the snapshot or the stream.
func (l *masterConn) shakeHands(h *replication.Handshake) error {
	send := h.Start()
	for h.Answer == replication.NoAnswer {
		if len(send) > 0 {
			l.Conn.SetWriteDeadline(clock.Real{}.Now().Add(l.timeout))
			_, err := l.Conn.Write(send)
			l.Conn.SetWriteDeadline(time.Time{})
			if err != nil {
				return fmt.Errorf("Sending command to master in replication handshake: -Writing to master: %s", linkReason(err))
			}
		}
		line, err := l.line()
		if err != nil {
			return fmt.Errorf("Failed to read response from the server: %w", err)
		}
		if send, err = h.Line(line); err != nil {
			return err
		}
	}
	return nil
}

// AwaitMaster waits until the link to the master is up, or until gone is closed.
func (e *Engine) AwaitMaster(gone <-chan struct{}) error {
	for {
		e.enter()
		m := &e.core.repl.master
		up, closed := m.session != nil, e.core.closed
		if m.changed == nil {
			m.changed = make(chan struct{})
		}
		changed := m.changed
		e.leave()
		switch {
		case closed:
			return errors.New("the server was closed")
		case up:
			return nil
		}
		select {
		case <-changed:
		case <-gone:
			return errors.New("the master was closed")
		}
	}
}

// moved wakes AwaitMaster.
func (m *masterLink) moved() {
	if m.changed != nil {
		close(m.changed)
		m.changed = nil
	}
}
