package journal

import "math"

// Reader reads what is for one target. It must be closed.
type Reader struct {
	s      *Stream
	target Target
	until  int64 // position in the log that it does not pass
	place
}

// place is where a reader stands in the stream.
type place struct {
	block *block
	at    int // in the block
	part  int // the first part of the block that does not end before at
	pos   Position
}

// NewReader makes a reader that begins at the end of the stream. What it gets
// is complete in itself, as after a Cut.
func (s *Stream) NewReader(to Target) *Reader {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.present(to) != to {
		s.begin() // so far nothing was encoded for it
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

// Until ends what the reader gets at a position in the log, at which a Cut was
// made. Any goroutine may call it.
func (r *Reader) Until(log int64) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.until = log
}

// begin starts a block, in which the replication offset is that of its start
// and what it has for replicas.
func (s *Stream) begin() {
	if s.last.refs > 0 || len(s.last.buf) > 0 || cap(s.last.buf) != s.blockSize {
		s.grow()
	}
	s.last.start = s.end
}

// Close ends a reader. It may be called again.
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

// segment returns where the bytes at the place cease to be for the same
// targets, within the block. There must be a byte: a part that ends where the
// block does may still grow, and is not left behind.
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

// move goes on by n bytes of a segment.
func (p *place) move(n int, to Target) {
	p.at += n
	p.pos.Log += int64(n)
	if to&Replicas != 0 {
		p.pos.Replicas += int64(n)
	}
}

// turn goes to the next block if this one is at its end, and reports whether
// there is something to read.
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

// pass passes over n bytes for the target, and what comes after them that is
// not for it, but not beyond a position in the log.
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

// settle moves the reader on by n bytes that are for it.
func (r *Reader) settle(n int) {
	was := r.block
	r.pass(n, r.target, r.until)
	if r.block != was {
		was.refs--
		r.block.refs++
		r.s.trim()
	}
}

// Peek appends to bufs what comes next, at most limit bytes, as slices that
// are valid until the Advance over them or Close. It returns as well how many
// bytes that is.
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

// Advance passes over n bytes of those that Peek returned.
func (r *Reader) Advance(n int) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.settle(n)
}

// Position returns where the reader stands: it has passed all that is for it
// and comes before.
func (r *Reader) Position() Position {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.settle(0)
	if r.pos.Log == r.s.end.Log {
		return r.s.end
	}
	return r.pos
}

// Lag returns the bytes of the stream that the reader has not passed, but is
// going to.
func (r *Reader) Lag() int64 {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.settle(0)
	return min(r.s.end.Log, r.until) - r.pos.Log
}
