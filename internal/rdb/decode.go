package rdb

import (
	"errors"
	"math"
	"slices"
	"strconv"

	"github.com/resp-server/resp-server/internal/datastruct/intset"
	"github.com/resp-server/resp-server/internal/datastruct/listpack"
)

// errEmpty is the result of decoding an empty collection. Old servers wrote
// such keys by mistake; the Reader leaves them out.
var errEmpty = errors.New("rdb: empty collection")

// decoder decodes values.
type decoder struct {
	source
	version int
	newest  int // version that is known; 0: all are
	// trusting leaves it to the caller to find duplicate members that come one by
	// one.
	trusting bool
	dupes    dupes
}

// value decodes a value after its type byte. It returns nil if and only if
// there is an error. That may be errEmpty, after which decoding can continue.
func (d *decoder) value(kind byte) Value {
	if kind > lastTypeOf(d.newest) {
		d.fail("unknown value type %d", kind)
		return nil
	}
	var v Value
	switch kind {
	case typeString:
		v = String(d.string())
	case typeList:
		v = d.list()
	case typeListZiplist:
		v = d.listZiplist()
	case typeListQuicklist, typeListQuicklist2:
		v = d.quicklist(kind)
	case typeSet:
		v = d.set()
	case typeSetIntset:
		v = d.intset()
	case typeSetPack:
		v = d.setPack()
	case typeZSet, typeZSet2:
		v = d.sortedSet(kind)
	case typeZSetZiplist:
		v = d.sortedPack(d.fromZiplist("Zset ziplist", 2))
	case typeZSetPack:
		v = d.sortedPack(d.pack("Zset listpack", 2))
	case typeHash:
		v = d.hash()
	case typeHashZipmap:
		v = hashOf(d.fromZipmap())
	case typeHashZiplist:
		v = d.hashPack(d.fromZiplist("Hash ziplist", 2))
	case typeHashPack:
		v = d.hashPack(d.pack("Hash listpack", 2))
	case typeHashTTLOld, typeHashTTL:
		if d.version == valkeyVersion && kind == typeHashTTLValkey {
			v = d.hashValkey()
		} else {
			v = d.hashTTL(kind)
		}
	case typeHashPackTTLOld, typeHashPackTTL:
		if kind == typeHashPackTTL {
			d.time() // time of the earliest field, which the listpack has too
		}
		v = &Hash{PackTTL: d.pack("Hash listpack", 3)}
	case typeStream1, typeStream2, typeStream3, typeStream4, typeStream5:
		v = d.stream(kind)
	case typeArray:
		v = d.array()
	case typeModule:
		if id := d.uint(); d.err == nil {
			d.fail("value of the unknown module type %q", moduleName(id))
		}
	case typeModuleOld:
		d.fail("module value of a release candidate")
	default:
		d.fail("unknown value type %d", kind)
	}
	if d.err != nil {
		return nil
	}
	return v
}

// moduleName decodes the nine characters in the id of a module type.
func moduleName(id uint64) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	var name [9]byte
	for i := range name {
		name[i] = alphabet[id>>(64-6*(i+1))&63]
	}
	return string(name[:])
}

// count reads the number of elements of a collection.
func (d *decoder) count() uint64 {
	n := d.uint()
	if n == 0 && d.err == nil {
		d.err = errEmpty
	}
	return n
}

// unique checks that member i of a collection is new, and fails otherwise.
func (d *decoder) unique(i uint64, b []byte, what string) {
	if d.trusting || d.err != nil {
		return
	}
	if i == 0 {
		d.dupes.reset()
	}
	if !d.dupes.add(b) {
		d.fail("%s twice in a collection", what)
	}
}

// packed reads a string that contains an embedded structure.
func (d *decoder) packed(check func(p []byte) bool, what string) []byte {
	p := d.string()
	if d.err == nil && !check(p) {
		d.fail("%s integrity check failed", what)
	}
	return p
}

// pack reads a listpack of tuples with distinct first elements. The third
// element of a triple is the expiry time of a field.
func (d *decoder) pack(what string, tuple int) []byte {
	count, last := 0, int64(-1)
	d.dupes.reset()
	var number [20]byte
	p := d.packed(func(p []byte) bool {
		return checkPack(p, func(i int, e listpack.Value) bool {
			count++
			switch i % tuple {
			case 0:
				return d.dupes.add(text(e, number[:]))
			case 2:
				// Fields with an expiry time come first, in order.
				if !e.IsInt || e.Int < 0 || e.Int > maxFieldExpire || e.Int != 0 && (last == 0 || e.Int < last) {
					return false
				}
				last = e.Int
			}
			return true
		}) && count%tuple == 0
	}, what)
	d.orEmpty(count)
	return p
}

func (d *decoder) orEmpty(count int) {
	if d.err == nil && count == 0 {
		d.err = errEmpty
	}
}

// fromZiplist reads a ziplist of such tuples and converts it to a listpack.
func (d *decoder) fromZiplist(what string, tuple int) []byte {
	return d.convert(checkZiplist, what, tuple)
}

func (d *decoder) fromZipmap() []byte { return d.convert(checkZipmap, "Zipmap", 2) }

func (d *decoder) convert(check func([]byte, func(int, listpack.Value) bool) bool, what string, tuple int) []byte {
	out := listpack.New(0)
	var number [20]byte
	d.dupes.reset()
	d.packed(func(p []byte) bool {
		return check(p, func(i int, e listpack.Value) bool {
			if i%tuple == 0 && !d.dupes.add(text(e, number[:])) || !out.CanAdd(e.EntrySize()) {
				return false
			}
			out = add(out, e)
			return true
		}) && out.Len()%tuple == 0
	}, what)
	d.orEmpty(out.Len())
	return out.Trim()
}

// nodeSize limits the nodes that are made of single elements.
const nodeSize = 8 << 10

// nodes collects the elements of a list that is not stored in nodes.
type nodes struct {
	list []Node
	pack listpack.Pack
}

func (n *nodes) add(e listpack.Value) {
	if len(e.Str) > nodeSize {
		n.flush()
		n.list = append(n.list, Node{Plain: slices.Clone(e.Str)})
		return
	}
	if n.pack.Size()+len(e.Str) > nodeSize {
		n.flush()
	}
	if n.pack == nil {
		n.pack = listpack.New(0)
	}
	n.pack = add(n.pack, e)
}

func (n *nodes) flush() {
	if n.pack != nil {
		n.list = append(n.list, Node{Pack: n.pack.Trim()})
		n.pack = nil
	}
}

func (d *decoder) list() Value {
	var n nodes
	for left := d.count(); left > 0 && d.err == nil; left-- {
		n.add(listpack.Value{Str: d.string()})
	}
	n.flush()
	return &List{Nodes: n.list}
}

func (d *decoder) listZiplist() Value {
	var n nodes
	d.packed(func(p []byte) bool {
		return checkZiplist(p, func(_ int, e listpack.Value) bool {
			n.add(e)
			return true
		})
	}, "List ziplist")
	n.flush()
	d.orEmpty(len(n.list))
	return &List{Nodes: n.list}
}

func (d *decoder) quicklist(kind byte) Value {
	l := new(List)
	for left := d.count(); left > 0 && d.err == nil; left-- {
		container := uint64(nodePack)
		if kind == typeListQuicklist2 {
			container = d.uint()
		}
		switch {
		case container == nodePlain:
			p := d.string()
			if d.err == nil && len(p) == 0 {
				d.fail("empty list node")
			}
			l.Nodes = append(l.Nodes, Node{Plain: p})
		case container != nodePack:
			d.fail("unknown list node container %d", container)
		case kind == typeListQuicklist:
			out := listpack.New(0)
			d.packed(func(p []byte) bool {
				return checkZiplist(p, func(_ int, e listpack.Value) bool {
					out = add(out, e)
					return out.CanAdd(0)
				})
			}, "List ziplist")
			if !out.Empty() {
				l.Nodes = append(l.Nodes, Node{Pack: out.Trim()})
			}
		default:
			count := 0
			p := d.packed(func(p []byte) bool {
				return checkPack(p, func(int, listpack.Value) bool { count++; return true })
			}, "List listpack")
			if count > 0 {
				l.Nodes = append(l.Nodes, Node{Pack: p})
			}
		}
	}
	d.orEmpty(len(l.Nodes))
	return l
}

func (d *decoder) set() Value {
	var members [][]byte
	n := d.count()
	for i := uint64(0); i < n && d.err == nil; i++ {
		m := d.string()
		d.unique(i, m, "member")
		members = append(members, m)
	}
	return &Set{Len: len(members), Members: slices.Values(members)}
}

func (d *decoder) intset() Value {
	return &Set{Intset: d.packed(func(p []byte) bool {
		return intset.Set(p).Validate(true) == nil
	}, "Intset")}
}

func (d *decoder) setPack() Value {
	return &Set{Pack: d.pack("Set listpack", 1)}
}

// scored is a member of a sorted set.
type scored struct {
	member []byte
	score  float64
}

func scoredSet(members []scored) *SortedSet {
	return &SortedSet{Len: len(members), Members: func(yield func([]byte, float64) bool) {
		for _, m := range members {
			if !yield(m.member, m.score) {
				return
			}
		}
	}}
}

func (d *decoder) sortedSet(kind byte) Value {
	var members []scored
	n := d.count()
	for i := uint64(0); i < n && d.err == nil; i++ {
		m := scored{member: d.string()}
		if kind == typeZSet2 {
			m.score = d.double()
		} else {
			m.score = d.decimal()
		}
		if math.IsNaN(m.score) {
			d.fail("score is not a number")
		}
		d.unique(i, m.member, "member")
		members = append(members, m)
	}
	return scoredSet(members)
}

// sortedPack checks that the scores of a listpack are in order. It converts an
// unsorted listpack, which no server writes, to single members.
func (d *decoder) sortedPack(p []byte) Value {
	if d.err != nil {
		return nil
	}
	sorted, first := true, true
	var last scored
	eachScored(p, func(m scored) {
		if math.IsNaN(m.score) {
			d.fail("score is not a number")
		}
		if !first && (m.score < last.score ||
			m.score == last.score && string(m.member) < string(last.member)) {
			sorted = false
		}
		first = false
		last.score, last.member = m.score, append(last.member[:0], m.member...) // reuses the memory for a formatted number
	})
	if sorted {
		return &SortedSet{Pack: p}
	}
	var members []scored
	eachScored(p, func(m scored) {
		members = append(members, scored{slices.Clone(m.member), m.score})
	})
	return scoredSet(members)
}

// eachScored walks a valid listpack of members and scores. A member is valid
// during the call. A score that is not a number becomes NaN.
func eachScored(p []byte, each func(m scored)) {
	var m scored
	var number [20]byte
	eachElement(p, func(i int, e listpack.Value) bool {
		if i%2 == 0 {
			m.member = text(e, number[:])
			return true
		}
		m.score = float64(e.Int)
		if !e.IsInt {
			f, err := strconv.ParseFloat(string(e.Str), 64)
			if err != nil && !errors.Is(err, strconv.ErrRange) {
				f = math.NaN()
			}
			m.score = f
		}
		each(m)
		return true
	})
}

func (d *decoder) hashPack(p []byte) Value { return &Hash{Pack: p} }

// hashOf returns the fields of a listpack one by one, so that the loader
// applies its own limits: those for a zipmap were different.
func hashOf(p listpack.Pack) Value {
	return &Hash{Len: p.Len() / 2, Fields: func(yield func(Field) bool) {
		for pos := p.First(); pos >= 0; {
			var name, v listpack.Value
			name, pos = p.Read(pos)
			v, pos = p.Read(pos)
			if !yield(Field{Name: name.AppendTo(nil), Value: v.AppendTo(nil)}) {
				return
			}
		}
	}}
}

// fields reads the fields of a hash, each by calling read.
func (d *decoder) fields(read func() Field) Value {
	var fields []Field
	n := d.count()
	for i := uint64(0); i < n && d.err == nil; i++ {
		f := read()
		d.unique(i, f.Name, "field")
		fields = append(fields, f)
	}
	return &Hash{Len: len(fields), Fields: slices.Values(fields)}
}

func (d *decoder) hash() Value {
	return d.fields(func() Field { return Field{Name: d.string(), Value: d.string()} })
}

// hashTTL reads a hash with expiry times. These are absolute, or relative to
// the earliest one plus 1, so that 0 means none.
func (d *decoder) hashTTL(kind byte) Value {
	base := uint64(1)
	if kind == typeHashTTL {
		base = d.uint64()
		if base > maxFieldExpire+1 {
			d.fail("invalid field expiry")
		}
	}
	return d.fields(func() Field {
		at := d.uint()
		if at != 0 {
			at += base - 1
		}
		if at > maxFieldExpire {
			d.fail("invalid field expiry")
		}
		return Field{Name: d.string(), Value: d.string(), ExpireAt: int64(at)}
	})
}

// maxIndex is the largest index of an array.
const maxIndex = math.MaxUint64 - 1

func (d *decoder) array() Value {
	a := new(Array)
	n := d.count()
	switch flag := d.uint(); {
	case flag == 1:
		a.HasLast = true
		if a.Last = d.uint(); a.Last > maxIndex {
			d.fail("invalid insertion index")
		}
	case flag > 1:
		d.fail("invalid flag of an array")
	}
	var slots []Slot
	for i := uint64(0); i < n && d.err == nil; i++ {
		s := Slot{Index: d.uint()}
		if s.Index > maxIndex || i > 0 && s.Index <= slots[i-1].Index {
			d.fail("invalid index")
		}
		switch kind := d.uint(); {
		case kind > uint64(SlotShort):
			d.fail("unknown kind of array value %d", kind)
		case SlotKind(kind) == SlotInt, SlotKind(kind) == SlotFloat:
			s.Kind, s.Number = SlotKind(kind), d.uint64()
		default:
			s.Kind, s.Text = SlotKind(kind), d.string()
		}
		slots = append(slots, s)
	}
	a.Len, a.Slots = len(slots), slices.Values(slots)
	return a
}

// hashValkey reads Valkey's form: the expiry time follows each value, -1 for
// none.
func (d *decoder) hashValkey() Value {
	return d.fields(func() Field {
		f := Field{Name: d.string(), Value: d.string()}
		switch at := d.time(); {
		case at < -1 || at > maxFieldExpire:
			d.fail("invalid field expiry")
		case at > 0:
			f.ExpireAt = at
		case at == 0:
			f.ExpireAt = 1
		}
		return f
	})
}
