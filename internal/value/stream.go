package value

import (
	"unsafe"

	"github.com/resp-server/resp-server/internal/datastruct/block"
	"github.com/resp-server/resp-server/internal/datastruct/listpack"
	"github.com/resp-server/resp-server/internal/datastruct/tree"
)

// Stream is a log of entries with rising ids, and the consumer groups that
// read it.
//
// Entries are kept in nodes of up to a hundred, in the layout of t_stream.c of
// Redis 7.4, so that DUMP and RDB files carry nodes as they are: a listpack
//
//	<entries> <deleted> <n> <field>... 0                     what the node's entries have in common
//	<flags> <ms> <seq> <value>... <elements>                 an entry with just these fields
//	<flags> <ms> <seq> <n> {<field> <value>}... <elements>   an entry with other ones
//
// with ids relative to the id of the node, which is that of its first entry.
// Deleted entries stay, flagged, until the whole node goes: the first of a node
// has its id even then.
//
// The exported fields may be set by whoever restores a stream.
type Stream struct {
	inKeyspace Head

	// LastID is the largest id ever given; FirstID that of the first entry, or
	// 0-0; MaxDeletedID the largest one deleted.
	LastID, FirstID, MaxDeletedID StreamID
	// EntriesAdded counts the entries ever added.
	EntriesAdded uint64

	length int
	nodes  *tree.Tree[*streamNode]
	tail   *streamNode // the last of nodes
	size   int         // bytes of all packs
	groups *tree.Tree[*Group]
	owner  *streamOwner
	idmp   *Idempotency // nil: unused
}

// streamOwner is a token: a stream writes in place only the nodes, groups and
// consumers that carry its own.
type streamOwner struct{ _ byte }

type streamNode struct {
	id    StreamID
	owner *streamOwner
	pack  listpack.Pack
}

func compareNodes(a, b *streamNode) int { return a.id.Compare(b.id) }

// Flags of an entry.
const (
	entryDeleted    = 1
	entrySameFields = 2
)

const (
	maxNodeSize = 1 << 30
	// maxNodeRoom bounds the memory that a new node begins with.
	maxNodeRoom = 4096
)

// NewStream returns an empty stream.
func NewStream() *Stream {
	return &Stream{nodes: tree.New(compareNodes), owner: new(streamOwner)}
}

// Type returns TypeStream.
func (s *Stream) Type() Type { return TypeStream }

// Encoding returns "stream".
func (s *Stream) Encoding() string { return "stream" }

// Empty is false: a stream without entries is a value.
func (s *Stream) Empty() bool { return false }

// Thaw returns a stream of the same content, in O(1).
func (s *Stream) Thaw() Value {
	t := &Stream{
		LastID: s.LastID, FirstID: s.FirstID, MaxDeletedID: s.MaxDeletedID, EntriesAdded: s.EntriesAdded,
		length: s.length, size: s.size, tail: s.tail, nodes: s.nodes.Thaw(), owner: new(streamOwner),
	}
	if s.groups != nil {
		t.groups = s.groups.Thaw()
	}
	t.idmp = s.idmp.thaw(t.owner)
	return t
}

// MemoryUse returns the size of the nodes and an estimate for the groups. O(G)
// of the number of groups.
func (s *Stream) MemoryUse() int {
	perNode := int(unsafe.Sizeof(streamNode{})) + 10
	n := int(unsafe.Sizeof(*s)) + s.size + s.nodes.Len()*perNode
	for g := range s.Groups {
		n += g.memoryUse()
	}
	return n + s.idmp.memoryUse()
}

// Len returns the number of entries.
func (s *Stream) Len() int {
	if s == nil {
		return 0
	}
	return s.length
}

// NodeCount returns the number of nodes.
func (s *Stream) NodeCount() int { return s.nodes.Len() }

// Nodes yields the nodes in order. The packs must not be modified.
func (s *Stream) Nodes(yield func(StreamID, listpack.Pack) bool) {
	for it := s.nodes.Seek(0); ; {
		n, ok := it.Next()
		if !ok || !yield(n.id, n.pack) {
			return
		}
	}
}

// AppendNode adds a node behind the others, taking over its pack, which must
// be a valid one: it is for restoring a stream. LastID and the like are not
// touched.
func (s *Stream) AppendNode(id StreamID, pack listpack.Pack) {
	n := &streamNode{id: id, owner: s.owner, pack: pack}
	s.nodes.Insert(n)
	s.tail = n
	s.size += len(pack)
	s.length += int(n.entries())
}

// NextID returns the id for an entry that is added now: the time, or right
// after the last id if that is not in the past; false if there is none left.
func (s *Stream) NextID(nowMilli int64) (StreamID, bool) {
	last := StreamID{}
	if s != nil {
		last = s.LastID
	}
	if uint64(nowMilli) > last.Ms {
		return StreamID{Ms: uint64(nowMilli)}, true
	}
	return last.Next()
}

// Add adds an entry with alternating fields and values, copying them. The id
// must be larger than LastID.
func (s *Stream) Add(l *Limits, id StreamID, pairs [][]byte) {
	n := s.tail
	same := false
	if n == nil || n.full(l, pairs) {
		n = s.beginNode(l, id, pairs)
		same = true
	} else {
		n = s.own(n)
		s.size -= len(n.pack)
		same = n.addOne(pairs)
	}
	p := n.pack
	elements := int64(len(pairs)/2 + 3)
	if same {
		p = p.AppendInt(entrySameFields).AppendInt(int64(id.Ms - n.id.Ms)).AppendInt(int64(id.Seq - n.id.Seq))
		for i := 1; i < len(pairs); i += 2 {
			p = p.Append(pairs[i])
		}
	} else {
		elements = int64(len(pairs) + 4)
		p = p.AppendInt(0).AppendInt(int64(id.Ms - n.id.Ms)).AppendInt(int64(id.Seq - n.id.Seq)).AppendInt(int64(len(pairs) / 2))
		p = p.AppendAll(pairs...)
	}
	n.pack = p.AppendInt(elements)
	s.size += len(n.pack)
	s.length++
	s.EntriesAdded++
	s.LastID = id
	if s.length == 1 {
		s.FirstID = id
	}
}

// full reports whether another entry begins a new node.
func (n *streamNode) full(l *Limits, pairs [][]byte) bool {
	size := len(n.pack)
	for _, b := range pairs {
		size += len(b)
	}
	most := l.StreamNodeMaxBytes
	if most == 0 || most > maxNodeSize {
		most = maxNodeSize
	}
	if size >= most {
		return true
	}
	entries, deleted := n.counts()
	return l.StreamNodeMaxEntries > 0 && entries+deleted >= int64(l.StreamNodeMaxEntries)
}

// beginNode adds a node for a first entry. It takes the memory that the one
// before it does not need, or as much as that became large.
func (s *Stream) beginNode(l *Limits, id StreamID, pairs [][]byte) *streamNode {
	p := listpack.New(0)
	if s.tail != nil {
		s.tail = s.own(s.tail)
		if spare := s.tail.trim(); spare != nil {
			p = p.CopyTo(spare[:cap(spare)])
		} else {
			p = listpack.New(min(len(s.tail.pack), maxNodeRoom))
		}
	}
	p = p.AppendInt(1).AppendInt(0).AppendInt(int64(len(pairs) / 2))
	for i := 0; i < len(pairs); i += 2 {
		p = p.Append(pairs[i])
	}
	n := &streamNode{id: id, owner: s.owner, pack: p.AppendInt(0)}
	s.nodes.Insert(n)
	s.tail = n
	return n
}

// trim gives up the room that a node has to spare, for it will not grow again.
// If less memory is enough for it, trim returns what it had.
func (n *streamNode) trim() (spare []byte) {
	if cap(n.pack)-block.Size(len(n.pack)) <= len(n.pack)/16 {
		return nil
	}
	spare = n.pack
	n.pack = n.pack.Clone()
	return spare
}

// own returns n, or the copy that took its place in the tree, to be written.
func (s *Stream) own(n *streamNode) *streamNode {
	if n.owner == s.owner {
		return n
	}
	c := &streamNode{id: n.id, owner: s.owner, pack: n.pack.Clone()}
	s.nodes.Insert(c)
	if s.tail == n {
		s.tail = c
	}
	return c
}

func (n *streamNode) entries() int64 { return n.pack.Get(n.pack.First()).Int }

// counts returns the numbers of entries that are there and that are deleted.
func (n *streamNode) counts() (entries, deleted int64) {
	v, next := n.pack.Read(n.pack.First())
	return v.Int, n.pack.Get(next).Int
}

// addOne counts an entry that is about to be added, and reports whether it has
// the fields of the node.
func (n *streamNode) addOne(pairs [][]byte) (sameFields bool) {
	p := n.pack
	pos := p.First()
	p = p.ReplaceInt(pos, p.Get(pos).Int+1)
	n.pack = p
	pos = p.Next(p.Next(pos))
	count, pos := p.Read(pos)
	if int(count.Int) != len(pairs)/2 {
		return false
	}
	for i := 0; i < len(pairs); i += 2 {
		var field listpack.Value
		if field, pos = p.Read(pos); !field.Equal(pairs[i]) {
			return false
		}
	}
	return true
}

// recount moves n entries from those that are there to the deleted ones.
func (n *streamNode) recount(moved int64) {
	entries, deleted := n.counts()
	pos := n.pack.First()
	n.pack = n.pack.ReplaceInt(pos, entries-moved)
	n.pack = n.pack.ReplaceInt(n.pack.Next(pos), deleted+moved)
}

// floor returns the rank of the last node whose id is not above id, or -1.
func (s *Stream) floor(id StreamID) int {
	if s.tail != nil && !id.Less(s.tail.id) {
		return s.nodes.Len() - 1
	}
	return s.nodes.Search(func(n *streamNode) bool { return id.Less(n.id) }) - 1
}

// dropNode takes the node at a rank away.
func (s *Stream) dropNode(rank int) {
	n, _ := s.nodes.DeleteAt(rank)
	s.size -= len(n.pack)
	if n.owner == s.owner {
		block.Free(n.pack)
	}
	if n == s.tail {
		s.tail, _ = s.nodes.Max()
	}
}

// FindEntry finds the entry of an id.
func (s *Stream) FindEntry(id StreamID) bool {
	it := s.Range(id, id)
	return it.Next()
}

// Delete deletes an entry, in O(log n) and a node's length. It keeps FirstID
// and MaxDeletedID up to date, and reports whether there was such an entry.
func (s *Stream) Delete(id StreamID) bool {
	rank := s.floor(id)
	if rank < 0 {
		return false
	}
	n, _ := s.nodes.At(rank)
	e := n.begin()
	for e.id != id || e.flags&entryDeleted != 0 {
		if !e.next() || id.Less(e.id) {
			return false
		}
	}
	if n.entries() == 1 {
		s.dropNode(rank)
	} else {
		n = s.own(n)
		s.size -= len(n.pack)
		n.pack = n.pack.ReplaceInt(e.pos, e.flags|entryDeleted)
		n.recount(1)
		s.size += len(n.pack)
	}
	s.length--
	if s.MaxDeletedID.Less(id) {
		s.MaxDeletedID = id
	}
	if id == s.FirstID || s.length == 0 {
		s.FirstID = s.first()
	}
	return true
}

// first returns the id of the first entry, 0-0 if there is none.
func (s *Stream) first() StreamID {
	if it := s.Range(StreamID{}, MaxStreamID); it.Next() {
		return it.ID
	}
	return StreamID{}
}

// FirstKept returns the id of the first entry, deleted or not, that is still
// kept: trimming to it trims nothing. It is the largest id if there is none.
func (s *Stream) FirstKept() StreamID {
	if n, ok := s.nodes.Min(); ok {
		return n.id
	}
	return MaxStreamID
}

// LastEntry returns the id of the last entry, 0-0 if there is none.
func (s *Stream) LastEntry() StreamID {
	if s == nil || s.length == 0 {
		return StreamID{}
	}
	if it := s.RangeBack(StreamID{}, MaxStreamID); it.Next() {
		return it.ID
	}
	return StreamID{}
}

// Trim says down to what a stream is trimmed.
type Trim struct {
	// MaxLen is the number of entries to keep, or -1.
	MaxLen int64
	// MinID is the smallest id to keep, if there is no MaxLen.
	MinID StreamID
	// WholeNodes has only whole nodes removed.
	WholeNodes bool
	// Limit is how many entries may be removed; 0 means any number.
	Limit int64
	// Refs says what becomes of groups for which the entries are pending.
	Refs References
}

// References says what becomes of the references that groups have to entries
// that are to be deleted.
type References uint8

// KeepRefs leaves entries pending, DropRefs takes them from what is pending,
// and AckedOnly does not delete entries that a group still needs: those that it
// has not read, or not acknowledged.
const (
	KeepRefs References = iota
	DropRefs
	AckedOnly
)

// Trim deletes entries from the beginning and returns how many. It costs
// O(log n) a node that goes, and a node's length; unless references are kept,
// also O(g log p) an entry. MaxDeletedID stays, as in Redis, except where
// AckedOnly leaves entries before those that go.
func (s *Stream) Trim(t Trim) (deleted int64) {
	if t.Refs == AckedOnly {
		return s.trimAcked(t)
	}
	for {
		n, ok := s.nodes.Min()
		if !ok || t.MaxLen >= 0 && int64(s.length) <= t.MaxLen {
			break
		}
		entries := n.entries()
		if t.Limit != 0 && deleted+entries > t.Limit {
			break
		}
		whole := false
		if t.MaxLen >= 0 {
			whole = int64(s.length)-entries >= t.MaxLen
		} else {
			e := n.end()
			e.prev()
			whole = e.id.Less(t.MinID)
		}
		if whole {
			if t.Refs == DropRefs {
				for e, ok := n.begin(), true; ok; ok = e.next() {
					s.Unreference(e.id)
				}
			}
			s.dropNode(0)
			s.length -= int(entries)
			deleted += entries
			continue
		}
		if !t.WholeNodes {
			deleted += s.trimNode(n, t)
		}
		break
	}
	if deleted > 0 {
		s.FirstID = s.first()
	}
	return deleted
}

// trimNode deletes entries from the beginning of a node, not all of them.
func (s *Stream) trimNode(n *streamNode, t Trim) (deleted int64) {
	e := n.begin()
	for ok := true; ok; ok = e.next() {
		if t.MaxLen >= 0 && int64(s.length) <= t.MaxLen || t.MaxLen < 0 && !e.id.Less(t.MinID) {
			break
		}
		if e.flags&entryDeleted == 0 {
			if n.owner != s.owner {
				n = s.own(n)
				e.pack = n.pack
			}
			n.pack = n.pack.ReplaceInt(e.pos, e.flags|entryDeleted)
			deleted++
			s.length--
			if t.Refs == DropRefs {
				s.Unreference(e.id)
			}
		}
	}
	if deleted > 0 {
		s.size -= len(n.pack)
		n.recount(deleted)
		s.size += len(n.pack)
	}
	return deleted
}

// trimAcked deletes the first entries that no group needs.
func (s *Stream) trimAcked(t Trim) int64 {
	var gone []StreamID
	for it := s.Range(StreamID{}, MaxStreamID); it.Next(); {
		n := int64(len(gone))
		if t.MaxLen >= 0 && int64(s.length)-n <= t.MaxLen || t.MaxLen < 0 && !it.ID.Less(t.MinID) || t.Limit != 0 && n == t.Limit {
			break
		}
		if !s.Referenced(it.ID) {
			gone = append(gone, it.ID)
		}
	}
	for _, id := range gone {
		s.Delete(id)
	}
	return int64(len(gone))
}

// RadixNodes returns how many nodes Redis's radix tree has for this stream: a
// tree of the 16 bytes of the ids of the stream's nodes, where one node stands
// for a run of bytes that does not branch. O(n) of the number of nodes.
func (s *Stream) RadixNodes() int {
	keys := s.nodes.Len()
	if keys == 0 {
		return 1
	}
	total := keys // leaves
	// The depths of the branches on the way to the last key, and the chains
	// that lead to them, are known only when a later key leaves the way.
	var branches []int
	chain := func(from, to int) { // the bytes between two nodes
		if to-from > 1 {
			total++
		}
	}
	leave := func(depth int) { // the way below depth is complete
		below := 16
		for len(branches) > 0 && branches[len(branches)-1] > depth {
			b := branches[len(branches)-1]
			branches = branches[:len(branches)-1]
			chain(b, below)
			below = b
		}
		if n := len(branches); depth >= 0 && (n == 0 || branches[n-1] < depth) {
			branches = append(branches, depth)
			total++
		}
		chain(depth, below)
	}
	it := s.nodes.Seek(0)
	n, _ := it.Next()
	for last := n.id; ; last = n.id {
		var ok bool
		if n, ok = it.Next(); !ok {
			break
		}
		leave(commonBytes(last, n.id))
	}
	leave(-1)
	return total
}
