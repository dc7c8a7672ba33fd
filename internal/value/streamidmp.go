package value

import (
	"slices"
	"strings"

	"github.com/resp-server/resp-server/internal/datastruct/tree"
)

// Idempotency is what a stream of Redis 8.6 remembers of the messages that
// producers have sent, so that one that is sent again is not added again. The
// exported fields may be set by whoever restores a stream.
type Idempotency struct {
	// Duration is for how many seconds an id is remembered, and MaxSize how many
	// of a producer are.
	Duration, MaxSize int64
	// Added counts the ids ever remembered, Duplicates the messages that were
	// not added because of them.
	Added, Duplicates uint64

	producers *tree.Tree[*producer]
	owner     *streamOwner
	swept     int // the producer to look at next
}

// producer has what one producer sent. It is copied as a whole when it is
// first written after a clone.
type producer struct {
	pid   string
	owner *streamOwner
	sent  []Sent // in the order in which they were remembered
	ids   map[string]StreamID
}

// Sent is a message that was sent: the id that its producer gave it, and that
// of its entry.
type Sent struct {
	IID string
	ID  StreamID
}

func compareProducers(a, b *producer) int { return strings.Compare(a.pid, b.pid) }

// Idempotency returns what the stream remembers, nil if it was never asked to.
func (s *Stream) Idempotency() *Idempotency {
	if s == nil {
		return nil
	}
	return s.idmp
}

// Remember readies the stream to remember what producers send, by the limits
// that are configured unless it has its own.
func (s *Stream) Remember(l *Limits) *Idempotency {
	if s.idmp == nil {
		s.idmp = &Idempotency{
			Duration: int64(l.StreamIDMPDuration), MaxSize: int64(l.StreamIDMPMaxSize),
			producers: tree.New(compareProducers), owner: s.owner,
		}
	}
	return s.idmp
}

func (m *Idempotency) thaw(owner *streamOwner) *Idempotency {
	if m == nil {
		return nil
	}
	t := *m
	t.owner = owner
	t.producers = m.producers.Thaw()
	return &t
}

// memoryUse is an estimate, O(P) of the number of producers.
func (m *Idempotency) memoryUse() (n int) {
	if m == nil {
		return 0
	}
	for it := m.producers.Seek(0); ; {
		p, ok := it.Next()
		if !ok {
			return n
		}
		n += 100 + len(p.pid) + 100*len(p.sent)
	}
}

// expired reports whether an id is too old to be remembered.
func (m *Idempotency) expired(id StreamID, now int64) bool {
	return int64(id.Ms)+1000*m.Duration < now
}

// Find returns the entry of a message that was sent already.
func (m *Idempotency) Find(pid, iid []byte, now int64) (id StreamID, ok bool) {
	if m == nil {
		return id, false
	}
	p, ok := m.producers.Get(&producer{pid: string(pid)})
	if !ok {
		return id, false
	}
	id, ok = p.ids[string(iid)]
	return id, ok && !m.expired(id, now)
}

// Add remembers a message, for which there is none that Find finds.
func (m *Idempotency) Add(pid, iid []byte, id StreamID, now int64) {
	p := m.own(string(pid))
	delete(p.ids, string(iid)) // too old
	p.sent = slices.DeleteFunc(p.sent, func(s Sent) bool { return m.expired(s.ID, now) && p.forget(s) || s.IID == string(iid) })
	if over := len(p.sent) + 1 - int(m.MaxSize); over > 0 {
		for _, s := range p.sent[:over] {
			p.forget(s)
		}
		p.sent = slices.Delete(p.sent, 0, over)
	}
	p.sent = append(p.sent, Sent{string(iid), id})
	p.ids[string(iid)] = id
	m.Added++
	m.sweep(now)
}

func (p *producer) forget(s Sent) bool {
	delete(p.ids, s.IID)
	return true
}

// own returns a producer to be written.
func (m *Idempotency) own(pid string) *producer {
	p, ok := m.producers.Get(&producer{pid: pid})
	if ok && p.owner == m.owner {
		return p
	}
	c := &producer{pid: pid, owner: m.owner, ids: map[string]StreamID{}}
	if ok {
		c.sent = slices.Clone(p.sent)
		for _, s := range c.sent {
			c.ids[s.IID] = s.ID
		}
	}
	m.producers.Insert(c)
	return c
}

// sweep looks at two producers and forgets those of which nothing is young
// enough, so that there are never many that sent nothing for long.
func (m *Idempotency) sweep(now int64) {
	for range 2 {
		p, ok := m.producers.At(m.swept)
		if !ok {
			m.swept = 0
			return
		}
		if n := len(p.sent); n == 0 || m.expired(p.sent[n-1].ID, now) {
			m.producers.DeleteAt(m.swept)
			continue
		}
		m.swept++
	}
}

// Configure changes the limits. That forgets all messages, unless the limits
// were the same.
func (m *Idempotency) Configure(duration, maxSize int64) {
	if duration != m.Duration || maxSize != m.MaxSize {
		m.Duration, m.MaxSize = duration, maxSize
		m.producers = tree.New(compareProducers)
	}
}

// Restore adds what a producer had sent, in that order.
func (m *Idempotency) Restore(pid string, sent []Sent) {
	p := m.own(pid)
	for _, s := range sent {
		if _, ok := p.ids[s.IID]; !ok {
			p.sent = append(p.sent, s)
			p.ids[s.IID] = s.ID
		}
	}
}

// Producers yields the producers and what is remembered of each at a time.
func (m *Idempotency) Producers(now int64) func(yield func(pid string, sent []Sent) bool) {
	return func(yield func(string, []Sent) bool) {
		if m == nil {
			return
		}
		for it := m.producers.Seek(0); ; {
			p, ok := it.Next()
			if !ok {
				return
			}
			sent := p.sent
			if slices.ContainsFunc(sent, func(s Sent) bool { return m.expired(s.ID, now) }) {
				sent = slices.DeleteFunc(slices.Clone(sent), func(s Sent) bool { return m.expired(s.ID, now) })
			}
			if len(sent) > 0 && !yield(p.pid, sent) {
				return
			}
		}
	}
}
