package value

import (
	"slices"
	"strings"
	"unsafe"

	"github.com/resp-server/resp-server/internal/datastruct/tree"
)

// Group is a consumer group: how far its consumers have read a stream, and
// which entries were delivered and are not acknowledged yet.
//
// Methods that change a group must be called on one from
// [Stream.WritableGroup]. LastID and EntriesRead may then be set as well.
type Group struct {
	name string
	// LastID is the id up to which entries were delivered.
	LastID StreamID
	// EntriesRead is how many entries were added to the stream up to LastID, or
	// UnknownEntriesRead.
	EntriesRead int64

	owner   *streamOwner
	pending *tree.Tree[Pending]
	names   *tree.Tree[consumerName]
	// consumers are found by the number that pending entries refer to them by;
	// those of deleted ones are free.
	consumers []*Consumer
	free      []uint32
}

// UnknownEntriesRead is the EntriesRead of a group whose position among all
// entries ever added is not known.
const UnknownEntriesRead = -1

// Pending is an entry that was delivered and is not acknowledged.
type Pending struct {
	ID          StreamID
	DeliveredAt int64 // in milliseconds since 1970
	Deliveries  uint64
	consumer    uint32 // nobody after Release
}

const nobody = ^uint32(0)

// Consumer is a consumer of a group. It is changed by methods of the group.
type Consumer struct {
	name   string
	number uint32
	// SeenAt is when the consumer last asked for something, ActiveAt when it
	// last got something: in milliseconds since 1970; ActiveAt is -1 before.
	SeenAt, ActiveAt int64

	owner   *streamOwner
	pending *tree.Tree[StreamID]
}

type consumerName struct {
	name   string
	number uint32
}

func compareGroups(a, b *Group) int      { return strings.Compare(a.name, b.name) }
func comparePending(a, b Pending) int    { return a.ID.Compare(b.ID) }
func compareNames(a, b consumerName) int { return strings.Compare(a.name, b.name) }
func textOf(b []byte) string             { return unsafe.String(unsafe.SliceData(b), len(b)) }

// GroupCount returns the number of groups.
func (s *Stream) GroupCount() int {
	if s == nil {
		return 0
	}
	return s.groups.Len()
}

// Groups yields the groups by name.
func (s *Stream) Groups(yield func(*Group) bool) {
	if s.GroupCount() == 0 {
		return
	}
	for it := s.groups.Seek(0); ; {
		g, ok := it.Next()
		if !ok || !yield(g) {
			return
		}
	}
}

// Group returns a group to read it, or nil if there is none of that name.
func (s *Stream) Group(name []byte) *Group {
	if s.GroupCount() == 0 {
		return nil
	}
	g, _ := s.groups.Get(&Group{name: textOf(name)})
	return g
}

// WritableGroup returns a group to write it, or nil if there is none of that
// name. The first time after Thaw it costs O(C) of the number of consumers.
func (s *Stream) WritableGroup(name []byte) *Group {
	if g := s.Group(name); g != nil {
		return s.ownGroup(g)
	}
	return nil
}

func (s *Stream) ownGroup(g *Group) *Group {
	if g.owner == s.owner {
		return g
	}
	c := *g
	c.owner = s.owner
	c.pending = g.pending.Thaw()
	c.names = g.names.Thaw()
	c.consumers = slices.Clone(g.consumers)
	c.free = slices.Clone(g.free)
	s.groups.Insert(&c)
	return &c
}

// AddGroup adds a group; it is nil if there is one of that name already.
func (s *Stream) AddGroup(name []byte, last StreamID, entriesRead int64) *Group {
	if s.Group(name) != nil {
		return nil
	}
	if s.groups == nil {
		s.groups = tree.New(compareGroups)
	}
	g := &Group{
		name: string(name), LastID: last, EntriesRead: entriesRead,
		owner: s.owner, pending: tree.New(comparePending), names: tree.New(compareNames),
	}
	s.groups.Insert(g)
	return g
}

// DeleteGroup deletes a group and reports whether there was one of that name.
func (s *Stream) DeleteGroup(name []byte) bool {
	if s.GroupCount() == 0 {
		return false
	}
	_, ok := s.groups.Delete(&Group{name: textOf(name)})
	return ok
}

// Name returns the name of the group.
func (g *Group) Name() string { return g.name }

// PendingCount returns the number of pending entries.
func (g *Group) PendingCount() int { return g.pending.Len() }

// Pending returns a pending entry.
func (g *Group) Pending(id StreamID) (Pending, bool) { return g.pending.Get(Pending{ID: id}) }

// PendingFrom returns an iterator before the first pending entry whose id is at
// least id. The group must not be written while it is in use.
func (g *Group) PendingFrom(id StreamID) tree.Iter[Pending] {
	return g.pending.Seek(g.pending.Search(func(p Pending) bool { return !p.ID.Less(id) }))
}

// LastPending returns the id of the last pending entry, 0-0 if there is none.
func (g *Group) LastPending() StreamID {
	p, _ := g.pending.Max()
	return p.ID
}

// Owner returns the consumer that a pending entry belongs to, or nil after
// Release.
func (g *Group) Owner(p Pending) *Consumer {
	if p.consumer == nobody {
		return nil
	}
	return g.consumers[p.consumer]
}

// ConsumerCount returns the number of consumers.
func (g *Group) ConsumerCount() int { return g.names.Len() }

// Consumers yields the consumers by name.
func (g *Group) Consumers(yield func(*Consumer) bool) {
	for it := g.names.Seek(0); ; {
		n, ok := it.Next()
		if !ok || !yield(g.consumers[n.number]) {
			return
		}
	}
}

// Consumer returns a consumer to read it, or nil if there is none of that name.
func (g *Group) Consumer(name []byte) *Consumer {
	n, ok := g.names.Get(consumerName{name: textOf(name)})
	if !ok {
		return nil
	}
	return g.consumers[n.number]
}

// WritableConsumer returns a consumer to set its times, or nil if there is
// none of that name.
func (g *Group) WritableConsumer(name []byte) *Consumer {
	c := g.Consumer(name)
	if c == nil {
		return nil
	}
	return g.own(c.number)
}

func (g *Group) own(number uint32) *Consumer {
	c := g.consumers[number]
	if c.owner != g.owner {
		copied := *c
		c = &copied
		c.owner = g.owner
		c.pending = c.pending.Thaw()
		g.consumers[number] = c
	}
	return c
}

// AddConsumer adds a consumer; it is nil if there is one of that name already.
func (g *Group) AddConsumer(name []byte, nowMilli int64) *Consumer {
	if g.Consumer(name) != nil {
		return nil
	}
	c := &Consumer{name: string(name), SeenAt: nowMilli, ActiveAt: -1, owner: g.owner, pending: tree.New(StreamID.Compare)}
	if n := len(g.free); n > 0 {
		c.number = g.free[n-1]
		g.free = g.free[:n-1]
		g.consumers[c.number] = c
	} else {
		c.number = uint32(len(g.consumers))
		g.consumers = append(g.consumers, c)
	}
	g.names.Insert(consumerName{c.name, c.number})
	return c
}

// DeleteConsumer deletes a consumer with its pending entries.
func (g *Group) DeleteConsumer(c *Consumer) {
	for it := c.pending.Seek(0); ; {
		id, ok := it.Next()
		if !ok {
			break
		}
		g.pending.Delete(Pending{ID: id})
	}
	g.names.Delete(consumerName{name: c.name})
	g.consumers[c.number] = nil
	g.free = append(g.free, c.number)
}

// SetPending makes an entry pending for a consumer, which takes it from
// another one if that had it. The consumer must be writable.
func (g *Group) SetPending(p Pending, c *Consumer) {
	p.consumer = c.number
	old, had := g.pending.Insert(p)
	if had && old.consumer == p.consumer {
		return
	}
	if had {
		g.disown(old)
	}
	c.pending.Insert(p.ID)
}

// Release makes an entry pending for nobody, until some consumer claims it.
func (g *Group) Release(p Pending) {
	p.consumer = nobody
	if old, had := g.pending.Insert(p); had {
		g.disown(old)
	}
}

// Released returns the number of entries that are pending for nobody. O(c) of
// c consumers.
func (g *Group) Released() int {
	n := g.pending.Len()
	for c := range g.Consumers {
		n -= c.pending.Len()
	}
	return n
}

// disown takes a pending entry from its consumer.
func (g *Group) disown(p Pending) {
	if p.consumer != nobody {
		g.own(p.consumer).pending.Delete(p.ID)
	}
}

// Ack takes an entry from the pending ones and reports whether it was one.
func (g *Group) Ack(id StreamID) bool {
	p, ok := g.pending.Delete(Pending{ID: id})
	if ok {
		g.disown(p)
	}
	return ok
}

func (g *Group) memoryUse() int {
	const perPending = unsafe.Sizeof(Pending{}) + unsafe.Sizeof(StreamID{})
	const perConsumer = unsafe.Sizeof(Consumer{}) + unsafe.Sizeof(consumerName{}) + 64
	return int(unsafe.Sizeof(*g)) + g.pending.Len()*int(perPending)*3/2 + len(g.consumers)*int(perConsumer)
}

// Name returns the name of the consumer, which is empty for nil.
func (c *Consumer) Name() string {
	if c == nil {
		return ""
	}
	return c.name
}

// PendingCount returns the number of pending entries of the consumer.
func (c *Consumer) PendingCount() int { return c.pending.Len() }

// PendingFrom returns an iterator before the consumer's first pending entry
// whose id is at least id. The group must not be written while it is in use.
func (c *Consumer) PendingFrom(id StreamID) tree.Iter[StreamID] {
	return c.pending.Seek(c.pending.Search(func(p StreamID) bool { return !p.Less(id) }))
}

// Referenced reports whether a group still needs an entry: it has not read it, or
// not acknowledged it. O(g log p) of g groups with p pending entries.
func (s *Stream) Referenced(id StreamID) bool {
	for g := range s.Groups {
		if _, ok := g.Pending(id); ok || g.LastID.Less(id) {
			return true
		}
	}
	return false
}

// Unreference takes an entry from what is pending in any group.
func (s *Stream) Unreference(id StreamID) (found bool) {
	for i := range s.GroupCount() {
		g, _ := s.groups.At(i)
		if _, ok := g.Pending(id); ok {
			s.ownGroup(g).Ack(id)
			found = true
		}
	}
	return found
}

// EntriesRead returns how many entries were added to the stream up to an id,
// or UnknownEntriesRead if that cannot be told.
func (s *Stream) EntriesRead(id StreamID) int64 {
	last := id.Compare(s.LastID)
	switch {
	case s.EntriesAdded == 0:
		return 0
	case s.length == 0 && last < 1, last == 0:
		return int64(s.EntriesAdded)
	case last > 0:
		return UnknownEntriesRead
	}
	if s.MaxDeletedID.IsZero() || s.MaxDeletedID.Less(s.FirstID) {
		switch before := int64(s.EntriesAdded) - int64(s.length); id.Compare(s.FirstID) {
		case -1:
			return before
		case 0:
			return before + 1
		}
	}
	return UnknownEntriesRead
}

// HolesAfter reports whether entries at or after an id may have been deleted
// from between others, so that counting would be wrong.
func (s *Stream) HolesAfter(id StreamID) bool {
	switch {
	case s.length == 0 || s.MaxDeletedID.IsZero():
		return false
	case s.MaxDeletedID.Less(s.FirstID):
		return false
	}
	return !s.MaxDeletedID.Less(id)
}

// Lag returns how many entries a group has not read yet; false if that cannot
// be told.
func (s *Stream) Lag(g *Group) (int64, bool) {
	read := g.EntriesRead
	switch {
	case s.EntriesAdded == 0:
		return 0, true
	case read == UnknownEntriesRead || s.HolesAfter(g.LastID):
		read = s.EntriesRead(g.LastID)
	}
	return int64(s.EntriesAdded) - read, read != UnknownEntriesRead
}

// Advance notes that a group was given the entry of an id, which is above its
// LastID.
func (s *Stream) Advance(g *Group, id StreamID) {
	if g.EntriesRead != UnknownEntriesRead && !s.HolesAfter(id) {
		g.EntriesRead++
	} else if s.EntriesAdded != 0 {
		g.EntriesRead = s.EntriesRead(id)
	}
	g.LastID = id
}
