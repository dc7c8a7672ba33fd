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
// Nodes hold up to a hundred entries each, in the layout of t_stream.c of
// Redis 7.4. So DUMP and RDB files contain the nodes unchanged. A node is a
// listpack
//
//	<entries> <deleted> <n> <field>... 0                     what the node's entries have in common
//	<flags> <ms> <seq> <value>... <elements>                 an entry with just these fields
//	<flags> <ms> <seq> <n> {<field> <value>}... <elements>   an entry with other ones
//
// Ids are relative to the id of the node, which is that of its first entry.
// Deleted entries stay in the node, with a flag, until the whole node goes. So
// the id of a node remains that of its first entry.
//
// The exported fields may be set when a stream is restored.
type Stream struct {
	inKeyspace Head

	// LastID is the largest id ever added, FirstID the id of the first entry or
	// 0-0, and MaxDeletedID the largest id deleted.
	LastID, FirstID, MaxDeletedID StreamID
	// EntriesAdded counts the entries ever added.
	EntriesAdded uint64

	length int
	nodes  *tree.Tree[*streamNode]
	tail   *streamNode // the last of nodes
	size   int         // total size of the packs in bytes
	groups *tree.Tree[*Group]
	owner  *streamOwner
	idmp   *Idempotency // nil if unused
}

// streamOwner is a token: a stream writes in place only to nodes, groups and
// consumers with its own token.
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
	// maxNodeRoom limits the initial memory of a new node.
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

// Thaw returns a stream with the same content, in O(1).
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

// MemoryUse returns the size of the nodes plus an estimate for the groups, in
// O(G) for G groups.
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

// AppendNode adds a node at the end, to restore a stream. It takes over the
// pack, which must be valid. It leaves LastID and its like unchanged.
func (s *Stream) AppendNode(id StreamID, pack listpack.Pack) {
	n := &streamNode{id: id, owner: s.owner, pack: pack}
	s.nodes.Insert(n)
	s.tail = n
	s.size += len(pack)
	s.length += int(n.entries())
}

// NextID returns the id for an entry added now: the time, or the id after
// LastID if that is not smaller. It returns false if no id is left.
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

// Add adds an entry with alternating fields and values, which it copies. The
// id must be larger than LastID.
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

// full reports whether the next entry needs a new node.
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

// beginNode adds a node for its first entry. The node takes the memory that
// the previous node does not need, or as much memory as that one used.
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

// trim frees the spare room of a node, which will not grow again. If the node
// moves to a smaller block, trim returns the old one.
func (n *streamNode) trim() (spare []byte) {
	if cap(n.pack)-block.Size(len(n.pack)) <= len(n.pack)/16 {
		return nil
	}
	spare = n.pack
	n.pack = n.pack.Clone()
	return spare
}

// own returns n for writing, or the copy that replaces it in the tree.
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

// counts returns the numbers of present and of deleted entries.
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

// recount counts moved entries as deleted instead of present.
func (n *streamNode) recount(moved int64) {
	entries, deleted := n.counts()
	pos := n.pack.First()
	n.pack = n.pack.ReplaceInt(pos, entries-moved)
	n.pack = n.pack.ReplaceInt(n.pack.Next(pos), deleted+moved)
}

// floor returns the rank of the last node whose id is at most id, or -1.
func (s *Stream) floor(id StreamID) int {
	if s.tail != nil && !id.Less(s.tail.id) {
		return s.nodes.Len() - 1
	}
	return s.nodes.Search(func(n *streamNode) bool { return id.Less(n.id) }) - 1
}

// dropNode removes the node at a rank.
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

// FindEntry reports whether there is an entry with an id.
func (s *Stream) FindEntry(id StreamID) bool {
	it := s.Range(id, id)
	return it.Next()
}

// Delete deletes an entry and reports whether there was one. It updates
// FirstID and MaxDeletedID. It takes O(log n) and the length of a node.
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

// FirstKept returns the id of the first entry in memory, deleted or not:
// trimming up to it removes nothing. It returns the largest id if there is
// none.
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

// Trim describes how far to trim a stream.
type Trim struct {
	// MaxLen is the number of entries to keep, or -1.
	MaxLen int64
	// MinID is the smallest id to keep if MaxLen is -1.
	MinID StreamID
	// WholeNodes removes only whole nodes.
	WholeNodes bool
	// Limit is the maximum number of entries to remove; 0 means no limit.
	Limit int64
	// Refs controls the entries that are pending in groups.
	Refs References
}

// References controls what happens to the references of groups to deleted
// entries.
type References uint8

// KeepRefs leaves the entries pending. DropRefs removes them from the pending
// entries. AckedOnly keeps entries that a group still needs, since it has not
// read or not acknowledged them.
const (
	KeepRefs References = iota
	DropRefs
	AckedOnly
)

// Trim deletes entries from the beginning and returns their number. It costs
// O(log n) for each removed node plus the length of a node, and, unless it
// keeps references, O(g log p) for each entry. As in Redis it leaves
// MaxDeletedID unchanged, except where AckedOnly keeps entries before deleted
// ones.
func (s *Stream) Trim(t Trim) (deleted int64) {
	for i := 0; ; {
		n, ok := s.nodes.At(i)
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
		if whole && t.Refs == KeepRefs {
			s.dropNode(i)
			s.length -= int(entries)
			deleted += entries
			continue
		}
		if t.WholeNodes && t.Refs == KeepRefs {
			break
		}
		gone := s.trimNode(n, t)
		deleted += gone
		if !whole {
			break
		}
		if gone == entries {
			s.dropNode(i)
		} else {
			i++
		}
	}
	if deleted > 0 {
		s.FirstID = s.first()
	}
	return deleted
}

// trimNode deletes some but not all entries from the beginning of a node.
func (s *Stream) trimNode(n *streamNode, t Trim) (deleted int64) {
	e := n.begin()
	for ok := true; ok; ok = e.next() {
		if t.MaxLen >= 0 && int64(s.length) <= t.MaxLen || t.MaxLen < 0 && !e.id.Less(t.MinID) {
			break
		}
		if e.flags&entryDeleted == 0 && !(t.Refs == AckedOnly && s.Referenced(e.id)) {
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

// RadixNodes returns how many nodes Redis's radix tree has for this stream: a
// tree of the 16 bytes of the ids of the stream's nodes, where one node stands
// for a run of bytes that does not branch. O(n) of the number of nodes.
func (s *Stream) RadixNodes() int {
	keys := s.nodes.Len()
	if keys == 0 {
		return 1
	}
	total := keys // leaves
	// branches are the depths of the branches on the path to the last key. These
	// and the chains to them are final only when a later key leaves the path.
	var branches []int
	chain := func(from, to int) { // the bytes between two branches
		if to-from > 1 {
			total++
		}
	}
	leave := func(depth int) { // the path below depth is complete
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
