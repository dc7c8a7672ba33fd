// Package event has the keyspace events and their classes.
package event

// Class is a set of event classes, such as the value of the setting
// notify-keyspace-events.
type Class uint32

// The classes. The first two say where events are published.
const (
	Keyspace         Class = 1 << iota // K: to the channel of the key
	Keyevent                           // E: to the channel of the event
	ClassGeneric                       // g
	ClassString                        // $
	ClassList                          // l
	ClassSet                           // s
	ClassHash                          // h
	ClassZSet                          // z
	ClassExpired                       // x
	ClassEvicted                       // e
	ClassStream                        // t
	ClassKeyMiss                       // m, not in A
	ClassNew                           // n, not in A
	ClassModule                        // d
	ClassArray                         // a, of Redis 8.8
	ClassOverwritten                   // o, of Redis 8.2, not in A
	ClassTypeChanged                   // c, of Redis 8.2, not in A

	// Of Redis 8.8, for events about elements of a value (subkeys), where they are
	// published:
	Elementspace      // S: to the channel of the key
	Elementevent      // T: to the channel of the event
	ElementspaceItem  // I: to a channel for each element
	ElementspaceEvent // V: to the channel of the event and the key

	ToElements = Elementspace | Elementevent | ElementspaceItem | ElementspaceEvent
)

// Letters has the letter of each class; its index is the bit of the class.
const Letters = "KEg$lshzxetmndaocSTIV"

// Event is a kind of keyspace event. The zero Event is none.
type Event struct {
	name  string
	class Class
}

var known = map[string]bool{}

// New returns an event of a class. It is for package variables, so that all events
// are known when the program starts. It panics if a name is taken.
func New(name string, class Class) Event {
	if known[name] {
		panic("event: two events are called " + name)
	}
	known[name] = true
	return Event{name, class}
}

// String returns the name that clients get.
func (e Event) String() string { return e.name }

// In reports whether the event belongs to one of the classes.
func (e Event) In(classes Class) bool { return e.class&classes != 0 }

// None is no event, for changes that send none.
var None Event

// The events.
var (
	Del        = New("del", ClassGeneric)
	RenameFrom = New("rename_from", ClassGeneric)
	RenameTo   = New("rename_to", ClassGeneric)
	MoveFrom   = New("move_from", ClassGeneric)
	MoveTo     = New("move_to", ClassGeneric)
	CopyTo     = New("copy_to", ClassGeneric)
	Restore    = New("restore", ClassGeneric)
	Expire     = New("expire", ClassGeneric)
	Persist    = New("persist", ClassGeneric)

	Set         = New("set", ClassString)
	SetRange    = New("setrange", ClassString)
	Append      = New("append", ClassString)
	IncrBy      = New("incrby", ClassString)
	IncrByFloat = New("incrbyfloat", ClassString)
	SetBit      = New("setbit", ClassString)
	PFAdd       = New("pfadd", ClassString)

	LPush     = New("lpush", ClassList)
	RPush     = New("rpush", ClassList)
	LPop      = New("lpop", ClassList)
	RPop      = New("rpop", ClassList)
	LInsert   = New("linsert", ClassList)
	LSet      = New("lset", ClassList)
	LRem      = New("lrem", ClassList)
	LTrim     = New("ltrim", ClassList)
	SortStore = New("sortstore", ClassList)

	SAdd        = New("sadd", ClassSet)
	SRem        = New("srem", ClassSet)
	SPop        = New("spop", ClassSet)
	SInterStore = New("sinterstore", ClassSet)
	SUnionStore = New("sunionstore", ClassSet)
	SDiffStore  = New("sdiffstore", ClassSet)

	HSet         = New("hset", ClassHash)
	HIncrBy      = New("hincrby", ClassHash)
	HIncrByFloat = New("hincrbyfloat", ClassHash)
	HDel         = New("hdel", ClassHash)
	HExpire      = New("hexpire", ClassHash)
	HExpired     = New("hexpired", ClassHash)
	HPersist     = New("hpersist", ClassHash)

	ZAdd             = New("zadd", ClassZSet)
	ZIncr            = New("zincr", ClassZSet)
	ZRem             = New("zrem", ClassZSet)
	ZRemRangeByRank  = New("zremrangebyrank", ClassZSet)
	ZRemRangeByScore = New("zremrangebyscore", ClassZSet)
	ZRemRangeByLex   = New("zremrangebylex", ClassZSet)
	ZPopMin          = New("zpopmin", ClassZSet)
	ZPopMax          = New("zpopmax", ClassZSet)
	ZInterStore      = New("zinterstore", ClassZSet)
	ZUnionStore      = New("zunionstore", ClassZSet)
	ZDiffStore       = New("zdiffstore", ClassZSet)
	ZRangeStore      = New("zrangestore", ClassZSet)
	GeoSearchStore   = New("geosearchstore", ClassZSet)
	GeoRadiusStore   = New("georadiusstore", ClassZSet)

	XAdd                 = New("xadd", ClassStream)
	XDel                 = New("xdel", ClassStream)
	XTrim                = New("xtrim", ClassStream)
	XSetID               = New("xsetid", ClassStream)
	XGroupCreate         = New("xgroup-create", ClassStream)
	XGroupCreateConsumer = New("xgroup-createconsumer", ClassStream)
	XGroupDelConsumer    = New("xgroup-delconsumer", ClassStream)
	XGroupDestroy        = New("xgroup-destroy", ClassStream)
	XGroupSetID          = New("xgroup-setid", ClassStream)

	KeyExpired = New("expired", ClassExpired)

	KeyEvicted = New("evicted", ClassEvicted)

	KeyMissed = New("keymiss", ClassKeyMiss)

	KeyNew = New("new", ClassNew)

	KeyOverwritten = New("overwritten", ClassOverwritten)

	KeyTypeChanged = New("type_changed", ClassTypeChanged)
)
