// Package value holds the Redis types String, List, Set, ZSet, Hash and
// Stream, and Foreign, whose content is a type of another package (see
// Register).
//
// A type chooses its encoding from its content and the configured limits, and
// converts as the real server does, so that OBJECT ENCODING, DUMP and memory
// agree. It formats no replies and knows neither a clock nor keys. A nil value
// reads as an empty one, so a missing key needs no special case.
//
// Values are copy-on-write. A value is either owned by one key of one
// database, which may write it, or frozen: reachable from several places and
// never written again. Thaw returns a writable copy of a frozen value in O(1);
// both share all nodes until one writes them. The keyspace keeps track of the
// owners; a value only keeps its own nodes apart.
//
// Nothing here is safe for concurrent use, except that any number of
// goroutines may read and Thaw a frozen value.
package value

// Type is the type of a value as TYPE names it.
type Type uint8

// The types of values.
const (
	TypeString Type = iota
	TypeList
	TypeSet
	TypeZSet
	TypeHash
	TypeStream
	typeForeign // the first registered type
)

// kinds are all types, by number.
var kinds = []Kind{
	TypeString: {"string", 0}, TypeList: {"list", 1}, TypeSet: {"set", 2}, TypeZSet: {"zset", 3}, TypeHash: {"hash", 4}, TypeStream: {"stream", 6},
}

// String returns the reply of TYPE.
func (t Type) String() string { return kinds[t].Name }

// Number returns Redis's number of the type, for digests.
func (t Type) Number() int { return kinds[t].Number }

// Value is a value of any type.
type Value interface {
	// Type returns the type of the value.
	Type() Type
	// Encoding returns the reply of OBJECT ENCODING.
	Encoding() string
	// Empty reports whether nothing is left, so that the key must be deleted.
	Empty() bool
	// Thaw returns a writable value with the same content in O(1). It only reads
	// the receiver, which must never be written again.
	Thaw() Value
	// MemoryUse returns the approximate size in bytes. It takes constant time,
	// whatever the number of elements.
	MemoryUse() int

	head() *Head
}

// Expirer is a value whose elements have expiry times: a hash with field TTLs.
// Times are in milliseconds since 1970.
type Expirer interface {
	Value
	// NextExpiry returns the earliest expiry time of an element, 0 if none has
	// one.
	NextExpiry() int64
	// Expire removes the elements that have expired at now and calls yield for
	// each. The value must be writable.
	Expire(now int64, yield func(element []byte))
	// Remove removes an element if it exists. The value must be writable.
	Remove(element []byte) bool
}

// Limits are the configured limits of the compact encodings, named after their
// directives.
type Limits struct {
	// Seed is the seed of hash tables that values convert to. It must be secret,
	// so that clients can't choose colliding elements.
	Seed uint64

	// ListPlainFrom is the length from which an element of a quicklist gets a
	// node of its own; 0 derives it from ListMaxListpackSize.
	ListPlainFrom int

	ListMaxListpackSize    int // entries, or -1 to -5: 4 to 64 KB a node
	HashMaxListpackEntries int
	HashMaxListpackValue   int
	SetMaxIntsetEntries    int
	SetMaxListpackEntries  int
	SetMaxListpackValue    int
	ZSetMaxListpackEntries int
	ZSetMaxListpackValue   int
	StreamNodeMaxBytes     int
	StreamNodeMaxEntries   int
	HLLSparseMaxBytes      int
	StreamIDMPDuration     int // seconds
	StreamIDMPMaxSize      int // per producer
}
