package rdb

import (
	"iter"

	"github.com/resp-server/resp-server/internal/datastruct/intset"
	"github.com/resp-server/resp-server/internal/datastruct/listpack"
)

// Value is one of String, *List, *Set, *SortedSet, *Hash, *Stream and *Array.
//
// Where a collection can be one of several things, exactly one is set. A
// decoded value belongs to the receiver with all its bytes; elements do not
// share memory with each other or with the input. What is decoded is valid
// and not empty. A value to be encoded is only read, and must be valid.
//
// Sequences of decoded values can be ranged over any number of times. Those
// of values to be encoded must give the same elements each time; so a table
// of any size can be written without being copied.
type Value interface {
	// Kind returns which of these it is.
	Kind() Kind
}

// Kind says what a Value is.
type Kind uint8

// The kinds of values.
const (
	KindString Kind = iota
	KindList
	KindSet
	KindSortedSet
	KindHash
	KindStream
	KindArray
	Kinds // how many there are
)

// String is a string value.
type String []byte

// List is a list of at least one element.
type List struct {
	// Nodes are in order; none is empty.
	Nodes []Node
}

// Node is a part of a list: a listpack with any number of elements, or one
// element that is too large for a listpack.
type Node struct {
	Pack  listpack.Pack
	Plain []byte // if Pack is nil
}

// Set is a set: an intset, a listpack of members, or members.
type Set struct {
	Intset intset.Set
	Pack   listpack.Pack
	// Len is the number of Members.
	Len int
	// Members are in no order.
	Members iter.Seq[[]byte]
}

// SortedSet is a sorted set: a listpack of members and scores in rising
// order, or members with their scores.
type SortedSet struct {
	Pack listpack.Pack
	// Len is the number of Members.
	Len int
	// Members with their scores: decoded ones in any order, and to be encoded
	// in falling order if the bytes are to be those of Redis. A score is never
	// NaN.
	Members iter.Seq2[[]byte, float64]
}

// Hash is a hash: a listpack of fields, or fields.
type Hash struct {
	// Pack holds pairs of field and value.
	Pack listpack.Pack
	// PackTTL instead holds triples of field, value and expiry in
	// milliseconds since 1970, fields that expire first, in that order, and
	// those that do not last, with 0.
	PackTTL listpack.Pack
	// Len is the number of Fields.
	Len int
	// Fields are in no order.
	Fields iter.Seq[Field]
}

// Field is a field of a hash.
type Field struct {
	Name, Value []byte
	// ExpireAt is in milliseconds since 1970; 0: the field does not expire.
	ExpireAt int64
}

// StreamID identifies an entry of a stream.
type StreamID struct{ Ms, Seq uint64 }

// Compare orders ids.
func (id StreamID) Compare(other StreamID) int {
	if id.Ms != other.Ms {
		if id.Ms < other.Ms {
			return -1
		}
		return 1
	}
	if id.Seq != other.Seq {
		if id.Seq < other.Seq {
			return -1
		}
		return 1
	}
	return 0
}

// Stream is a stream, possibly without entries.
type Stream struct {
	// Nodes have rising ids.
	Nodes []StreamNode
	// Length is the number of entries that are not deleted.
	Length uint64
	// LastID is the largest id ever given; FirstID that of the first entry, or
	// 0-0; MaxDeletedID the largest one deleted.
	LastID, FirstID, MaxDeletedID StreamID
	// EntriesAdded counts the entries ever added.
	EntriesAdded uint64
	// Groups have different names, and rising ones if the bytes are to be
	// those of Redis.
	Groups []Group
	// Idempotency is what Redis 8.6 remembers of messages; nil: nothing.
	Idempotency *Idempotency
}

// Idempotency is what a stream remembers of the messages that were sent.
type Idempotency struct {
	// Duration is in seconds, MaxSize for each producer.
	Duration, MaxSize uint64
	// Added and Duplicates count messages.
	Added, Duplicates uint64
	// Producers have different names, and rising ones if the bytes are to be
	// those of Redis.
	Producers []Producer
}

// Producer is who sent messages.
type Producer struct {
	Name []byte
	Sent []Sent
}

// Sent is a message by the id that its producer gave it.
type Sent struct {
	IID []byte
	ID  StreamID
}

// StreamNode is a run of entries: a listpack as described in t_stream.c,
// whose ids are relative to the node's.
type StreamNode struct {
	ID   StreamID
	Pack listpack.Pack
}

// Group is a consumer group.
type Group struct {
	Name   []byte
	LastID StreamID
	// EntriesRead is the group's read counter, -1 if unknown.
	EntriesRead int64
	// Pending entries have rising ids.
	Pending []Pending
	// Consumers have different names, and rising ones if the bytes are to be
	// those of Redis.
	Consumers []Consumer
}

// Pending is an entry that was delivered and not yet acknowledged.
type Pending struct {
	ID StreamID
	// DeliveredAt is in milliseconds since 1970.
	DeliveredAt int64
	Deliveries  uint64
	// Consumer is an index into the group's Consumers.
	Consumer int
}

// Consumer is a consumer of a group.
type Consumer struct {
	Name []byte
	// SeenAt and ActiveAt are in milliseconds since 1970. ActiveAt is -1 for a
	// consumer that never got an entry, and Released for the one without a name
	// that stands for entries that are pending for nobody.
	SeenAt, ActiveAt int64
}

// Released is explained at Consumer.
const Released = -2

// Array is a sparse array of Redis 8.8.
type Array struct {
	// Len is the number of Slots.
	Len int
	// Last is the index that was inserted last, if HasLast.
	Last    uint64
	HasLast bool
	// Slots have rising indexes if the bytes are to be those of Redis.
	Slots iter.Seq[Slot]
}

// Slot is a slot in use of an array.
type Slot struct {
	Index uint64
	Kind  SlotKind
	// Number are the bits of a number.
	Number uint64
	Text   []byte
}

// SlotKind says what is in a slot.
type SlotKind uint8

// The kinds; two of them are texts.
const (
	SlotLong SlotKind = iota
	SlotInt
	SlotFloat
	SlotShort
)

// Kind returns KindString.
func (String) Kind() Kind { return KindString }

// Kind returns KindList.
func (*List) Kind() Kind { return KindList }

// Kind returns KindSet.
func (*Set) Kind() Kind { return KindSet }

// Kind returns KindSortedSet.
func (*SortedSet) Kind() Kind { return KindSortedSet }

// Kind returns KindHash.
func (*Hash) Kind() Kind { return KindHash }

// Kind returns KindStream.
func (*Stream) Kind() Kind { return KindStream }

// Kind returns KindArray.
func (*Array) Kind() Kind { return KindArray }

// Entry is a key with everything that belongs to it.
type Entry struct {
	DB  int
	Key []byte
	// ExpireAt is in milliseconds since 1970; 0: the key does not expire. (A
	// file that says 0 is read as 1, which is as long ago.)
	ExpireAt int64
	// Idle is the time since the last access in seconds, if HasIdle.
	Idle    int64
	HasIdle bool
	// Freq is the access counter, if HasFreq.
	Freq    uint8
	HasFreq bool
	Value   Value
}
