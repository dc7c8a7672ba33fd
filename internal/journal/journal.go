// Package journal is the stream of write commands that the append-only file,
// replicas and the replication backlog share. Its commands recreate the data
// elsewhere, or after a restart.
//
// A Stream encodes each command once, into blocks that all readers share, in the
// form in which Redis 7.4 propagates it: units of several commands are wrapped in
// MULTI and EXEC, SELECT precedes a command for another database, and the file may
// have #TS annotations. Some parts are only for the file, or only for replicas: a
// block records which, and a Reader skips the parts of other targets.
//
// The stream counts in two ways (see Position): all bytes, and the bytes for
// replicas, which are the offset of the replication protocol.
package journal

import (
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/resp-server/resp-server/internal/resp"
)

// Target is a set of receivers.
type Target uint8

// The targets.
const (
	AOF Target = 1 << iota
	Replicas
	Both = AOF | Replicas

	targets = 2 // number of bits
)

// AnyDB is the database of a command that depends on none, such as PING or
// REPLCONF.
const AnyDB = -1

// Op is a command that changes one database.
type Op struct {
	DB   int // or AnyDB
	Args [][]byte
	To   Target
}

// Position is a place in the stream. Positions can be compared by either field.
type Position struct {
	// Log counts all bytes of the stream, including those for a single target.
	Log int64
	// Replicas is the replication offset, which counts the bytes for replicas. As
	// in Redis, each command counts as one byte while there are neither replicas
	// nor a backlog.
	Replicas int64
}

const (
	minBlock = 16 << 10
	maxBlock = 64 << 10
	// backlogBlocks is the least number of blocks in a backlog, because it shrinks
	// block by block.
	backlogBlocks = 16
	// maxWaste is the share of a block that may stay empty to avoid splitting a
	// command.
	maxWaste = 8
)

// Stream is a stream of commands. Its methods, and those of its readers, are safe
// for concurrent use, but one Reader is for one goroutine at a time.
//
// A block is freed once all readers have passed it and the backlog does not need
// it. So the owner of the readers must close those that are too slow (see
// Reader.Lag).
type Stream struct {
	mu sync.Mutex

	first, last *block
	spare       *block // reused for the next block
	blockSize   int
	memory      int64

	end      Position
	readers  [targets]int // number of open readers by target
	selected [targets]int // database by target; AnyDB if unknown

	stamps  bool
	stamped int64 // the last annotated time

	backlog backlog
}

// backlog is the part of the stream that replicas may request again.
type backlog struct {
	on    bool
	size  int64
	first *block // the oldest block of the history
	from  int64  // the replication offset where the history starts
}

// block is a piece of the stream.
type block struct {
	next  *block
	buf   []byte // never reallocated, because readers look at it
	start Position
	parts []part // parts that are not for Both, in order
	refs  int    // number of readers in the block
}

// part is a range of a block for one target.
type part struct {
	from, to int
	target   Target
}

// New returns a stream without readers that starts at a replication offset.
func New(offset int64) *Stream {
	s := &Stream{blockSize: maxBlock, end: Position{Replicas: offset}}
	s.selected = [targets]int{AnyDB, AnyDB}
	s.grow()
	return s
}

// Annotate turns #TS annotations in the file on or off.
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

// Memory returns the memory of the blocks in bytes.
func (s *Stream) Memory() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.memory
}

// Check returns what does not fit together, nil if all does. It is for tests.
func (s *Stream) Check() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	log, memory, refs, history := s.first.start.Log, int64(0), 0, !s.backlog.on
	if s.spare != nil {
		memory += int64(cap(s.spare.buf))
	}
	for b := s.first; b != nil; b = b.next {
		if b.start.Log != log {
			return fmt.Errorf("a block begins at %d, the one before it ends at %d", b.start.Log, log)
		}
		at := 0
		for _, p := range b.parts {
			if p.from < at || p.to <= p.from || p.to > len(b.buf) {
				return fmt.Errorf("a part from %d to %d comes after %d in a block of %d bytes", p.from, p.to, at, len(b.buf))
			}
			at = p.to
		}
		log += int64(len(b.buf))
		memory += int64(cap(b.buf))
		refs += b.refs
		history = history || b == s.backlog.first
		if b.next == nil && b != s.last {
			return errors.New("the last block is not the last one")
		}
	}
	switch {
	case log != s.end.Log:
		return fmt.Errorf("the blocks end at %d, the stream at %d", log, s.end.Log)
	case memory != s.memory:
		return fmt.Errorf("the blocks take %d bytes, counted are %d", memory, s.memory)
	case refs < max(s.readers[0], s.readers[1]) || refs > s.readers[0]+s.readers[1]:
		return fmt.Errorf("%d readers stand in blocks, counted are %d and %d", refs, s.readers[0], s.readers[1])
	case !history:
		return errors.New("the backlog begins in a block that is gone")
	}
	return nil
}

// Append adds the operations of one unit: a command, an EXEC, a script. now is in
// seconds since 1970, and is only for annotations. Append returns the end of the
// stream: a receiver that has the unit has everything before it. Append keeps no
// reference to the unit.
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
	s.trim()
	return s.end
}

// AppendRaw adds bytes for replicas: the stream of a master, which its replica
// passes on unchanged.
func (s *Stream) AppendRaw(p []byte) Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.present(Replicas) == 0 {
		s.end.Replicas += int64(len(p))
	} else {
		s.put(p, Replicas)
	}
	s.trim()
	return s.end
}

// Cut returns the end of the stream, and makes what follows complete in itself for
// a target: the next command comes with its SELECT. An append-only file or a
// replica may start there.
func (s *Stream) Cut(to Target) Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(to)
	return s.end
}

// forget makes the next command come with its SELECT.
func (s *Stream) forget(to Target) {
	for i := range targets {
		if to&(1<<i) != 0 {
			s.selected[i] = AnyDB
		}
	}
}

// present returns those of the targets that have a reader or the backlog.
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

// stamp annotates the time if it has advanced.
func (s *Stream) stamp(to Target, now int64) {
	if s.stamps && now > s.stamped && s.present(to)&AOF != 0 {
		s.stamped = now
		var line [32]byte
		s.put(append(strconv.AppendInt(append(line[:0], "#TS:"...), now, 10), "\r\n"...), AOF)
	}
}

// selectDB writes a SELECT for the targets at another database.
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

// line adds an encoded command.
func (s *Stream) line(text string, to Target) {
	if there := s.present(to); there != 0 {
		s.put([]byte(text), there)
	}
	s.countAbsent(to)
}

// countAbsent counts a command for replicas while there are none.
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

// put adds bytes, to as many blocks as necessary.
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

// took accounts for bytes that were written to the end of the last block.
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

// trim frees the blocks that nobody needs.
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

// inBacklog reports whether the backlog would be too small without the oldest
// block.
func (s *Stream) inBacklog(b *block) bool {
	return s.backlog.first == b && s.end.Replicas-b.next.start.Replicas < s.backlog.size
}
