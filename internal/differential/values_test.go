package differential

import "strings"

// The pools are small so that values coincide, and contain the limits of each type.
// A value that stands twice is chosen twice as often.

// keys by the group of the command that most likely uses them.
var keys = map[string][]string{
	"string":      {"s1", "s2", "n1", "n2"},
	"bitmap":      {"b1", "b2", "s1"},
	"hyperloglog": {"p1", "p2", "p3"},
	"list":        {"l1", "l2", "l3"},
	"hash":        {"h1", "h2"},
	"set":         {"e1", "e2", "e3"},
	"sorted-set":  {"z1", "z2", "z3", "z1", "z2", "z3", "e1"},
	"geo":         {"g1", "g2", "g1", "g2", "g1", "g2", "wrong"}, // other scores are no positions, and their conversion to integers is undefined
	"lexical":     {"y1", "y2", "y1", "y2", "wrong", "nosuch"},   // sorted sets with equal scores, for ranges of members
	"stream":      {"x1", "x2", "x1", "x2", future},
	"array":       {"a1", "a2", "a1", "a2", "a3"},
}

var anyKey = []string{"s1", "n1", "b1", "p1", "l1", "l2", "h1", "h2", "e1", "e2", "z1", "z2", "g1", "x1", "x2", "a1", "m1", "m2", ""}

// future is a stream whose last id is far in the future. There IDs that XADD
// makes up are the same everywhere, and what producers have sent is not
// forgotten.
const future = "xf"

const tiny = "4.9e-324"

var oddKeys = []string{"ключ", "a key", "\x00\xff", "\r\n", "{s1}", "*", strings.Repeat("long", 40)}

var (
	members = []string{"a", "b", "c", "d", "a", "b", "c", "1", "2", "-5", "10", "abc", "foo", "", "0", "3.5", "Sicily",
		"member-of-some-length-beyond-the-small-ones", "q\x00\xff\r\n", "日本", "9223372036854775807", "007"}
	fields   = []string{"f1", "f2", "f3", "f1", "f2", "f3", "a", "1", "", "f\x00", "é", "a field of more than the sixty-four bytes that fit into small hashes"}
	elements = []string{"a", "b", "c", "1", "2", "3", "-1", "10", "1.5", "abc", "", "hello world", "naïve", "\xff\xfe", "9223372036854775807", "32768",
		"an element that is longer than sixty-four bytes, so that it is stored in another way"}
	values = []string{"1", "10", "0", "-1", "abc", "", "3.0", "hello", "9223372036854775807", "-9223372036854775808", "1e3", " 1", "01", "+1", "foobar",
		"a value that is longer than forty-four bytes, so that it is stored in another way", "\x00\x80\xff", "ünïcödé", "9223372036854775808", "-0", "1e400", "0.1", "inf"}
	smallInts = []string{"0", "1", "2", "3", "-1", "-2", "5", "10", "-3", "100"}
	edgeInts  = []string{"9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809", "2147483647", "2147483648",
		"-2147483648", "-2147483649", "4294967295", "4294967296", "-9223372036854775807", "18446744073709551615", "18446744073709551616"}
	notInts   = []string{"1.5", "abc", "", " 1", "1 ", "+1", "01", "-0", "0x10", "1e3", "nan", "inf"}
	doubles   = []string{"1", "2", "0", "-1", "3.0", "0.1", "1.5", "-2.5", "10", "100", "1e3"}
	edgeFloat = []string{"inf", "-inf", "+inf", "nan", "1e308", "-1e308", "1e400", tiny, "0x10", "-0", "1e-7", "3.14159265358979323846", "9007199254740993",
		"123456789012345680", "1e21", "infinity", " 1", "1 ", "", "abc", "1e", ".5", "5."}
	scores    = []string{"1", "2", "3", "(1", "(2", "-inf", "+inf", "inf", "(inf", "0", "1.5", "(1.5", "-1", "10"}
	lexes     = []string{"-", "+", "[a", "(a", "[b", "[c", "(d", "[abc", "[", "(", "a", ""}
	offsets   = []string{"0", "1", "7", "8", "9", "63", "64", "100", "1000", "-1"}
	bitpos    = []string{"0", "1", "7", "8", "#0", "#1", "#3", "100", "-1", "#-1", "abc", "4294967296", "9223372036854775807", "#9223372036854775807"}
	bittypes  = []string{"u8", "i8", "u1", "i1", "u4", "i5", "u63", "i64", "u32", "i16", "u64", "i65", "u0", "x8", "u", ""}
	streamID  = []string{"1-1", "2-1", "2-2", "3-0", "5-5", "1", "2", "3", "4-1", "6-1", "0-0", "0", "0-1", "100-1", "18446744073709551615-18446744073709551615", "18446744073709551615", "1-18446744073709551615", "abc", "1-", "-1", "1-x", "", "01-01"}
	addIDs    = []string{"1-1", "2-1", "2-2", "3-0", "5-5", "1-*", "2-*", "3-*", "5-*", "6-*", "7-*", "8-1", "9-1", "10-1", "10-*", "11-*", "0-0", "0-*", "18446744073709551615-*", "18446744073709551615-18446744073709551615", "abc", "*-1", "1-*-2", "100-1", "12-1", "13-1", "14-1"}
	futureIDs = []string{"9999999999999-1", "9999999999999-2", "9999999999999-3", "9999999999999-4", "9999999999999-5", "9999999999998-1"}
	producers = []string{"p1", "p1", "p2", "a producer", ""}
	messages  = []string{"m1", "m2", "m1", "m2", "m3", "message\x00\xff", ""}
	digests   = []string{"65cd25028f98f158", "d0698444ed39c832", "78AF5F94892F3950", "78af5f94892f3950", "d78fda63144c5c84", "2d06800538d394c2", "abc", "", "0000000000000000", "notahexadecimal!", "b6acb9d84a38ff741"}
	indexes   = []string{"0", "1", "2", "3", "4", "5", "7", "10", "100", "4095", "4096", "8191", "12345", "100000"}
	edgeIndex = []string{"1048576", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551614", "18446744073709551615", "18446744073709551616", "-1", "abc", "", " 1", "01", "+1", "1.5"}
	regexps   = []string{"a", "^a", "b$", "[0-9]+", "^[0-9.]+$", "a|b", "(a|1)(b|0)?", ".*", "h.llo", "[[:alpha:]]", "\\.", "a{2}", "a{2", "(", "[", "*", "\\1", "(a)\\1", "", "^$", "x*"}
	readIDs   = []string{"0", "0", "1-1", "$", ">", "2-2", "0-0", "5", "+", "-", "abc"}
	rangeIDs  = []string{"-", "+", "-", "+", "1", "2-1", "(1-1", "(2", "5-5", "(-", "(+", "0", "(18446744073709551615-18446744073709551615", "abc", "$"}
	groups    = []string{"gr", "gr", "gr", "gr2", "nosuch", ""}
	clients   = []string{"c1", "c1", "c2", "c3", ""}
	patterns  = []string{"*", "*", "a*", "f?", "[a-c]*", "\\*", "h[^1]", "", "nosuch", "*1", "[", "[a"}
	sortBy    = []string{"nosort", "s*", "h1->*", "h*->f1", "*", "n*", "#", "s1", "*->", "->f1", "h*->"}
	databases = []string{"0", "1", "0", "1", "15", "16", "-1", "abc", "99999999999"}
	// Distant times, so that nothing expires between two commands.
	seconds  = []string{"10000", "20000", "1000000", "10000", "20000", "0", "-1", "-9223372036854775808", "9223372036854775807", "9223372036854775", "9223370400000000", "1.5", "abc", "", "1099511627776"}
	millis   = []string{"10000000", "20000000", "1000000000", "10000000", "20000000", "0", "-1", "-9223372036854775808", "9223372036854775807", "9223370400000000000", "1.5", "abc", "", "281474976710656"}
	unixSecs = []string{"9999999999", "9999999998", "0", "1", "-1", "9223372036854775807", "9223372036854775", "9223372036854776", "abc", "-9223372036854775808", "281474976711"}
	unixMs   = []string{"9999999999000", "9999999998001", "0", "1", "-1", "9223372036854775807", "abc", "-9223372036854775808", "281474976710655", "281474976710656"}
	timeouts = []string{"0.01", "0.005", "0.01", "-1", "abc", "", "nan", "inf", "1e400", "1e-3", "0x0.1p-4", "9223372036854775807"}
	idles    = []string{"0", "0", "1000000", "9223372036854775807", "-1", "abc"}
	junk     = []string{"", "abc", "-1", "0", "1", "1.5", "nan", "\x00\xff", " 1", "9223372036854775808", "NX", "XX", "COUNT", "LIMIT", "WITHSCORES", "*", "FIELDS", "a\r\nb"}
	scripts  = []string{"return 1", "return {1,2,'x',{3}}", "return redis.call('GET',KEYS[1])", "return redis.pcall('INCR',KEYS[1])", "return redis.call('nosuch')",
		"return {KEYS,ARGV}", "return redis.error_reply('MY err')", "return redis.status_reply('fine')", "return 3.99", "return nil", "return true", "return false",
		"redis.call('SET',KEYS[1],ARGV[1]) return redis.call('TYPE',KEYS[1])", "return redis.call('LRANGE',KEYS[1],0,-1)", "syntax error", "error('x')", "return tonumber('x') + 1", "return tostring(1e15) .. tostring(0.1) .. tostring(-0)", "return redis.sha1hex(ARGV[1] or '')",
		"return cjson.encode({1, 'a', {b = 0.5}, false})", "return cjson.decode(ARGV[1] or '[1,2]')", "return {1, nil, 3}", "return {double = 1.5}", "return {map = {a = 1}}", "redis.setresp(3) return {map = {a = 1}}",
		"return string.format('%5.2f %d %s', 3.14159, 42, 'x')", "return #ARGV + #KEYS", "local t = {} for i = 1, 5 do t[i] = i * i end return t", "return redis.call('SET', KEYS[1], 1, 'GET')",
		"return redis.error_reply('no code')", "return {err = 'ERR mine'}", "return {ok = 'fine'}", "return redis.log(redis.LOG_DEBUG, 'x')", "return pcall(redis.call, 'nosuch')", "return select('#', unpack(ARGV))",
		"return 2^53", "return -1.5", "return 1/0", "return 'a\\0b'", "return bit.band(255, 15)", "return string.byte(cmsgpack.pack({1, 2}), 1, -1)", "return struct.unpack('>I2', struct.pack('>I2', 300))", "nosuch = 1", "return nosuch"}
)

// pools by the name of an argument; "command/name" wins over "name".
var pools = map[string][][]string{
	"field":                  {fields},
	"member":                 {members},
	"member1":                {members},
	"member2":                {members},
	"element":                {elements},
	"pivot":                  {elements},
	"value":                  {values},
	"setbit/value":           {{"0", "1", "0", "1", "2", "-1", "abc", ""}},
	"bitfield/value":         {smallInts, edgeInts, notInts},
	"hset/value":             {values},
	"message":                {elements},
	"score":                  {doubles, doubles, edgeFloat},
	"increment":              {smallInts, edgeInts, notInts, doubles},
	"incrbyfloat/increment":  {doubles, edgeFloat},
	"hincrbyfloat/increment": {doubles, edgeFloat},
	"zincrby/increment":      {doubles, edgeFloat},
	"decrement":              {smallInts, edgeInts, notInts},
	"weight":                 {doubles, edgeFloat},
	"min":                    {scores, scores, edgeFloat},
	"max":                    {scores, scores, edgeFloat},
	"zlexcount/min":          {lexes}, "zlexcount/max": {lexes},
	"zrangebylex/min": {lexes}, "zrangebylex/max": {lexes},
	"zrevrangebylex/min": {lexes}, "zrevrangebylex/max": {lexes},
	"zremrangebylex/min": {lexes}, "zremrangebylex/max": {lexes},
	"zrange/start": {smallInts, scores, lexes}, "zrange/stop": {smallInts, scores, lexes},
	"zrangestore/min": {smallInts, scores, lexes}, "zrangestore/max": {smallInts, scores, lexes},
	"offset":             {offsets},
	"setrange/offset":    {offsets, {"9223372036854775807", "536870912", "4294967296", "abc"}},
	"setbit/offset":      {offsets, {"4294967296", "9223372036854775807", "abc", ""}},
	"getbit/offset":      {offsets, edgeInts, {"abc"}},
	"bitfield/offset":    {bitpos},
	"bitfield_ro/offset": {bitpos},
	"encoding":           {bittypes},
	"bit":                {{"0", "1", "0", "1", "2", "-1", "abc"}},
	"longitude":          {{"13.361389", "15.087269", "0", "-180", "180", "180.1", "-122.4", "2.35", "179.9999", "abc", "nan", "inf"}},
	"latitude":           {{"38.115556", "37.502669", "0", "85.05112878", "-85.05112878", "86", "48.85", "37.8", "abc", ""}},
	"radius":             {{"200", "0", "1", "1000", "10000", "25000", "-1", "abc", "inf", "1e9"}},
	"width":              {{"400", "0", "1", "1000", "30000", "-1", "abc"}},
	"height":             {{"400", "0", "1", "1000", "30000", "-1", "abc"}},
	"cursor":             {{"0", "0", "0", "0", "0", "0", "0", "0", "abc", "", "-1", " 0", "1.5", "18446744073709551616", "9223372036854775808", "18446744073709551615"}},
	"db":                 {databases}, "destination-db": {databases}, "index1": {databases}, "index2": {databases}, "select/index": {databases},
	"seconds": {seconds}, "milliseconds": {millis},
	"unix-time-seconds": {unixSecs}, "unix-time-milliseconds": {unixMs},
	"ttl":                     {millis},
	"timeout":                 {timeouts},
	"xread/milliseconds":      {{"5", "1", "-1", "abc", "9223372036854775807"}},
	"xreadgroup/milliseconds": {{"5", "1", "-1", "abc", "9223372036854775807"}},
	"min-idle-time":           {idles},
	"ms":                      {{"0", "100000", "-1", "abc", "9223372036854775807"}},
	"id":                      {streamID},
	"xread/id":                {readIDs},
	"xreadgroup/id":           {readIDs, {">", ">", ">", ">", ">", ">"}},
	"xgroup|create/id":        {{"0", "$", "1-1", "2", "abc", "-", "0-0"}},
	"xgroup|setid/id":         {{"0", "$", "1-1", "2", "abc", "-"}},
	"last-id":                 {streamID}, "lastid": {streamID}, "max-deleted-id": {streamID},
	"xpending/start": {rangeIDs}, "xpending/end": {rangeIDs},
	"xrange/start": {rangeIDs}, "xrange/end": {rangeIDs},
	"xrevrange/start": {rangeIDs}, "xrevrange/end": {rangeIDs},
	"xautoclaim/start": {{"0", "0-0", "-", "1-1", "(1-1", "2", "abc", "+"}},
	"threshold":        {{"0", "1", "2", "3", "10", "-1", "2-1", "3", "abc", "5-0", "9223372036854775807"}},
	"group":            {groups}, "consumer": {clients},
	"xread/group": {groups},
	"pattern":     {patterns},
	"by-pattern":  {sortBy}, "get-pattern": {sortBy},
	"type":    {{"string", "list", "hash", "zset", "set", "stream", "foo", "STRING", ""}},
	"channel": {{"ch1", "ch2", ""}}, "shardchannel": {{"ch1", "ch2"}},
	"script":           {scripts},
	"sha1":             {{"e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "abc", "", "ffffffffffffffffffffffffffffffffffffffff", "E0E1F9FABFC9D4800C877A703B823AC0578FF8DB"}},
	"serialized-value": {{"", "abc", "\x00\x03abc\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x00"}},
	"subcommand":       {{"ENCODING", "ENCODING", "GETREG", "TODENSE", "DECODE", "foo", ""}},
	"host":             {{"127.0.0.1"}},
	"port":             {{"1", "1", "1", "0", "-1", "abc", "", "65536"}}, // nobody listens there
	"migrate/timeout":  {{"1000", "0", "-1", "abc", "", "1.5", "9223372036854775808"}},
	"connection-name":  {{"name", "bad name", "", "x\n"}},
	"libname":          {{"lib", "bad lib", ""}}, "libver": {{"1.0", "bad ver"}},
	"username": {{"default", "nosuch"}}, "password": {{"", "secret"}},
	"pid": {producers}, "iid": {messages},
	"xidmprecord/stream-id": {futureIDs, streamID},
	"xadd/id":               {addIDs},
	"idmp-duration":         {{"100", "60", "86400", "0", "86401", "-1", "abc", ""}},
	"idmp-maxsize":          {{"1", "2", "100", "10000", "0", "10001", "-1", "abc"}},
	"ifeq-value":            {values}, "ifne-value": {values},
	"ifdeq-digest": {digests}, "ifdne-digest": {digests},
	"lowerbound": {smallInts, doubles, edgeInts, edgeFloat}, "upperbound": {smallInts, doubles, edgeInts, edgeFloat},
	"index": {indexes, indexes, edgeIndex}, "arseek/index": {indexes, edgeIndex},
	"argetrange/start": {indexes[:9], indexes, edgeIndex}, "argetrange/end": {indexes[:9], indexes, edgeIndex},
	"ardelrange/start": {indexes, edgeIndex}, "ardelrange/end": {indexes, edgeIndex},
	"arop/start": {indexes, edgeIndex}, "arop/end": {indexes, edgeIndex},
	"arscan/start": {indexes, edgeIndex}, "arscan/end": {indexes, edgeIndex},
	"argrep/start": {{"-", "0", "-", "1", "10"}, indexes, edgeIndex}, "argrep/end": {{"+", "10", "+", "100000", "0"}, indexes, edgeIndex},
	"argrep/string": {elements, values, {"A", "ABC", "l", "LL"}}, "argrep/pattern": {regexps, patterns},
	"arring/size": {{"1", "2", "3", "5", "10", "100", "0", "-1", "abc", "9223372036854775807", "1.5"}},
	"arset/value": {values, elements, doubles, edgeFloat}, "armset/value": {values, elements, doubles, edgeFloat},
	"arinsert/value": {values, elements, doubles, edgeFloat}, "arring/value": {values, elements, doubles, edgeFloat},
	"frequency":   {{"0", "255", "256", "-1"}},
	"numreplicas": {{"0", "1", "-1", "abc"}}, "numlocal": {{"0", "1", "2", "-1"}},
	"entriesread": {smallInts, edgeInts, notInts}, "entries-added": {smallInts, edgeInts, notInts},
}
