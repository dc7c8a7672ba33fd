package spec

import "testing"

func TestSyntax(t *testing.T) {
	for name, want := range map[string]string{
		"get":               "key",
		"ping":              "[message]",
		"del":               "key [key ...]",
		"set":               "key value [NX | XX | IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | IFDNE ifdne-digest] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
		"hset":              "key field value [field value ...]",
		"zadd":              "key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]",
		"sort":              "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA] [STORE destination]",
		"lmove":             "source destination <LEFT | RIGHT> <LEFT | RIGHT>",
		"xread":             "[COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]",
		"bitfield_ro":       "key [GET encoding offset [GET encoding offset ...]]",
		"command|list":      "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
		"client|no-evict":   "<ON | OFF>",
		"client|list":       "[TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]",
		"migrate":           `host port <key | ""> destination-db timeout [COPY] [REPLACE] [AUTH password | AUTH2 username password] [KEYS key [key ...]]`,
		"xgroup|create":     "key group <id | $> [MKSTREAM] [ENTRIESREAD entries-read]",
		"config|set":        "parameter value [parameter value ...]",
		"zunionstore":       "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX | COUNT>]",
		"geosearch":         "key <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius <M | KM | FT | MI> | BYBOX width height <M | KM | FT | MI>> [ASC | DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]",
		"cluster|addslots":  "slot [slot ...]",
		"replicaof":         "<host port | NO ONE>",
		"memory|usage":      "key [SAMPLES count]",
		"command|getkeys":   "command [arg [arg ...]]",
		"client|unblock":    "client-id [TIMEOUT | ERROR]",
		"object|encoding":   "key",
		"slowlog|get":       "[count]",
		"function|restore":  "serialized-value [FLUSH | APPEND | REPLACE]",
		"latency|histogram": "[command [command ...]]",
	} {
		if got := Find(name).Syntax(); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
}
