package engine

import (
	"strconv"
	"unsafe"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/pubsub"
	"github.com/resp-server/resp-server/internal/resp"
)

// Class is a class of clients, for CLIENT LIST TYPE and the limits of output.
type Class uint8

// The classes of clients.
const (
	ClassNormal Class = iota
	ClassReplica
	ClassPubSub
	ClassMaster
)

// Class returns the class of the session's client.
func (s *Session) Class() Class {
	switch {
	case s.master != nil:
		return ClassMaster
	case s.isReplica():
		return ClassReplica
	case s.Subscriptions() > 0:
		return ClassPubSub
	}
	return ClassNormal
}

// Flags returns the letters for the state of a client in CLIENT LIST.
func (s *Session) Flags() string {
	var f [16]byte
	n := 0
	for _, flag := range [...]struct {
		on     bool
		letter byte
	}{
		{s.isReplica(), 'S'},
		{s.monitor, 'O'},
		{s.master != nil, 'M'},
		{s.Subscriptions() > 0, 'P'},
		{s.multi != nil, 'x'},
		{s.wait != nil, 'b'},
		{s.tracking != nil, 't'},
		{s.tracking != nil && s.tracking.Broken, 'R'},
		{s.tracking != nil && s.tracking.Broadcast, 'B'},
		{s.casFailed, 'd'},
		{s.closing, 'c'},
		{s.NoEvict, 'e'},
		{s.NoTouch, 'T'},
	} {
		if flag.on {
			f[n] = flag.letter
			n++
		}
	}
	if n == 0 {
		return "N"
	}
	return string(f[:n])
}

// Usage is the memory of a client in bytes, as CLIENT LIST shows it.
type Usage struct {
	Query, QueryFree int // input that is held, and room for more
	Args             int // words of the command that runs or waits
	Multi            int // words of the commands in the transaction
	Reply, ReplySize int // answers of this batch, and room for them
	Waiting          int // answers that the transport has not taken
	Output           int // room for these, if there are any
	// Total is the memory that exists only for the client. The server lends it buffers
	// as long as there is something in them.
	Total int
}

// Usage returns the memory of a client.
func (s *Session) Usage() Usage {
	var u Usage
	used, size := s.QueryBuffer()
	if s == s.e.executing {
		u.Args = argsLen(s.ctx.Args)
		used += min(resp.CommandLen(s.ctx.Args), size) // as the real server, which has it still
	} else if s.wait != nil {
		u.Args = argsLen(s.wait.args)
	}
	u.Query, u.QueryFree = used, max(size-used, 0)
	if s.multi != nil {
		u.Multi = s.multi.size + s.multi.words*int(unsafe.Sizeof(uintptr(0)))
	}
	u.Reply, u.ReplySize = len(s.out.Buf), cap(s.out.Buf)
	s.mu.Lock()
	u.ReplySize += cap(s.kept)
	room := s.pending.room()
	u.Waiting = s.pending.size
	stuck := s.taken
	if s.writing {
		stuck += s.pending.size // else the transport did not come to it yet
	}
	s.mu.Unlock()
	if u.Waiting > 0 {
		u.Output = room
	}
	u.Total = int(unsafe.Sizeof(*s)) + s.listsUse() + s.extras.memoryUse() + u.Multi + u.Reply + stuck + cap(s.kept)
	if size > lentPage {
		u.Total += size // it has a buffer of its own
	} else {
		u.Total += u.Query
	}
	if s.wait != nil {
		u.Total += u.Args // a copy
	}
	return u
}

// activeSlot and activeSlots say for how long a client is active after it has sent
// something: until that many slots of time have begun, in ms.
const (
	activeSlot  = 128
	activeSlots = 4
)

// IsActive reports whether the client has just sent something.
func (s *Session) IsActive() bool { return s.e.NowMilli()/activeSlot-s.heard/activeSlot < activeSlots }

// lentPage is the size of the input buffers that the server lends.
const lentPage = 16 << 10

// listsUse estimates the memory of the names that a session subscribed to, watches or
// tracks.
func (s *Session) listsUse() int {
	const each = 64
	n := s.Subscriptions() * each
	if s.watched != nil {
		n += len(s.watched.list)*each + s.watched.size
	}
	if s.tracking != nil {
		n += len(s.tracking.Prefixes) * each
	}
	return n
}

func argsLen(args [][]byte) (n int) {
	for _, a := range args {
		n += len(a)
	}
	return n
}

// Age returns the age of the connection in seconds.
func (s *Session) Age() int64 { return s.e.NowMilli()/1000 - s.Created/1000 }

// AppendInfo appends the line of CLIENT LIST for a client, without its end.
func (s *Session) AppendInfo(b []byte) []byte {
	l := clientLine{b}
	multi, inMulti := s.InMulti()
	if !inMulti {
		multi = -1
	}
	u := s.Usage()
	events, chunks := "r", 0
	if u.Waiting > 0 {
		events, chunks = "rw", 1
	}
	cmd := "NULL"
	if s.LastCmd != nil {
		cmd = s.LastCmd.FullName
	}
	l.int("id=", int64(s.ID))
	l.text(" addr=", s.conn.Addr())
	l.text(" laddr=", s.conn.LocalAddr())
	l.int(" fd=", int64(s.conn.FD()))
	l.text(" name=", s.Name)
	l.int(" age=", s.Age())
	l.int(" idle=", s.e.NowMilli()/1000-s.LastUsed/1000)
	l.text(" flags=", s.Flags())
	l.int(" db=", int64(s.db))
	l.int(" sub=", int64(s.SubscriptionCount(pubsub.Channel)))
	l.int(" psub=", int64(s.SubscriptionCount(pubsub.Pattern)))
	l.int(" ssub=", int64(s.SubscriptionCount(pubsub.Shard)))
	l.int(" multi=", int64(multi))
	if s.e.Since(compat.ClientWatch) {
		l.int(" watch=", int64(s.WatchCount()))
	}
	l.int(" qbuf=", int64(u.Query))
	l.int(" qbuf-free=", int64(u.QueryFree))
	l.int(" argv-mem=", int64(u.Args))
	l.int(" multi-mem=", int64(u.Multi))
	l.int(" rbs=", int64(u.ReplySize))
	l.int(" rbp=", int64(u.Reply))
	l.int(" obl=", int64(u.Reply))
	l.int(" oll=", int64(chunks))
	l.int(" omem=", int64(u.Output))
	if s.e.Since(compat.ClientPipelines) {
		l.int(" omem-shared=", 0) // each reply is copied to the client's own buffer
		l.int(" omem-unshared=", int64(u.Output))
	}
	l.int(" tot-mem=", int64(u.Total))
	l.text(" events=", events)
	l.text(" cmd=", cmd)
	user := s.user.Name
	if s.master != nil {
		user = "(superuser)"
	}
	l.text(" user=", user)
	l.int(" redir=", s.Redirection())
	l.int(" resp=", int64(s.Proto()))
	if s.e.Since(compat.ClientLibrary) {
		l.text(" lib-name=", s.LibName)
		l.text(" lib-ver=", s.LibVer)
	}
	if s.e.Since(compat.ClientThread) {
		l.int(" io-thread=", 0)
	}
	if s.e.Since(compat.ClientTraffic) {
		l.int(" tot-net-in=", int64(s.traffic.In))
		l.int(" tot-net-out=", int64(s.traffic.Out))
		l.int(" tot-cmds=", int64(s.traffic.Commands))
	}
	if s.e.Since(compat.ClientPipelines) {
		l.int(" read-events=", int64(s.traffic.Reads))
		l.int(" avg-pipeline-len-sum=", int64(s.traffic.pipelines.Sum))
		l.int(" avg-pipeline-len-cnt=", int64(s.traffic.pipelines.Samples))
	}
	return l.b
}

type clientLine struct{ b []byte }

func (l *clientLine) text(field, v string) { l.b = append(append(l.b, field...), v...) }

func (l *clientLine) int(field string, n int64) {
	l.b = strconv.AppendInt(append(l.b, field...), n, 10)
}
