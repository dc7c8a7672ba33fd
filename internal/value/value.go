// Package value holds the Redis types: String, List, Set, ZSet, Hash, Stream;
// and Foreign, whose content is a type of another package (see Register).
//
// A type chooses its encoding from its content and the configured limits, and
// converts as the real server does, so that OBJECT ENCODING, DUMP and memory
// agree. It replies nothing, knows no clock and no keys. Reads on a nil value
// of a type behave as on an empty one: a missing key needs no special case.
//
// Values are copy-on-write. A value is either owned, by one key of one
// database, which may write it; or frozen: reached from several places and
// never written again. Thaw gives a writable second value of a frozen one in
// O(1), sharing all nodes until they are written. Who owns what is the
// keyspace's business; a value only has to keep its own nodes apart.
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
	typeForeign // the first type that is registered
)

// kinds are all types, by number.
var kinds = []Kind{
	TypeString: {"string", 0}, TypeList: {"list", 1}, TypeSet: {"set", 2}, TypeZSet: {"zset", 3}, TypeHash: {"hash", 4}, TypeStream: {"stream", 6},
}

// String returns the name that TYPE answers.
func (t Type) String() string { return kinds[t].Name }

// Number is what Redis calls the type in digests.
func (t Type) Number() int { return kinds[t].Number }

// Value is a value of any type.
type Value interface {
	// Type returns the type of the value.
	Type() Type
	// Encoding returns what OBJECT ENCODING answers.
	Encoding() string
	// Empty reports whether the key must go because nothing is left in it.
	Empty() bool
	// Thaw returns a writable value of the same content in O(1); the receiver
	// is only read, and must not be written from then on.
	Thaw() Value
	// MemoryUse returns about how many bytes the value takes, in time that does
	// not grow with the number of elements.
	MemoryUse() int

	head() *Head
}

// Expirer is a value whose elements expire on their own: a hash with field
// TTLs. Times are in milliseconds since 1970.
type Expirer interface {
	Value
	// NextExpiry returns when the next element expires, 0 if none does.
	NextExpiry() int64
	// Expire removes the elements whose time is not after now and calls yield
	// for each. The value must be writable.
	Expire(now int64, yield func(element []byte))
	// Remove removes an element, if it is there. The value must be writable.
	Remove(element []byte) bool
}

// Limits are the configured bounds of the compact encodings, under the names
// of their directives.
type Limits struct {
	// Seed is for the hash tables that values convert to: strangers must not be
	// able to choose elements that collide.
	Seed uint64

	// ListPlainFrom is the length from which on an element of a quicklist is a
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
	StreamIDMPMaxSize      int // of a producer
}
