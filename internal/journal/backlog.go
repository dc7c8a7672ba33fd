package journal

import "math"

// Backlog is the state of the backlog. Its bytes are those from First to
// End, counted as replication offsets: the one after First is the oldest.
type Backlog struct {
	On         bool
	Size       int64 // to keep at least, if there is as much
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

// SetBacklogSize sets how many bytes the backlog keeps at least.
func (s *Stream) SetBacklogSize(size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.backlog.size = size
	s.blockSize = int(min(max(size/backlogBlocks, minBlock), maxBlock))
	s.trim()
}

// StartBacklog begins a history at a replication offset, without what there
// was before. Readers for replicas of another history are to be closed.
func (s *Stream) StartBacklog(offset int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end.Replicas = offset
	s.begin()
	s.forget(Replicas)
	s.backlog.on, s.backlog.first, s.backlog.from = true, s.last, offset
	s.trim()
}

// StopBacklog ends the history.
func (s *Stream) StopBacklog() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.backlog.on, s.backlog.first = false, nil
	s.trim()
}

// ReplicaReader makes a reader for a replica whose replication offset is
// that of the argument. It fails if the backlog does not reach back that far, or
// the offset is ahead of the stream.
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
