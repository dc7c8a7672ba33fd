// Package journal is the stream of commands that repeat, elsewhere or after a
// restart, what happened to the data: what the append-only file, replicas and
// the replication backlog are made of.
//
// A Stream encodes each command once, into blocks that all readers share, in
// the form in which Redis 7.4 propagates it: units of more than one command
// stand between MULTI and EXEC, SELECT comes when the database changes, and
// #TS annotations where the file is to have them. Some of that is for the file
// only, or for replicas only: a block knows which of its parts are not for
// everybody, and a Reader passes over what is not for it.
//
// The stream counts in two ways (see Position): all bytes, and those that
// replicas get, which is the offset of the replication protocol.
package journal

import (
	"strconv"
	"sync"

	"github.com/resp-server/resp-server/internal/resp"
)

// Target says who is to get something. It is a set.
type Target uint8

// The targets.
const (
	AOF Target = 1 << iota
	Replicas
	Both = AOF | Replicas

	targets = 2 // how many bits
)

// AnyDB is the database of a command that touches none: PING, REPLCONF.
const AnyDB = -1

// Op is a command with its effect on one database.
type Op struct {
	DB   int // or AnyDB
	Args [][]byte
	To   Target
}

// Position is a place in the stream. Positions are compared by either field.
type Position struct {
	// Log counts the bytes of the stream, those that only some get included.
	Log int64
	// Replicas is the replication offset: the bytes for replicas. While there
	// are neither replicas nor a backlog each command counts as one byte, as it
	// does in Redis.
	Replicas int64
}

const (
	minBlock = 16 << 10
	maxBlock = 64 << 10
	// backlogBlocks is how many blocks a backlog has at least: it shrinks block
	// by block.
	backlogBlocks = 16
	// maxWaste is the share of a block that may stay empty so that a command is
	// not cut into pieces.
	maxWaste = 8
)

// Stream is a stream of commands. Its methods, and those of its readers, are
// safe for concurrent use, but one Reader is for one goroutine at a time.
//
// Blocks stay as long as a reader has not passed them or the backlog needs
// them: whoever lets readers in also has to close those that are too slow (see
// Reader.Lag).
type Stream struct {
	mu sync.Mutex

	first, last *block
	spare       *block // for the next block
	blockSize   int
	memory      int64

	end      Position
	readers  [targets]int // open ones that get what is for the target
	selected [targets]int // database, AnyDB if it is not known

	stamps  bool
	stamped int64 // last time that was annotated

	backlog backlog
}

// backlog is the part of the stream that replicas may ask for again.
type backlog struct {
	on    bool
	size  int64
	first *block // oldest one of the history
	from  int64  // the replication offset at which the history begins
}

// block is a piece of the stream.
type block struct {
	next  *block
	buf   []byte // never grows beyond its capacity: readers look at it
	start Position
	parts []part // those that are not for Both, in their order
	refs  int    // readers that stand in the block
}

// part is a range of a block that only some get.
type part struct {
	from, to int
	target   Target
}

// New makes a stream without readers, whose replication offset is that of
// the argument.
func New(offset int64) *Stream {
	s := &Stream{blockSize: maxBlock, end: Position{Replicas: offset}}
	s.selected = [targets]int{AnyDB, AnyDB}
	s.grow()
	return s
}

// Annotate says whether the file gets the time of commands, as #TS lines.
func (s *Stream) Annotate(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stamps = on
}

// End returns the end of the stream.
func (s *Stream) End() Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end
}

// Memory returns the bytes that the blocks take.
func (s *Stream) Memory() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.memory
}

// Append adds what one unit did: a command, an EXEC, a script. The time is in
// seconds since 1970; it only matters for annotations. It returns the end of
// the stream: what has the unit has all before that. Nothing of the unit is
// kept.
func (s *Stream) Append(unit []Op, now int64) Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all Target
	for i := range unit {
		all |= unit[i].To
	}
	if len(unit) > 1 {
		s.stamp(all, now)
		s.line(cmdMulti, all)
	}
	for i := range unit {
		op := &unit[i]
		s.stamp(op.To, now)
		if op.DB != AnyDB {
			s.selectDB(op.DB, op.To)
		}
		s.command(op.Args, op.To)
	}
	if len(unit) > 1 {
		s.line(cmdExec, all)
	}
	return s.end
}

// AppendRaw adds bytes for replicas: what a master sent, which its replica
// hands on as it is.
func (s *Stream) AppendRaw(p []byte) Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.present(Replicas) == 0 {
		s.end.Replicas += int64(len(p))
	} else {
		s.put(p, Replicas)
	}
	return s.end
}

// Cut returns the end of the stream, from which on it is complete in itself
// for a target: the next command comes with its database. An append-only file
// or a replica may begin there.
func (s *Stream) Cut(to Target) Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(to)
	return s.end
}

// forget makes the next command come with its database.
func (s *Stream) forget(to Target) {
	for i := range targets {
		if to&(1<<i) != 0 {
			s.selected[i] = AnyDB
		}
	}
}

// present returns those of the targets that somebody reads for.
func (s *Stream) present(to Target) Target {
	if s.readers[0] == 0 {
		to &^= AOF
	}
	if s.readers[1] == 0 && !s.backlog.on {
		to &^= Replicas
	}
	return to
}

const (
	cmdMulti = "*1\r\n$5\r\nMULTI\r\n"
	cmdExec  = "*1\r\n$4\r\nEXEC\r\n"
)

// stamp annotates the time if it is another than before.
func (s *Stream) stamp(to Target, now int64) {
	if s.stamps && now > s.stamped && s.present(to)&AOF != 0 {
		s.stamped = now
		var line [32]byte
		s.put(append(strconv.AppendInt(append(line[:0], "#TS:"...), now, 10), "\r\n"...), AOF)
	}
}

// selectDB selects a database for those that have another.
func (s *Stream) selectDB(db int, to Target) {
	need := s.present(to)
	for i := range targets {
		if s.selected[i] == db {
			need &^= 1 << i
		}
	}
	if need == 0 {
		return
	}
	for i := range targets {
		if need&(1<<i) != 0 {
			s.selected[i] = db
		}
	}
	var text [48]byte
	var digits [20]byte
	w := resp.Writer{Buf: text[:0]}
	w.Array(2)
	w.BulkString("SELECT")
	w.Bulk(strconv.AppendInt(digits[:0], int64(db), 10))
	s.put(w.Buf, need)
}

// line adds a command that is there already.
func (s *Stream) line(text string, to Target) {
	if there := s.present(to); there != 0 {
		s.put([]byte(text), there)
	}
	s.countAbsent(to)
}

// countAbsent counts a command for replicas where there are none.
func (s *Stream) countAbsent(to Target) {
	if to&Replicas != 0 && s.present(Replicas) == 0 {
		s.end.Replicas++
	}
}

// command adds a command.
func (s *Stream) command(args [][]byte, to Target) {
	s.countAbsent(to)
	if to = s.present(to); to == 0 {
		return
	}
	const header = len("$18446744073709551615\r\n\r\n")
	most := header
	for _, a := range args {
		most += header + len(a)
	}
	if room := cap(s.last.buf) - len(s.last.buf); room < most && room <= s.blockSize/maxWaste && most <= s.blockSize {
		s.grow()
	}
	if cap(s.last.buf)-len(s.last.buf) >= most {
		w := resp.Writer{Buf: s.last.buf}
		w.Array(len(args))
		for _, a := range args {
			w.Bulk(a)
		}
		s.took(len(w.Buf)-len(s.last.buf), to)
		return
	}
	var text [32]byte
	w := resp.Writer{Buf: text[:0]}
	w.Array(len(args))
	s.put(w.Buf, to)
	for _, a := range args {
		s.put(append(strconv.AppendInt(append(text[:0], '$'), int64(len(a)), 10), "\r\n"...), to)
		s.put(a, to)
		s.put([]byte("\r\n"), to)
	}
}

// put adds bytes, to as many blocks as they need.
func (s *Stream) put(p []byte, to Target) {
	for len(p) > 0 {
		b := s.last
		n := copy(b.buf[len(b.buf):cap(b.buf)], p)
		if n == 0 {
			s.grow()
			continue
		}
		s.took(n, to)
		p = p[n:]
	}
}

// took counts bytes that were written to the end of the last block.
func (s *Stream) took(n int, to Target) {
	b := s.last
	from := len(b.buf)
	b.buf = b.buf[:from+n]
	s.end.Log += int64(n)
	if to&Replicas != 0 {
		s.end.Replicas += int64(n)
	}
	if to == Both {
		return
	}
	if k := len(b.parts) - 1; k >= 0 && b.parts[k].to == from && b.parts[k].target == to {
		b.parts[k].to = from + n
		return
	}
	b.parts = append(b.parts, part{from, from + n, to})
}

// grow adds a block.
func (s *Stream) grow() {
	b := s.spare
	s.spare = nil
	if b != nil && cap(b.buf) != s.blockSize {
		s.memory -= int64(cap(b.buf))
		b = nil
	}
	if b == nil {
		b = &block{buf: make([]byte, 0, s.blockSize)}
		s.memory += int64(s.blockSize)
	}
	b.start = s.end
	if s.last == nil {
		s.first = b
	} else {
		s.last.next = b
	}
	s.last = b
	s.trim()
}

// trim gives up the blocks that nobody needs any more.
func (s *Stream) trim() {
	for s.first != s.last && s.first.refs == 0 && !s.inBacklog(s.first) {
		b := s.first
		s.first = b.next
		if s.backlog.first == b {
			s.backlog.first = b.next
		}
		if s.spare != nil || cap(b.buf) != s.blockSize {
			s.memory -= int64(cap(b.buf))
			continue
		}
		*b = block{buf: b.buf[:0], parts: b.parts[:0]}
		s.spare = b
	}
}

// inBacklog says whether without the oldest block the backlog would have less
// than its size.
func (s *Stream) inBacklog(b *block) bool {
	return s.backlog.first == b && s.end.Replicas-b.next.start.Replicas < s.backlog.size
}
