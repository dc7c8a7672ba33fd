package journal

import "math"

// Backlog is the state of the backlog. It has the bytes from First to End, as
// replication offsets: the oldest byte is the one after First.
type Backlog struct {
	On         bool
	Size       int64 // keeps at least this much, if there is as much
	First, End int64
}

// Backlog returns the state of the backlog.
func (s *Stream) Backlog() Backlog {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := Backlog{On: s.backlog.on, Size: s.backlog.size, First: s.end.Replicas, End: s.end.Replicas}
	if b.On {
		b.First = max(s.backlog.from, s.backlog.first.start.Replicas)
	}
	return b
}

// SetBacklogSize sets the minimum of bytes that the backlog keeps.
func (s *Stream) SetBacklogSize(size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.backlog.size = size
	s.blockSize = int(min(max(size/backlogBlocks, minBlock), maxBlock))
	s.trim()
}

// StartBacklog starts a history at a replication offset, without earlier commands.
// The caller must close readers for replicas with another history.
func (s *Stream) StartBacklog(offset int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end.Replicas = offset
	s.begin()
	s.forget(Replicas)
	s.backlog.on, s.backlog.first, s.backlog.from = true, s.last, offset
	s.trim()
}

// StopBacklog ends the history and frees the backlog.
func (s *Stream) StopBacklog() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.backlog.on, s.backlog.first = false, nil
	s.trim()
}

// ReplicaReader returns a reader for a replica at a replication offset. It fails if
// the offset is before the backlog or ahead of the stream.
func (s *Stream) ReplicaReader(offset int64) (r *Reader, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.backlog.on || offset < max(s.backlog.from, s.backlog.first.start.Replicas) || offset > s.end.Replicas {
		return nil, false
	}
	p := place{block: s.backlog.first, pos: s.backlog.first.start}
	for p.block.next != nil && p.block.next.start.Replicas <= offset {
		p.block = p.block.next
		p.pos = p.block.start
	}
	p.pass(int(offset-p.pos.Replicas), Replicas, math.MaxInt64)
	return s.open(Replicas, p), true
}
