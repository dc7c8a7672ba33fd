package rdb

import (
	"iter"

	"github.com/resp-server/resp-server/internal/datastruct/intset"
	"github.com/resp-server/resp-server/internal/datastruct/listpack"
)

// Value is one of String, *List, *Set, *SortedSet, *Hash, *Stream and *Array.
//
// Of the forms of a collection exactly one is set. The receiver owns a decoded
// value with all its bytes; elements share no memory with each other or with
// the input. Decoded values are valid and not empty. The encoder only reads a
// value, which must be valid.
//
// Sequences in decoded values can be iterated any number of times. Those in
// values to be encoded must yield the same elements each time. So a table of
// any size can be written without a copy.
type Value interface {
	// Kind returns the kind of the value.
	Kind() Kind
}

// Kind is the kind of a Value.
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
	Kinds // number of kinds
)

// String is a string value.
type String []byte

// List is a list of at least one element.
type List struct {
	// Nodes are the nodes in order; none is empty.
	Nodes []Node
}

// Node is a part of a list: a listpack with any number of elements, or a
// single element that is too large for a listpack.
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
	// Members are unordered.
	Members iter.Seq[[]byte]
}

// SortedSet is a sorted set: a listpack of members and scores in ascending
// order, or members with their scores.
type SortedSet struct {
	Pack listpack.Pack
	// Len is the number of Members.
	Len int
	// Members are the members with their scores, which are never NaN. Decoded
	// ones are in any order. Ones to be encoded must be in descending order to
	// give the bytes of Redis.
	Members iter.Seq2[[]byte, float64]
}

// Hash is a hash: a listpack of fields, or fields.
type Hash struct {
	// Pack holds pairs of field and value.
	Pack listpack.Pack
	// PackTTL instead holds triples of field, value and expiry time in milliseconds since
	// 1970. Fields that expire come first, ordered by time. The others follow with a time of
	// 0.
	PackTTL listpack.Pack
	// Len is the number of Fields.
	Len int
	// Fields are unordered.
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
	// Nodes have ascending ids.
	Nodes []StreamNode
	// Length is the number of entries that are not deleted.
	Length uint64
	// LastID is the largest id ever added, FirstID the id of the first entry or
	// 0-0, and MaxDeletedID the largest id deleted.
	LastID, FirstID, MaxDeletedID StreamID
	// EntriesAdded counts the entries ever added.
	EntriesAdded uint64
	// Groups have distinct names. They must be sorted by name to give the bytes
	// of Redis.
	Groups []Group
	// Idempotency is the record of messages in Redis 8.6, nil if there is none.
	Idempotency *Idempotency
}

// Idempotency is a stream's record of messages from producers.
type Idempotency struct {
	// Duration is in seconds. MaxSize is per producer.
	Duration, MaxSize uint64
	// Added and Duplicates count messages.
	Added, Duplicates uint64
	// Producers have distinct names. They must be sorted by name to give the
	// bytes of Redis.
	Producers []Producer
}

// Producer is a producer with its recorded messages.
type Producer struct {
	Name []byte
	Sent []Sent
}

// Sent is a message with the id from its producer.
type Sent struct {
	IID []byte
	ID  StreamID
}

// StreamNode is a run of entries: a listpack as described in t_stream.c, with
// ids relative to ID.
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
	// Pending entries have ascending ids.
	Pending []Pending
	// Consumers have distinct names. They must be sorted by name to give the
	// bytes of Redis.
	Consumers []Consumer
	// Released are the pending entries without a consumer, in the order in which
	// they are to be claimed.
	Released []StreamID
}

// Pending is an entry that was delivered and not yet acknowledged.
type Pending struct {
	ID StreamID
	// DeliveredAt is in milliseconds since 1970.
	DeliveredAt int64
	Deliveries  uint64
	// Consumer is an index into the group's Consumers, -1 for entries in Released.
	Consumer int
}

// Consumer is a consumer of a group.
type Consumer struct {
	Name []byte
	// SeenAt and ActiveAt are in milliseconds since 1970. ActiveAt is -1 for a
	// consumer that never got an entry.
	SeenAt, ActiveAt int64
}

// Array is a sparse array of Redis 8.8.
type Array struct {
	// Len is the number of Slots.
	Len int
	// Last is the index of the last insertion, if HasLast.
	Last    uint64
	HasLast bool
	// Slots must have ascending indexes to give the bytes of Redis.
	Slots iter.Seq[Slot]
}

// Slot is an occupied slot of an array.
type Slot struct {
	Index uint64
	Kind  SlotKind
	// Number are the bits of a number.
	Number uint64
	Text   []byte
}

// SlotKind is the kind of a slot's content.
type SlotKind uint8

// The kinds of slots; two of them are texts.
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

// Entry is a key with its value and metadata.
type Entry struct {
	DB  int
	Key []byte
	// ExpireAt is in milliseconds since 1970, 0 for none. (A 0 in a file is read
	// as 1, which has the same effect: the key has expired.)
	ExpireAt int64
	// Idle is the time since the last access in seconds, if HasIdle.
	Idle    int64
	HasIdle bool
	// Freq is the access counter, if HasFreq.
	Freq    uint8
	HasFreq bool
	Value   Value
}
