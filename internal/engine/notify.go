package engine

import "strconv"

// Classes of keyspace events, as notify-keyspace-events spells them.
const (
	NotifyKeyspace uint32 = 1 << iota // K
	NotifyKeyevent                    // E
	NotifyGeneric                     // g
	NotifyString                      // $
	NotifyList                        // l
	NotifySet                         // s
	NotifyHash                        // h
	NotifyZSet                        // z
	NotifyExpired                     // x
	NotifyEvicted                     // e
	NotifyStream                      // t
	NotifyKeyMiss                     // m, not in A
	NotifyNew                         // n, not in A
	NotifyModule                      // d
	NotifyArray                       // a, of Redis 8.8
)

// eventClasses says which class an event belongs to.
var eventClasses = map[string]uint32{
	"del": NotifyGeneric, "rename_from": NotifyGeneric, "rename_to": NotifyGeneric, "move_from": NotifyGeneric,
	"move_to": NotifyGeneric, "copy_to": NotifyGeneric, "restore": NotifyGeneric, "expire": NotifyGeneric,
	"persist": NotifyGeneric,
	"set":     NotifyString, "setrange": NotifyString, "append": NotifyString, "incrby": NotifyString,
	"incrbyfloat": NotifyString, "setbit": NotifyString, "pfadd": NotifyString,
	"lpush": NotifyList, "rpush": NotifyList, "lpop": NotifyList, "rpop": NotifyList, "linsert": NotifyList,
	"lset": NotifyList, "lrem": NotifyList, "ltrim": NotifyList, "sortstore": NotifyList,
	"sadd": NotifySet, "srem": NotifySet, "spop": NotifySet, "sinterstore": NotifySet, "sunionstore": NotifySet,
	"sdiffstore": NotifySet,
	"hset":       NotifyHash, "hincrby": NotifyHash, "hincrbyfloat": NotifyHash, "hdel": NotifyHash, "hexpire": NotifyHash,
	"hexpired": NotifyHash, "hpersist": NotifyHash,
	"zadd": NotifyZSet, "zincr": NotifyZSet, "zrem": NotifyZSet, "zremrangebyrank": NotifyZSet,
	"zremrangebyscore": NotifyZSet, "zremrangebylex": NotifyZSet, "zpopmin": NotifyZSet, "zpopmax": NotifyZSet,
	"zinterstore": NotifyZSet, "zunionstore": NotifyZSet, "zdiffstore": NotifyZSet, "zrangestore": NotifyZSet,
	"geosearchstore": NotifyZSet, "georadiusstore": NotifyZSet,
	"xadd": NotifyStream, "xdel": NotifyStream, "xtrim": NotifyStream, "xsetid": NotifyStream,
	"xgroup-create": NotifyStream, "xgroup-createconsumer": NotifyStream, "xgroup-delconsumer": NotifyStream,
	"xgroup-destroy": NotifyStream, "xgroup-setid": NotifyStream,
	"arset": NotifyArray, "armset": NotifyArray, "ardel": NotifyArray, "ardelrange": NotifyArray, "arinsert": NotifyArray,
	"arring": NotifyArray, "arseek": NotifyArray,
	"expired": NotifyExpired, "evicted": NotifyEvicted, "keymiss": NotifyKeyMiss, "new": NotifyNew,
}

func eventClass(event string) uint32 { return eventClasses[event] }

func eventChannel(prefix string, db int, name []byte) []byte {
	b := strconv.AppendInt([]byte(prefix), int64(db), 10)
	b = append(b, "__:"...)
	return append(b, name...)
}
