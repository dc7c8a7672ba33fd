package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"github.com/resp-server/resp-server/internal/journal"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/replication"
	"github.com/resp-server/resp-server/internal/resp"
)

// replicaState is how far a replica is.
type replicaState uint8

// The states of a replica, in their order.
const (
	replicaNone   replicaState = iota // a client that may become one
	replicaWaits                      // for a snapshot to begin
	replicaLoads                      // gets a snapshot
	replicaOnline                     // gets the stream
)

// replica is what the server knows of a client that is a replica, or that said
// something about itself with REPLCONF.
type replica struct {
	ReplicaInfo
	state replicaState
	feed  *replication.Feed
	old   bool // it came with SYNC: it acknowledges nothing
	mark  bool // its snapshot ends with a mark
	gets  *sending
	since int64 // when it came, in ms
	acked int64 // when it last acknowledged something, in ms
	ready bool  // it has acknowledged the snapshot
	// linked: PSYNC or SYNC was answered; what follows on the link is the stream.
	linked bool
	// version of the format in which it gets the snapshot.
	version int
	// The bytes that it had been sent, and when that became so many, in ms: of a
	// snapshot that it does not read.
	sent    uint64
	sentYet int64
	// Offsets that it has got to: of what it has carried out, and of what is on its
	// disk.
	offset, synced int64
}

// ReplicaInfo is what a replica says about itself.
type ReplicaInfo struct {
	Port    int64  // that it listens on
	Addr    string // "" for where it comes from
	EOF     bool   // it takes snapshots that end with a mark
	PSYNC2  bool   // it takes another name for the history
	RDBOnly bool   // it wants a snapshot and nothing more
	// Filtered: true for a snapshot of parts only; FunctionsOnly says which.
	Filtered, FunctionsOnly bool
}

// Replica returns what the client said about itself, to be changed.
func (s *Session) Replica() *ReplicaInfo {
	if s.replica == nil {
		s.replica = new(replica)
	}
	return &s.replica.ReplicaInfo
}

// isReplica reports whether the client is a replica.
func (s *Session) isReplica() bool { return s.replica != nil && s.replica.state != replicaNone }

// replicaAddr returns the host by which a replica is known.
func (s *Session) replicaAddr() string {
	if s.replica.Addr != "" {
		return s.replica.Addr
	}
	if at, err := netip.ParseAddrPort(s.conn.Addr()); err == nil {
		return at.Addr().String()
	}
	host, _, _ := strings.Cut(s.conn.Addr(), ":")
	return host
}

// replicaName returns a replica as logs show it.
func (s *Session) replicaName() string {
	if s.replica != nil && s.replica.Port != 0 {
		host := s.replicaAddr()
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		return fmt.Sprintf("%s:%d", host, s.replica.Port)
	}
	return fmt.Sprintf("client id #%d", s.ID)
}

// SyncOptions are the arguments of PSYNC and SYNC.
type SyncOptions struct {
	Old      bool   // it is SYNC
	ID       []byte // of the history that the replica has; "?" for none
	Offset   []byte // of the byte that it wants first
	Failover bool   // this server is to become a master
}

const errNoMasterLink resp.Error = "NOMASTERLINK Can't SYNC while not connected with my master"

// Sync makes the client a replica: the stream follows, or a snapshot and then the
// stream.
func (c *Ctx) Sync(o SyncOptions) error {
	s, r := c.Session, &c.repl
	if s.isReplica() {
		return nil // and no reply
	}
	if s.internal {
		return resp.Error("ERR SYNC and PSYNC need a connection")
	}
	if o.Failover {
		c.Log.Info(fmt.Sprintf("Failover request received for replid %s.", o.ID))
		switch {
		case !c.IsReplica():
			return resp.Error("ERR PSYNC FAILOVER can't be sent to a master.")
		case !strings.EqualFold(string(o.ID), r.history.ID):
			return resp.Error("ERR PSYNC FAILOVER replid must match my replid.")
		}
		c.BecomeMaster()
		c.Log.Info(fmt.Sprintf("MASTER MODE enabled (failover request from '%s')", s.AppendInfo(nil)))
	}
	p := s.Replica()
	switch {
	case r.failover.state != noFailover:
		return resp.Error("NOMASTERLINK Can't SYNC while failing over")
	case c.IsReplica() && r.master.session == nil:
		return errNoMasterLink
	case s.hasOutput():
		return resp.Error("ERR SYNC and PSYNC are invalid with pending output")
	case p.Filtered && !p.EOF:
		return resp.Error("ERR Filtered replica requires EOF capability")
	}
	c.Log.Info("Replica " + s.replicaName() + " asks for synchronization")
	s.replica.old = o.Old
	if !o.Old {
		from, err := c.ArgInt(2)
		if err != nil {
			c.Log.Warn("Replica " + s.replicaName() + " asks for synchronization but with a wrong offset")
			return err
		}
		if c.resumeReplica(s, string(o.ID), from) {
			c.Stats.PartialSyncs++
			return nil
		}
		if string(o.ID) != "?" {
			c.Stats.RefusedPartialSyncs++
		}
	}
	c.Stats.FullSyncs++
	s.replica.state, s.replica.since = replicaWaits, c.NowMilli()
	r.replicas = append(r.replicas, s)
	if !c.hasBacklog() {
		// What there was before has no name any more, so nobody can go on with it.
		c.ChangeReplID()
		c.startBacklog(c.ReplOffset())
		c.Log.Info(fmt.Sprintf("Replication backlog created, my new replication IDs are '%s' and '%s'", r.history.ID, r.history.Former))
	}
	c.watchReplication()
	if c.Config.Replication.DisklessSync && p.EOF && c.Config.Replication.DisklessDelay > 0 && s.conn.FD() >= 0 {
		c.Log.Info("Delay next BGSAVE for diskless SYNC")
		c.syncIfDue(c.NowMilli())
		return nil
	}
	c.beginSync(s)
	return nil
}

// resumeReplica lets a replica go on where it is, if it has the same history and the
// backlog reaches back that far.
func (e *Core) resumeReplica(s *Session, id string, from int64) bool {
	h := &e.repl.history
	switch h.Mismatch(id, from) {
	case replication.Unknown:
		if strings.HasPrefix(id, "?") {
			e.Log.Info("Full resync requested by replica " + s.replicaName())
		} else {
			e.Log.Info(fmt.Sprintf("Partial resynchronization not accepted: Replication ID mismatch (Replica asked for '%s', my replication IDs are '%s' and '%s')",
				id, h.ID, h.Former))
		}
		return false
	case replication.TooNew:
		e.Log.Info(fmt.Sprintf("Partial resynchronization not accepted: Requested offset for second ID was %d, but I can reply up to %d", from, h.FormerEnd))
		return false
	}
	e.finishUnit()
	var reader *journal.Reader
	ok := e.journal.stream != nil
	if ok {
		reader, ok = e.journal.stream.ReplicaReader(from - 1)
	}
	if !ok {
		e.Log.Info(fmt.Sprintf("Unable to partial resync with replica %s for lack of backlog (Replica request was: %d).", s.replicaName(), from))
		if from > e.ReplOffset() {
			e.Log.Warn("Warning: replica " + s.replicaName() + " tried to PSYNC with an offset that is greater than the master replication offset.")
		}
		return false
	}
	p := s.replica
	p.state, p.since, p.acked, p.ready = replicaOnline, e.NowMilli(), e.NowMilli(), true
	e.repl.replicas = append(e.repl.replicas, s)
	e.watchReplication()
	if p.PSYNC2 {
		s.out.Simple("CONTINUE " + h.ID)
	} else {
		s.out.Simple("CONTINUE")
	}
	s.setFeed(replication.NewStreamFeed(reader))
	e.Log.Info(fmt.Sprintf("Partial resynchronization request from %s accepted. Sending %d bytes of backlog starting from offset %d.",
		s.replicaName(), e.ReplOffset()-from+1, from))
	return true
}

// answeredReplica ends a command of a session that has said something about itself
// as a replica. A replica whose command has a reply is disconnected, since it would
// take the reply for a part of the stream.
func (s *Session) answeredReplica(mark int) {
	switch {
	case !s.isReplica():
		return
	case !s.replica.linked:
		s.replica.linked = true
		return
	case len(s.out.Buf) <= mark:
		return
	}
	reply := s.out.Buf[mark:]
	logged, command := "(null)", "<unknown>"
	if s.LastCmd != nil {
		logged, command = s.LastCmd.FullName, s.LastCmd.FullName
	}
	s.e.Log.Warn(fmt.Sprintf("Replica generated a reply to command '%s', disconnecting it: %s", logged, s.AppendInfo(nil)))
	if reply[0] == '-' {
		s.e.unexpectedError("master", "replica", resp.Error(bytes.TrimSpace(reply[1:])), command)
	}
	s.out.Buf = s.out.Buf[:mark]
	s.Kill()
}

// unexpectedError takes note of an error reply between a master and a replica, or
// from an append-only file: both sides no longer have the same data.
func (e *Core) unexpectedError(from, to string, reply resp.Error, command string) {
	text, plain := strings.CutPrefix(string(reply), "ERR ")
	if !plain {
		text = "-" + text
	}
	e.Stats.UnexpectedErrors++
	e.Log.Warn(fmt.Sprintf("== CRITICAL == This %s is sending an error to its %s: '%s' after processing the command '%s'", from, to, text, command))
}

// setFeed has what the feed has follow the replies of a replica.
func (s *Session) setFeed(f *replication.Feed) {
	s.replica.feed = f
	s.mu.Lock()
	s.feed = f
	s.mu.Unlock()
	s.e.markDirty(s)
	s.applyLimits()
}

// syncIfDue begins the snapshot for replicas that have waited long enough for
// others to come.
func (e *Core) syncIfDue(now int64) {
	c := &e.Config.Replication
	waiting, oldest := int64(0), now
	var first *Session
	for _, s := range e.repl.replicas {
		if s.replica.state == replicaWaits {
			if first == nil {
				first = s
			}
			waiting++
			oldest = min(oldest, s.replica.since)
		}
	}
	if first != nil && (!c.DisklessSync || c.DisklessMaxReplicas > 0 && waiting >= c.DisklessMaxReplicas ||
		now-oldest >= c.DisklessDelay*1000) {
		e.beginSync(first)
		e.syncIfDue(now) // of those that want other parts
	}
}

// beginSync sends a snapshot of the data as they are now to a replica that waits,
// and to all others that wait for the same.
func (e *Core) beginSync(first *Session) {
	e.finishUnit()
	want := first.replica
	mark := e.Config.Replication.DisklessSync || want.Filtered
	var to []*Session
	for _, s := range e.repl.replicas {
		if p := s.replica; p.state == replicaWaits && p.Filtered == want.Filtered && p.FunctionsOnly == want.FunctionsOnly {
			to = append(to, s)
			mark = mark && p.EOF
		}
	}
	form := replication.Form{}
	target := "disk"
	if mark {
		form = replication.Form{Size: -1, Mark: e.randomHex(replication.IDLen)}
		target = "replicas sockets"
	}
	e.Log.Info("Starting BGSAVE for SYNC with target: " + target)
	p := e.present()
	p.data, p.config = p.data.Clone(), p.config.Clone()
	p.aux = e.replicationAux()
	p.noData = want.Filtered
	if want.Filtered && !want.FunctionsOnly {
		p.functions = nil
	}
	p.plain = !mark // then it is written twice, and has to be the same
	p.version = e.snapshotVersion(to)
	offset := e.ReplOffset()
	var snapshot replication.Snapshot
	on := &sending{to: to, gone: make(chan struct{})}
	for _, s := range to {
		r := s.replica
		r.state, r.mark, r.version, r.gets = replicaLoads, mark, p.version, on
		if !r.old {
			s.out.Simple(fmt.Sprintf("FULLRESYNC %s %d", e.repl.history.ID, offset))
		}
		var reader *journal.Reader
		if !r.RDBOnly {
			reader = e.journal.stream.NewReader(journal.Replicas)
		}
		f := replication.NewFeed(reader, mark, s.conn.Wake, func() {
			e.repl.work.Go(func() {
				e.engine.interpose()
				defer e.engine.leave()
				e.snapshotSent(s)
			})
		})
		snapshot = append(snapshot, f)
		s.setFeed(f)
	}
	if p.eachKey != nil {
		p.eachKey = e.saveDelay(p.config.RDBKeySaveDelay, on.gone)
	}
	e.repl.sending = append(e.repl.sending, on)
	e.repl.work.Go(func() {
		err := e.sendSnapshot(snapshot, form, p, func() {
			e.engine.interpose()
			defer e.engine.leave()
			on.written = true
		})
		e.engine.interpose()
		defer e.engine.leave()
		e.repl.sending = slices.DeleteFunc(e.repl.sending, func(o *sending) bool { return o == on })
		left := on.left()
		switch {
		case err != nil && left == 0:
			e.Log.Warn("Diskless rdb transfer, last replica dropped, killing fork child.")
		case err == nil && mark:
			e.Log.Info(fmt.Sprintf("Diskless rdb transfer, done reading from pipe, %d replicas still up.", left))
		}
		if err != nil {
			e.Log.Warn("BGSAVE for replication failed", "error", err)
			for _, s := range to {
				if s.isReplica() && s.replica.state == replicaLoads {
					s.Kill()
				}
			}
		}
	})
}

// sendSnapshot writes a snapshot to replicas. Where Redis writes a file first, only
// its size is found out; written is called then.
func (e *Core) sendSnapshot(to replication.Snapshot, form replication.Form, p picture, written func()) error {
	var pace io.Writer = cancellable{to, context.Background().Done()}
	if form.Mark == "" {
		var size counter
		if err := e.writeTo(&size, p); err != nil {
			return err
		}
		form.Size = int64(size)
		p.eachKey = nil // it counts once
		written()
	}
	if _, err := io.WriteString(to, form.Header()); err != nil {
		return err
	}
	sent := counter(0)
	if err := e.writeTo(io.MultiWriter(pace, &sent), p); err != nil {
		return err
	}
	if form.Mark != "" {
		if _, err := io.WriteString(to, form.Mark); err != nil {
			return err
		}
	} else if int64(sent) != form.Size {
		return errors.New("the snapshot has another size than announced")
	}
	to.Finish()
	return nil
}

// snapshotVersion returns the version of the format for a snapshot. A replica does
// not say which versions it knows: one that goes away over a snapshot and comes
// back gets the next in an older version.
func (e *Core) snapshotVersion(to []*Session) int {
	v := e.Config.Edition.RDB
	for _, s := range to {
		if known := e.repl.versions[s.replicaName()]; known != 0 {
			v = min(v, known)
		}
	}
	return v
}

// noteVersion takes note that a replica did not take the snapshot that it got.
func (s *Session) noteVersion() {
	p, r := s.replica, &s.e.repl
	if p.ready || p.version <= rdb.OldestWritten || p.Port == 0 || p.state < replicaLoads {
		return
	}
	if r.versions == nil {
		r.versions = make(map[string]int)
	}
	r.versions[s.replicaName()] = p.version - 1
}

// counter counts what is written.
type counter int64

func (n *counter) Write(p []byte) (int, error) {
	*n += counter(len(p))
	return len(p), nil
}

// snapshotSent follows the end of a snapshot for one replica.
func (e *Core) snapshotSent(s *Session) {
	if s.ended || s.replica.state != replicaLoads {
		return
	}
	p := s.replica
	if p.RDBOnly {
		e.Log.Info(fmt.Sprintf("RDB transfer completed, rdb only replica (%s) should be disconnected asap", s.replicaName()))
		s.CloseAfterReply()
		return
	}
	p.state, p.acked = replicaOnline, e.NowMilli()
	e.Log.Info("Synchronization with replica " + s.replicaName() + " succeeded")
	if p.ready {
		p.feed.Release()
		s.wakeFeed()
	}
}

// Acknowledge takes note of the offsets that a replica has got to; synced is -1 if
// it did not say what is on its disk.
func (s *Session) Acknowledge(offset, synced int64) {
	if !s.isReplica() {
		return
	}
	p, e := s.replica, s.e
	if !p.ready {
		delete(e.repl.versions, s.replicaName())
	}
	p.offset, p.acked = max(p.offset, offset), e.NowMilli()
	p.synced = max(p.synced, synced)
	if !p.ready {
		p.ready = true
		if p.state == replicaOnline && p.feed != nil {
			p.feed.Release()
			s.wakeFeed()
		}
	}
	e.serveAcks()
	e.checkFailover()
	e.checkShutdown(e.NowMilli())
}

// CountAcks returns how many replicas have got to an offset.
func (e *Core) CountAcks(offset int64) (n int) {
	for _, s := range e.repl.replicas {
		if s.replica.state == replicaOnline && s.replica.offset >= offset {
			n++
		}
	}
	return n
}

// CountSyncedAcks returns how many replicas have what is before an offset on their
// disks.
func (e *Core) CountSyncedAcks(offset int64) (n int) {
	for _, s := range e.repl.replicas {
		if s.replica.state == replicaOnline && s.replica.synced >= offset {
			n++
		}
	}
	return n
}

// WrittenTo returns the replication offset of the end of what the client wrote
// last.
//
// The program itself has written all that was written.
func (s *Session) WrittenTo() int64 {
	if s.internal {
		return s.e.ReplOffset()
	}
	return s.wrote.Replicas
}

// BlockForAcks blocks the command until so many replicas have got to an offset, or
// have what is before it on their disks if synced is true. It is the last thing
// that a handler does.
func (c *Ctx) BlockForAcks(w Wait, offset int64, replicas int, synced bool) error {
	err := c.Block(w)
	if err == errBlocked && c.again == nil {
		c.Session.wait.acks = true
		c.repl.waits = append(c.repl.waits, ackWait{c.Session.wait, offset, replicas, synced})
	}
	c.repl.askAcks = true
	return err
}

// askForAcks asks the replicas how far they are, if somebody waits for that.
func (e *Core) askForAcks() {
	if e.repl.askAcks {
		e.repl.askAcks = false
		if len(e.repl.replicas) > 0 && !e.IsReplica() {
			e.tellReplicas("REPLCONF", "GETACK", "*")
		}
	}
}

// serveAcks runs the commands again for which enough replicas have got far
// enough.
func (e *Core) serveAcks() {
	for _, a := range slices.Clone(e.repl.waits) {
		count := e.CountAcks
		if a.synced {
			count = e.CountSyncedAcks
		}
		if a.w.s.wait == a.w && count(a.offset) >= a.replicas {
			e.tryAgain(a.w)
		}
	}
}

// endReplica takes a replica out of the server.
func (s *Session) endReplica() {
	if !s.isReplica() {
		return
	}
	e := s.e
	e.repl.replicas = slices.DeleteFunc(e.repl.replicas, func(o *Session) bool { return o == s })
	if len(e.repl.replicas) == 0 {
		e.repl.alone = e.NowMilli()
	}
	if s.replica.state == replicaOnline {
		e.Log.Info("Connection with replica " + s.replicaName() + " lost.")
	}
	s.noteVersion()
	s.replica.state = replicaNone
	for _, o := range e.repl.sending {
		if slices.Contains(o.to, s) && o.left() == 0 {
			close(o.gone)
		}
	}
	if s.replica.feed != nil {
		e.repl.sent += s.replica.feed.Total()
	}
	s.closeFeed(false)
}

// closeFeed ends what a replica is sent. The memory of what is being written stays
// until the transport is done with it.
func (s *Session) closeFeed(written bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.feed == nil {
		return
	}
	s.feed.End()
	if written || !s.writing {
		s.feed.Close()
		s.feed = nil
	}
}

// nextOfFeed returns what follows the replies, if out is not a reply. It is called
// with s.mu held.
func (s *Session) nextOfFeed(out []byte) []byte {
	switch {
	case out != nil:
	case s.gone:
		s.feed.Close()
		s.feed = nil
	default:
		out = s.feed.Next()
		s.feeding = out != nil
	}
	return out
}

// hasOutput reports whether replies wait for the transport.
func (s *Session) hasOutput() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending.size+len(s.out.Buf) > 0
}

// goodReplicas returns how many replicas lag behind no more than writes allow.
func (e *Core) goodReplicas() (n int64) {
	for _, s := range e.repl.replicas {
		if s.replica.state == replicaOnline && e.NowMilli()/1000-s.replica.acked/1000 <= e.Config.Replication.MinMaxLag {
			n++
		}
	}
	return n
}

// GoodReplicas is what writes need; it is false if they need none.
func (e *Core) GoodReplicas() (n int64, needed bool) {
	return e.goodReplicas(), e.Config.Replication.MinReplicas > 0 && e.Config.Replication.MinMaxLag > 0
}

// tooFewReplicas reports whether writes are refused.
func (e *Core) tooFewReplicas() bool {
	c := &e.Config.Replication
	return c.MinReplicas > 0 && c.MinMaxLag > 0 && !e.IsReplica() && e.goodReplicas() < c.MinReplicas
}

// ReplicaView is a replica as INFO and ROLE show it.
type ReplicaView struct {
	Host   string
	Port   int64
	State  string
	Offset int64
	Lag    int64 // seconds
}

// Replicas returns the replicas in the order in which they came.
func (e *Core) Replicas() (list []ReplicaView) {
	for _, s := range e.repl.replicas {
		p := s.replica
		v := ReplicaView{Host: s.replicaAddr(), Port: p.Port, State: "wait_bgsave", Offset: p.offset}
		switch {
		case p.state == replicaOnline:
			v.State, v.Lag = "online", e.NowMilli()/1000-p.acked/1000
		case p.state == replicaLoads && !p.mark && p.gets.written:
			v.State = "send_bulk"
		}
		list = append(list, v)
	}
	return list
}

// isStuck reports whether a replica has read nothing of a snapshot for the time after
// which it is given up. The others wait for it, and are not stuck themselves.
func (s *Session) isStuck(now int64) bool {
	p := s.replica
	if p.state != replicaLoads || !p.mark || p.feed == nil {
		return false
	}
	if n := p.feed.Total(); n != p.sent || p.sentYet == 0 || !p.feed.Owes() {
		p.sent, p.sentYet = n, now
	}
	return s.conn.FD() >= 0 && now-p.sentYet > s.e.Config.Replication.Timeout*1000
}

// SendingSnapshots reports whether snapshots are on their way to replicas.
func (e *Core) SendingSnapshots() bool { return len(e.repl.sending) > 0 }

// sending is a snapshot on its way to replicas.
type sending struct {
	to   []*Session
	gone chan struct{} // closed when none of them is left
	// written: the snapshot is on its way, and not only in the making.
	written bool
}

// left returns how many of the replicas are still there.
func (o *sending) left() (n int) {
	for _, s := range o.to {
		if s.isReplica() {
			n++
		}
	}
	return n
}
