package value

import (
	"slices"
	"strings"

	"github.com/resp-server/resp-server/internal/datastruct/tree"
)

// Idempotency is the record of messages from producers in a stream of Redis
// 8.6. It prevents a message that is sent again from being added again. The
// exported fields may be set when a stream is restored.
type Idempotency struct {
	// Duration is the lifetime of a recorded id in seconds, MaxSize the maximum
	// number of ids per producer.
	Duration, MaxSize int64
	// Added counts the recorded ids, Duplicates the messages not added because of
	// them.
	Added, Duplicates uint64

	producers *tree.Tree[*producer]
	owner     *streamOwner
	swept     int // the producer to check next
}

// producer holds the messages of one producer. The first write after a clone
// copies it as a whole.
type producer struct {
	pid   string
	owner *streamOwner
	sent  []Sent // in the order of recording
	ids   map[string]StreamID
}

// Sent is a recorded message: the id from its producer, and the id of its
// entry.
type Sent struct {
	IID string
	ID  StreamID
}

func compareProducers(a, b *producer) int { return strings.Compare(a.pid, b.pid) }

// Idempotency returns the recorded messages, nil if the stream never recorded
// any.
func (s *Stream) Idempotency() *Idempotency {
	if s == nil {
		return nil
	}
	return s.idmp
}

// Remember prepares the stream for recording messages. It uses the configured
// limits unless the stream has its own.
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

// memoryUse returns an estimate, in O(P) for P producers.
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

// expired reports whether an id has outlived Duration.
func (m *Idempotency) expired(id StreamID, now int64) bool {
	return int64(id.Ms)+1000*m.Duration <= now
}

// Find returns the entry of a recorded message.
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

// Add records a message, which Find must not find.
func (m *Idempotency) Add(pid, iid []byte, id StreamID, now int64) {
	p := m.own(string(pid))
	delete(p.ids, string(iid)) // an expired one
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

// own returns a producer for writing.
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

// sweep checks two producers and removes those whose messages have all
// expired, so that idle producers do not accumulate.
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
// were the same, and false is returned.
func (m *Idempotency) Configure(duration, maxSize int64) bool {
	if duration == m.Duration && maxSize == m.MaxSize {
		return false
	}
	m.Duration, m.MaxSize = duration, maxSize
	m.producers = tree.New(compareProducers)
	return true
}

// Restore adds the recorded messages of a producer in the given order.
func (m *Idempotency) Restore(pid string, sent []Sent) {
	p := m.own(pid)
	for _, s := range sent {
		if _, ok := p.ids[s.IID]; !ok {
			p.sent = append(p.sent, s)
			p.ids[s.IID] = s.ID
		}
	}
}

// Producers yields the producers with their messages that have not expired at
// now.
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
