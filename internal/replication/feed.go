package replication

import (
	"errors"
	"sync"

	"github.com/resp-server/resp-server/internal/journal"
)

// window is how many pieces of a snapshot may wait for the slowest replica.
const window = 16

// maxPiece is how many bytes of the stream are handed out at once at most.
const maxPiece = 64 << 10

// errNobody says that nobody wants a snapshot any more.
var errNobody = errors.New("no replica is left")

// Feed is what one replica is sent, in its order: a snapshot, then the stream. Its
// methods are safe for concurrent use, but Next is for one goroutine at a time.
type Feed struct {
	wake func()

	mu     sync.Mutex
	room   sync.Cond
	pieces [][]byte // of the snapshot, shared with other feeds
	waits  int64    // bytes in pieces
	whole  bool     // no pieces follow
	sent   func()   // called when the snapshot was handed out whole; nil: it was
	held   bool     // the stream waits for Release
	stream *journal.Reader
	bufs   [][]byte
	passed int // bytes of the stream that Next has returned last
	// sending: Next has returned a piece of the snapshot, and was not called since.
	sending bool
	ended   bool
	total   uint64
}

// NewFeed returns a feed of a snapshot and then the stream; stream may be nil for
// a replica that wants no more than the snapshot. The stream waits for Release if
// hold is true. wake is called when Next has something new, sent when Next has
// handed out the whole snapshot and was called again; they must not block.
func NewFeed(stream *journal.Reader, hold bool, wake, sent func()) *Feed {
	f := &Feed{wake: wake, sent: sent, held: hold, stream: stream}
	f.room.L = &f.mu
	return f
}

// NewStreamFeed returns a feed of the stream alone.
func NewStreamFeed(stream *journal.Reader) *Feed {
	f := NewFeed(stream, false, nil, nil)
	f.whole = true
	return f
}

// Next returns what is to be sent next; nil if there is nothing. It is valid until
// the next call, which says that it was sent.
func (f *Feed) Next() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.passed > 0 && f.stream != nil {
		f.stream.Advance(f.passed)
	}
	f.passed, f.sending = 0, false
	switch {
	case f.ended:
		return nil
	case len(f.pieces) > 0:
		piece := f.pieces[0]
		f.pieces[0] = nil
		f.pieces = f.pieces[1:]
		f.sending = true
		f.waits -= int64(len(piece))
		f.total += uint64(len(piece))
		f.room.Signal()
		return piece
	case !f.whole:
		return nil
	case f.sent != nil:
		f.sent()
		f.sent = nil
	}
	if f.held || f.stream == nil {
		return nil
	}
	f.bufs, _ = f.stream.Peek(f.bufs[:0], maxPiece)
	if len(f.bufs) == 0 {
		return nil
	}
	piece := f.bufs[0]
	clear(f.bufs)
	f.passed = len(piece)
	f.total += uint64(len(piece))
	return piece
}

// push adds a piece of the snapshot. It waits while the replica has enough, and
// reports whether the feed still goes on.
func (f *Feed) push(piece []byte) bool {
	f.mu.Lock()
	for len(f.pieces) >= window && !f.ended {
		f.room.Wait()
	}
	ended := f.ended
	if !ended {
		f.pieces = append(f.pieces, piece)
		f.waits += int64(len(piece))
	}
	f.mu.Unlock()
	if !ended {
		f.wake()
	}
	return !ended
}

// finish says that the snapshot is whole.
func (f *Feed) finish() {
	f.mu.Lock()
	f.whole = true
	f.mu.Unlock()
	f.wake()
}

// Release lets the stream follow.
func (f *Feed) Release() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held = false
}

// Waiting returns the bytes that are not sent yet.
func (f *Feed) Waiting() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.waits
	if f.stream != nil && !f.ended {
		n += f.stream.Lag()
	}
	return n
}

// Owes reports whether pieces of the snapshot wait for the replica to read. If not,
// the replica waits for the snapshot.
func (f *Feed) Owes() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.pieces) > 0 || f.sending
}

// Total returns how many bytes were sent.
func (f *Feed) Total() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.total
}

// End ends the feed: nothing follows what Next has returned, which stays valid
// until Close.
func (f *Feed) End() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended, f.pieces, f.waits = true, nil, 0
	f.room.Broadcast()
}

// Close ends the feed and lets go of the stream.
func (f *Feed) Close() {
	f.End()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stream != nil {
		f.stream.Close()
		f.stream = nil
	}
}

// Snapshot is a snapshot on its way to replicas, which all get the same bytes. It
// goes at the pace of the slowest.
type Snapshot []*Feed

// Write sends a piece of it. It fails if no replica is left.
func (s Snapshot) Write(p []byte) (int, error) {
	piece, left := append([]byte(nil), p...), false
	for _, f := range s {
		if f.push(piece) {
			left = true
		}
	}
	if !left {
		return 0, errNobody
	}
	return len(p), nil
}

// Finish says that the snapshot is whole.
func (s Snapshot) Finish() {
	for _, f := range s {
		f.finish()
	}
}
