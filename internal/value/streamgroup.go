package value

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unsafe"

	"github.com/resp-server/resp-server/internal/datastruct/tree"
)

// Group is a consumer group: how far it has read a stream, and the entries
// that were delivered but not acknowledged.
//
// Call methods that change a group only on one from [Stream.WritableGroup].
// LastID and EntriesRead may then be set as well.
type Group struct {
	name string
	// LastID is the id of the last entry delivered.
	LastID StreamID
	// EntriesRead is the number of entries ever added to the stream up to LastID,
	// or UnknownEntriesRead.
	EntriesRead int64

	owner   *streamOwner
	pending *tree.Tree[Pending]
	names   *tree.Tree[consumerName]
	// consumers are indexed by the number in pending entries; numbers of deleted
	// consumers are nil and reused.
	consumers []*Consumer
	free      []uint32
	turns     uint32 // the turn of the entry that was delivered or released last
}

// UnknownEntriesRead is the EntriesRead of a group with an unknown position
// among all entries ever added.
const UnknownEntriesRead = -1

// Pending is an entry that was delivered but not acknowledged.
type Pending struct {
	ID          StreamID
	DeliveredAt int64 // in milliseconds since 1970
	Deliveries  uint64
	consumer    uint32 // nobody after Release
	turn        uint32 // orders what was delivered in the same millisecond
}

const nobody = ^uint32(0)

// Consumer is a consumer of a group. Methods of the group change it.
type Consumer struct {
	name   string
	number uint32
	// SeenAt is the time of the consumer's last request, ActiveAt of the last
	// delivery to it, in milliseconds since 1970. ActiveAt is -1 before the first
	// one.
	SeenAt, ActiveAt int64

	owner   *streamOwner
	pending *tree.Tree[StreamID]
}

type consumerName struct {
	name   string
	number uint32
}

// CompareIdle orders pending entries as XREADGROUP claims them: those that are
// pending for nobody, and then the longest idle first.
func CompareIdle(a, b Pending) int {
	switch released := a.consumer == nobody; {
	case released != (b.consumer == nobody):
		if released {
			return -1
		}
		return 1
	case !released && a.DeliveredAt != b.DeliveredAt:
		return cmp.Compare(a.DeliveredAt, b.DeliveredAt)
	}
	return int(int32(a.turn - b.turn)) // the count may begin again
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

// Groups yields the groups ordered by name.
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

// Group returns a group for reading, nil if there is none with the name.
func (s *Stream) Group(name []byte) *Group {
	if s.GroupCount() == 0 {
		return nil
	}
	g, _ := s.groups.Get(&Group{name: textOf(name)})
	return g
}

// WritableGroup returns a group for writing, nil if there is none with the
// name. The first call after Thaw costs O(C) for C consumers.
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

// AddGroup adds a group. It returns nil if the name exists.
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

// DeleteGroup deletes a group and reports whether it existed.
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

// PendingFrom returns an iterator before the first pending entry with at least
// the given id. The group must not be written meanwhile.
func (g *Group) PendingFrom(id StreamID) tree.Iter[Pending] {
	return g.pending.Seek(g.pending.Search(func(p Pending) bool { return !p.ID.Less(id) }))
}

// LastPending returns the id of the last pending entry, 0-0 if there is none.
func (g *Group) LastPending() StreamID {
	p, _ := g.pending.Max()
	return p.ID
}

// Owner returns the consumer of a pending entry, nil after Release.
func (g *Group) Owner(p Pending) *Consumer {
	if p.consumer == nobody {
		return nil
	}
	return g.consumers[p.consumer]
}

// ConsumerCount returns the number of consumers.
func (g *Group) ConsumerCount() int { return g.names.Len() }

// Consumers yields the consumers ordered by name.
func (g *Group) Consumers(yield func(*Consumer) bool) {
	for it := g.names.Seek(0); ; {
		n, ok := it.Next()
		if !ok || !yield(g.consumers[n.number]) {
			return
		}
	}
}

// Consumer returns a consumer for reading, nil if there is none with the name.
func (g *Group) Consumer(name []byte) *Consumer {
	n, ok := g.names.Get(consumerName{name: textOf(name)})
	if !ok {
		return nil
	}
	return g.consumers[n.number]
}

// WritableConsumer returns a consumer for setting its times, nil if there is
// none with the name.
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

// AddConsumer adds a consumer. It returns nil if the name exists.
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

// DeleteConsumer deletes a consumer and its pending entries.
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

// Deliver counts one more delivery, up to the largest number.
func (p *Pending) Deliver() {
	if p.Deliveries != math.MaxInt64 {
		p.Deliveries++
	}
}

// SetPending makes an entry pending for a consumer, and takes it from another
// one if necessary. The consumer must be writable.
func (g *Group) SetPending(p Pending, c *Consumer) {
	p.consumer = c.number
	g.turns++
	p.turn = g.turns
	old, had := g.pending.Insert(p)
	if had && old.consumer == p.consumer {
		return
	}
	if had {
		g.disown(old)
	}
	c.pending.Insert(p.ID)
}

// Release leaves a pending entry without a consumer until one claims it.
func (g *Group) Release(p Pending) {
	p.consumer = nobody
	g.turns++
	p.turn = g.turns
	if old, had := g.pending.Insert(p); had {
		g.disown(old)
	}
}

// Released returns the number of pending entries without a consumer, in O(c)
// for c consumers.
func (g *Group) Released() int {
	n := g.pending.Len()
	for c := range g.Consumers {
		n -= c.pending.Len()
	}
	return n
}

// ReleasedIDs returns the entries that are pending for nobody, in the order in
// which they were released. O(p) of p pending entries if there are any.
func (g *Group) ReleasedIDs() (ids []StreamID) {
	n := g.Released()
	if n == 0 {
		return nil
	}
	list := make([]Pending, 0, n)
	for it := g.PendingFrom(StreamID{}); ; {
		p, ok := it.Next()
		if !ok {
			break
		}
		if p.consumer == nobody {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, CompareIdle)
	for _, p := range list {
		ids = append(ids, p.ID)
	}
	return ids
}

// disown removes a pending entry from its consumer.
func (g *Group) disown(p Pending) {
	if p.consumer != nobody {
		g.own(p.consumer).pending.Delete(p.ID)
	}
}

// Ack removes a pending entry and reports whether it was pending.
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

// Name returns the name of the consumer, "" for nil.
func (c *Consumer) Name() string {
	if c == nil {
		return ""
	}
	return c.name
}

// PendingCount returns the number of pending entries of the consumer.
func (c *Consumer) PendingCount() int { return c.pending.Len() }

// PendingFrom returns an iterator before the consumer's first pending entry
// with at least the given id. The group must not be written meanwhile.
func (c *Consumer) PendingFrom(id StreamID) tree.Iter[StreamID] {
	return c.pending.Seek(c.pending.Search(func(p StreamID) bool { return !p.Less(id) }))
}

// Referenced reports whether a group still needs an entry, since it has not
// read or not acknowledged it. O(g log p) for g groups with p pending entries.
func (s *Stream) Referenced(id StreamID) bool {
	for g := range s.Groups {
		if _, ok := g.Pending(id); ok || g.LastID.Less(id) {
			return true
		}
	}
	return false
}

// Unreference removes an entry from the pending entries of all groups, and
// reports whether it was in any.
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

// EntriesRead returns the number of entries ever added up to an id, or
// UnknownEntriesRead if it can't be computed.
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

// HolesAfter reports whether deleted entries may lie among those at or after
// an id, so that counting these would give a wrong result.
func (s *Stream) HolesAfter(id StreamID) bool {
	switch {
	case s.length == 0 || s.MaxDeletedID.IsZero():
		return false
	case s.MaxDeletedID.Less(s.FirstID):
		return false
	}
	return !s.MaxDeletedID.Less(id)
}

// Lag returns the number of entries that a group has not read yet, false if it
// can't be computed.
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

// Advance records the delivery of the entry with an id above LastID.
func (s *Stream) Advance(g *Group, id StreamID) {
	if g.EntriesRead != UnknownEntriesRead && !s.HolesAfter(id) {
		g.EntriesRead++
	} else if s.EntriesAdded != 0 {
		g.EntriesRead = s.EntriesRead(id)
	}
	g.LastID = id
}
