package journal

import "math"

// Reader reads the stream of one target. It must be closed.
type Reader struct {
	s      *Stream
	target Target
	until  int64 // the reader ends at this position in the log
	place
}

// place is a position of a reader in the stream.
type place struct {
	block *block
	at    int // offset in the block
	part  int // the first part of the block that ends after at, or may still grow
	pos   Position
}

// NewReader returns a reader that starts at the end of the stream. Its data are
// complete in themselves, as after a Cut.
func (s *Stream) NewReader(to Target) *Reader {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.present(to) != to {
		s.begin() // nothing has been encoded for it yet
	}
	s.forget(to)
	return s.open(to, place{block: s.last, at: len(s.last.buf), part: max(0, len(s.last.parts)-1), pos: s.end})
}

func (s *Stream) open(to Target, p place) *Reader {
	for i := range targets {
		if to&(1<<i) != 0 {
			s.readers[i]++
		}
	}
	p.block.refs++
	return &Reader{s, to, math.MaxInt64, p}
}

// Until ends the reader at a position in the log, at which a Cut was made. Any
// goroutine may call it.
func (r *Reader) Until(log int64) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.until = log
}

// begin starts a block, so that the replication offset is counted from its start.
func (s *Stream) begin() {
	if s.last.refs > 0 || len(s.last.buf) > 0 || cap(s.last.buf) != s.blockSize {
		s.grow()
	}
	s.last.start = s.end
}

// Close closes a reader. A second Close does nothing.
func (r *Reader) Close() {
	s := r.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.block == nil {
		return
	}
	for i := range targets {
		if r.target&(1<<i) != 0 {
			s.readers[i]--
		}
	}
	r.block.refs--
	r.block = nil
	s.trim()
}

// segment returns the end of the bytes at the place that are for the same targets,
// within the block. There must be at least one byte. It stays at a part that ends
// with the block, because that part may still grow.
func (p *place) segment() (end int, to Target) {
	b := p.block
	for p.part < len(b.parts) && b.parts[p.part].to <= p.at {
		p.part++
	}
	switch {
	case p.part == len(b.parts):
		return len(b.buf), Both
	case b.parts[p.part].from > p.at:
		return b.parts[p.part].from, Both
	}
	return b.parts[p.part].to, b.parts[p.part].target
}

// move advances by n bytes of a segment.
func (p *place) move(n int, to Target) {
	p.at += n
	p.pos.Log += int64(n)
	if to&Replicas != 0 {
		p.pos.Replicas += int64(n)
	}
}

// turn goes to the next block at the end of this one, and reports whether there is
// something to read.
func (p *place) turn() bool {
	for p.at == len(p.block.buf) {
		if p.block.next == nil {
			return false
		}
		p.block = p.block.next
		p.at, p.part, p.pos = 0, 0, p.block.start
	}
	return true
}

// pass skips n bytes for the target, and then bytes for other targets, up to a
// position in the log.
func (p *place) pass(n int, target Target, until int64) {
	for p.pos.Log < until && p.turn() {
		end, to := p.segment()
		step := int(min(int64(end-p.at), until-p.pos.Log))
		if to&target != 0 {
			if n == 0 {
				return
			}
			step = min(step, n)
			n -= step
		}
		p.move(step, to)
	}
}

// settle advances the reader by n bytes of its target.
func (r *Reader) settle(n int) {
	was := r.block
	r.pass(n, r.target, r.until)
	if r.block != was {
		was.refs--
		r.block.refs++
		r.s.trim()
	}
}

// Peek appends the next bytes to bufs, at most limit of them, as slices that are
// valid until Close or the Advance over them. It also returns the number of bytes.
func (r *Reader) Peek(bufs [][]byte, limit int) ([][]byte, int) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.settle(0)
	total := 0
	for p := r.place; total < limit && p.pos.Log < r.until && p.turn(); {
		end, to := p.segment()
		step := int(min(int64(end-p.at), r.until-p.pos.Log))
		if to&r.target != 0 {
			step = min(step, limit-total)
			bufs = append(bufs, p.block.buf[p.at:p.at+step:p.at+step])
			total += step
		}
		p.move(step, to)
	}
	return bufs, total
}

// Advance consumes n of the bytes that Peek returned.
func (r *Reader) Advance(n int) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.settle(n)
}

// Position returns the position of the reader: everything before it that is for the
// reader has been read.
func (r *Reader) Position() Position {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.settle(0)
	if r.pos.Log == r.s.end.Log {
		return r.s.end
	}
	return r.pos
}

// Lag returns how many bytes of the stream the reader still has to pass.
func (r *Reader) Lag() int64 {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.settle(0)
	return min(r.s.end.Log, r.until) - r.pos.Log
}
