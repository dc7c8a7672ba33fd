package respserver_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/resp"
)

// effect shows that a setting changes something: with the value a, a user sees
// something else than with b.
type effect struct {
	a, b   string
	config []string // more lines
	see    func(t *testing.T, u *user) any
	// slow uses a clock on which everything takes long.
	slow bool
	// test names another test that shows the effect, instead of the other fields.
	test string
}

// user is a client of a server.
type user struct {
	*respserver.Server
	clock *respserver.ManualClock
	level *slog.LevelVar
	value string
	dir   string
	ask   asker
}

// say sends the command in a line.
func (u *user) say(line string) resp.Reply { return u.ask(strings.Fields(line)...) }

// field returns a field of INFO.
func (u *user) field(name string) string {
	m := regexp.MustCompile(`(?m)^` + name + `:(.*?)\r?$`).FindStringSubmatch(u.say("INFO everything").Str)
	if m == nil {
		return "none"
	}
	return m[1]
}

// raw sends bytes on a connection of its own. It returns the first line of the
// reply, and whether the connection stayed open to the end.
func (u *user) raw(t *testing.T, text string) string {
	c, err := u.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go io.WriteString(c, text+"QUIT\r\n") // may fail if the server closes the connection
	all, _ := io.ReadAll(c)
	first, _, _ := bytes.Cut(all, []byte("\r\n"))
	return fmt.Sprintf("%s, all: %v", first, bytes.HasSuffix(all, []byte("+OK\r\n")))
}

// encoding returns the encoding of a key after a command.
func encoding(line string) func(*testing.T, *user) any {
	return func(t *testing.T, u *user) any {
		u.say(line)
		return u.say("OBJECT ENCODING k").Str
	}
}

// says returns the reply to the last of several commands.
func says(lines ...string) func(*testing.T, *user) any {
	return func(t *testing.T, u *user) any {
		var r resp.Reply
		for _, line := range lines {
			r = u.say(line)
		}
		return r.String()
	}
}

// shows returns a field of INFO after several commands.
func shows(field string, lines ...string) func(*testing.T, *user) any {
	return func(t *testing.T, u *user) any {
		for _, line := range lines {
			u.say(line)
		}
		return u.field(field)
	}
}

// slowest returns how the slow log shows a command.
func slowest(line string) func(*testing.T, *user) any {
	return func(t *testing.T, u *user) any {
		u.say(line)
		return u.say("SLOWLOG GET 1").Elems[0].Elems[3].String()
	}
}

// files returns the names and sizes of files in the directory after several
// commands.
func files(lines ...string) func(*testing.T, *user) any {
	return func(t *testing.T, u *user) any {
		for _, line := range lines {
			u.say(line)
		}
		entries, err := os.ReadDir(u.dir)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, e := range entries {
			info, err := e.Info()
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, fmt.Sprint(e.Name(), " ", info.Size()))
		}
		return strings.Join(all, ", ")
	}
}

// members has the words of a command that adds 65 members.
var members = func() string {
	var b strings.Builder
	for i := range 65 {
		fmt.Fprintf(&b, " m%d", i)
	}
	return b.String()
}()

const addSet = "SADD k"

// inCluster makes the server a cluster node.
var inCluster = []string{"cluster-enabled yes"}

// effects has an effect for each setting that has any. DIR stands for an existing
// directory.
var effects = map[string]effect{
	"aof-disable-auto-gc":            {test: "TestAppendSettings"},
	"aof-load-corrupt-tail-max-size": {test: "TestAppendSettings"},
	"aof-load-truncated":             {test: "TestAppendTruncated"},
	"aof-rewrite-incremental-fsync":  {test: "TestAppendSettings"},
	"aof-timestamp-enabled":          {test: "TestAppendSettings"},
	"aof-use-rdb-preamble":           {test: "TestAppendOnly"},
	"appenddirname":                  {test: "TestAppendSettings"},
	"appendfilename":                 {test: "TestAppendSettings"},
	"appendfsync":                    {test: "TestAppendOnly"},
	"appendonly":                     {test: "TestAppendOnly"},
	"auto-aof-rewrite-min-size":      {test: "TestAppendSettings"},
	"auto-aof-rewrite-percentage":    {test: "TestAppendSettings"},
	"no-appendfsync-on-rewrite":      {test: "TestAppendSettings"},
	"acl-pubsub-default":             {a: "resetchannels", b: "allchannels", see: says("ACL SETUSER u", "ACL GETUSER u")},
	"aclfile":                        {a: "", b: "DIR/users.acl", see: says("ACL SAVE")},
	"acllog-max-len":                 {a: "0", b: "9", see: says("AUTH no no", "ACL LOG")},
	"array-slice-size":               {a: "256", b: "512", see: says("ARSET k 0 v", "ARINFO k")},
	"array-sparse-kmax":              {a: "0", b: "9", see: says("ARSET k 0 v", "ARINFO k FULL")},
	"array-sparse-kmin":              {a: "1", b: "9", see: says("ARMSET k 0 a 10 a 20 a 30 a 40 a 50 a 60 a 70 a 80 a 90 a 100 a 110 a", "ARDEL k 0 10 20 30", "ARINFO k FULL")},
	"bind":                           {test: "TestConfigSetAddresses"},
	"busy-reply-threshold": {a: "0", b: "1", slow: true, see: func(t *testing.T, u *user) any {
		script := "for i=1,3e5 do end"
		if u.value == "1" {
			script = "while true do end"
		}
		c, err := u.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.Write(resp.AppendCommand(nil, "EVAL", script, "0"))
		for {
			switch r := u.say("PING").Str; {
			case u.value == "0":
				return r
			case strings.HasPrefix(r, "BUSY"):
				u.say("SCRIPT KILL")
				return r
			}
		}
	}},
	"client-output-buffer-limit": {a: "normal 0 0 0", b: "normal 100000 0 0", config: []string{"proto-max-bulk-len 10mb"}, see: func(t *testing.T, u *user) any {
		u.say("SETRANGE k 1000000 x")
		return u.raw(t, strings.Repeat("GET k\r\n", 9))
	}},
	"client-query-buffer-limit": {a: "1gb", b: "1mb", see: func(t *testing.T, u *user) any {
		part := "*2\r\n$4\r\nECHO\r\n$600000\r\n" + strings.Repeat("x", 600000) + "\r\n"
		u.raw(t, "MULTI\r\n"+part+part+"EXEC\r\n")
		return u.field("client_query_buffer_limit_disconnections")
	}},
	"cluster-allow-pubsubshard-when-down": {a: "yes", b: "no", config: inCluster, see: says("CLUSTER ADDSLOTSRANGE 0 16383", "SPUBLISH c m")},
	"cluster-allow-reads-when-down":       {a: "yes", b: "no", config: inCluster, see: says("CLUSTER ADDSLOTSRANGE 0 16383", "GET k")},
	"cluster-allow-replica-migration":     {test: "TestClusterSettings"},
	"cluster-announce-bus-port":           {a: "0", b: "5", config: inCluster, see: says("CLUSTER NODES")},
	"cluster-announce-hostname":           {a: "", b: "h", config: inCluster, see: says("CLUSTER SHARDS")},
	"cluster-announce-human-nodename":     {a: "", b: "h", config: append(inCluster, "dir DIR"), see: files("CLUSTER SAVECONFIG")},
	"cluster-announce-ip":                 {a: "", b: "10.0.0.1", config: inCluster, see: says("CLUSTER NODES")},
	"cluster-announce-port":               {a: "0", b: "5", config: inCluster, see: says("CLUSTER NODES")},
	"cluster-announce-tls-port":           {a: "0", b: "5", config: inCluster, see: says("CLUSTER SHARDS")},
	"cluster-config-file":                 {a: "a.conf", b: "b.conf", config: append(inCluster, "dir DIR"), see: files()},
	"cluster-enabled":                     {a: "no", b: "yes", see: says("ASKING")},
	"cluster-link-sendbuf-limit":          {test: "TestClusterSettings"},
	"cluster-migration-barrier":           {test: "TestClusterSettings"},
	"cluster-node-timeout": {a: "1000", b: "60000", config: inCluster, see: func(t *testing.T, u *user) any {
		u.say("CLUSTER MEET 127.0.0.1 1 1")
		u.clock.Advance(2 * time.Second) // forgets a node that does not reply
		return regexp.MustCompile("known_nodes:.").FindString(u.say("CLUSTER INFO").Str)
	}},
	"cluster-ping-interval":           {test: "TestClusterSettings"},
	"cluster-port":                    {test: "TestClusterSettings"},
	"cluster-preferred-endpoint-type": {a: "ip", b: "hostname", config: append(inCluster, "cluster-announce-hostname h"), see: says("CLUSTER SHARDS")},
	"cluster-replica-no-failover":     {a: "no", b: "yes", config: inCluster, see: says("CLUSTER NODES")},
	"cluster-replica-validity-factor": {test: "TestClusterSettings"},
	"cluster-require-full-coverage": {a: "yes", b: "no", config: inCluster, see: func(t *testing.T, u *user) any {
		u.say("CLUSTER ADDSLOTS 0")
		for range 80 {
			u.clock.Advance(100 * time.Millisecond)
		}
		return regexp.MustCompile("cluster_state:.*").FindString(u.say("CLUSTER INFO").Str)
	}},
	"cluster-slot-stats-enabled":       {a: "no", b: "net", config: inCluster, see: says("CLUSTER ADDSLOTSRANGE 0 16383", "CLUSTER SLOT-STATS SLOTSRANGE 0 0")},
	"commandlog-large-reply-max-len":   {a: "9", b: "0", config: []string{"commandlog-reply-larger-than 1"}, see: says("COMMANDLOG RESET large-reply", "PING", "COMMANDLOG LEN large-reply")},
	"commandlog-large-request-max-len": {a: "9", b: "0", config: []string{"commandlog-request-larger-than 1"}, see: says("COMMANDLOG RESET large-request", "PING", "COMMANDLOG LEN large-request")},
	"commandlog-reply-larger-than":     {a: "1", b: "-1", see: says("COMMANDLOG RESET large-reply", "PING", "COMMANDLOG LEN large-reply")},
	"commandlog-request-larger-than":   {a: "1", b: "-1", see: says("COMMANDLOG RESET large-request", "PING", "COMMANDLOG LEN large-request")},
	"databases":                        {a: "1", b: "2", see: says("SELECT 1")},
	"dbfilename":                       {a: "a.rdb", b: "b.rdb", config: []string{"dir DIR", "enable-protected-configs yes"}, see: files("SAVE")},
	"dir":                              {a: "", b: "DIR", config: []string{"enable-protected-configs yes"}, see: files("SAVE")},
	"enable-debug-command":             {a: "no", b: "yes", see: says("DEBUG JMAP")},
	"enable-module-command":            {a: "no", b: "yes", see: says("MODULE LOAD x")},
	"enable-protected-configs":         {a: "no", b: "yes", see: says("CONFIG SET dbfilename x")},
	"enable-testing-command":           {a: "no", b: "yes", see: says("TESTING CLOCK NOW")},
	"hash-max-listpack-entries":        {a: "1", b: "2", see: encoding("HSET k a 1 b 2")},
	"hash-max-listpack-value":          {a: "1", b: "2", see: encoding("HSET k a 12")},
	"hll-sparse-max-bytes":             {a: "0", b: "3000", see: says("PFADD k a b c", "STRLEN k")},
	"latency-monitor-threshold": {a: "0", b: "1", slow: true, see: func(t *testing.T, u *user) any {
		u.say("PING")
		return len(u.say("LATENCY LATEST").Elems) > 0
	}},
	"latency-tracking": {a: "no", b: "yes", see: says("PING", "LATENCY HISTOGRAM ping")},
	"latency-tracking-info-percentiles": {a: "50", b: "99", see: func(t *testing.T, u *user) any {
		u.say("PING")
		name, _, _ := strings.Cut(u.field("latency_percentiles_usec_ping"), "=")
		return name
	}},
	"lazyfree-lazy-eviction": {a: "no", b: "yes", config: []string{"set-max-listpack-entries 0", "maxmemory-policy allkeys-random"}, see: func(t *testing.T, u *user) any {
		u.say(addSet + members)
		u.say("CONFIG SET maxmemory 1")
		u.say("SET x y")
		return u.field("lazyfreed_objects")
	}},
	"lazyfree-lazy-expire": {a: "no", b: "yes", config: []string{"set-max-listpack-entries 0"}, see: func(t *testing.T, u *user) any {
		u.say(addSet + members)
		u.say("PEXPIRE k 10")
		u.clock.Advance(time.Second)
		return u.field("lazyfreed_objects")
	}},
	"lazyfree-lazy-server-del": {a: "no", b: "yes", config: []string{"set-max-listpack-entries 0"}, see: shows("lazyfreed_objects", addSet+members, "SET k v")},
	"lazyfree-lazy-user-del":   {a: "no", b: "yes", config: []string{"set-max-listpack-entries 0"}, see: shows("lazyfreed_objects", addSet+members, "DEL k")},
	"lazyfree-lazy-user-flush": {a: "no", b: "yes", config: []string{"set-max-listpack-entries 0"}, see: shows("lazyfreed_objects", addSet+members, "MULTI", "FLUSHALL", "EXEC")},
	"lfu-decay-time": {a: "1", b: "0", config: []string{"maxmemory-policy allkeys-lfu"}, see: func(t *testing.T, u *user) any {
		u.say("SET k v")
		u.clock.Advance(time.Hour)
		return u.say("OBJECT FREQ k").String()
	}},
	"lfu-log-factor": {a: "0", b: "100", config: []string{"maxmemory-policy allkeys-lfu"}, see: func(t *testing.T, u *user) any {
		u.say("SET k v")
		for range 50 {
			u.say("GET k")
		}
		return u.say("OBJECT FREQ k").String()
	}},
	"list-max-listpack-size": {a: "1", b: "2", see: encoding("RPUSH k a b")},
	"loglevel":               {a: "debug", b: "warning", see: func(t *testing.T, u *user) any { return u.level.Level() }},
	"maxclients":             {a: "1", b: "2", see: func(t *testing.T, u *user) any { return u.raw(t, "PING\r\n") }},
	"maxmemory":              {a: "0", b: "1", see: says("SET k v")},
	"maxmemory-clients": {a: "0", b: "1mb", see: func(t *testing.T, u *user) any {
		return u.raw(t, "*2\r\n$4\r\nECHO\r\n$2000000\r\n"+strings.Repeat("x", 2000000)+"\r\n")
	}},
	"maxmemory-eviction-tenacity": {a: "0", b: "100", slow: true, config: []string{"maxmemory-policy allkeys-random"}, see: func(t *testing.T, u *user) any {
		for i := range 1000 {
			u.say(fmt.Sprintf("SET key:%d v", i))
		}
		u.say("CONFIG SET maxmemory 1")
		return u.say("DBSIZE").String()
	}},
	"maxmemory-policy": {a: "noeviction", b: "allkeys-random", see: func(t *testing.T, u *user) any {
		for i := range 100 {
			u.say(fmt.Sprintf("SET key:%d v", i))
		}
		n, _ := strconv.Atoi(u.field("used_memory"))
		u.say(fmt.Sprintf("CONFIG SET maxmemory %d", n-1000))
		return u.say("SET k v").String()
	}},
	"maxmemory-samples": {a: "1", b: "64", config: []string{"maxmemory-policy allkeys-lru"}, see: func(t *testing.T, u *user) any {
		for i := range 200 {
			u.clock.Advance(time.Second)
			u.say(fmt.Sprintf("SET key:%d v", i))
		}
		n, _ := strconv.Atoi(u.field("used_memory"))
		u.say(fmt.Sprintf("CONFIG SET maxmemory %d", n-3000))
		u.say("SET k v")
		var gone []int
		for i := range 200 {
			if u.say(fmt.Sprintf("EXISTS key:%d", i)).String() == "0" {
				gone = append(gone, i)
			}
		}
		return fmt.Sprint(gone)
	}},
	"io-threads": {test: "TestIOThreads"},
	"mptcp":      {test: "TestSocketOptions"},
	"notify-keyspace-events": {a: "", b: "KA", see: func(t *testing.T, u *user) any {
		c, err := u.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		in := bufio.NewReader(c)
		until := func(text string) (all string) {
			for !strings.Contains(all, text) {
				line, err := in.ReadString('\n')
				if err != nil {
					t.Fatal(err)
				}
				all += line
			}
			return all
		}
		fmt.Fprint(c, "SUBSCRIBE __keyspace@0__:k\r\n")
		until(":1\r\n")
		u.say("SET k v")
		fmt.Fprint(c, "PING end\r\n")
		return strings.Contains(until("end\r\n"), "set")
	}},
	"oom-score-adj":        {test: "TestOOMScore"},
	"oom-score-adj-values": {test: "TestOOMScore"},
	"pidfile": {a: "", b: "DIR/pid", see: func(t *testing.T, u *user) any {
		_, err := os.Stat(filepath.Join(u.dir, "pid"))
		return err
	}},
	"port":                                  {test: "TestConfigSetAddresses"},
	"proto-max-bulk-len":                    {a: "1mb", b: "2mb", see: says("SETRANGE k 1500000 x")},
	"protected-mode":                        {test: "TestProtectedMode"},
	"inspector":                             {test: "TestInspector"},
	"key-load-delay":                        {test: "TestLoadingAtStart"},
	"loading-process-events-interval-bytes": {test: "TestLoadingAtStart"},
	"repl-diskless-load":                    {test: "TestReplicaLoads"},
	"rdb-key-save-delay": {a: "0", b: "1000000", config: []string{"dir DIR"}, see: func(t *testing.T, u *user) any {
		u.say("SET k v")
		u.say("BGSAVE")
		for n := 0; ; n++ {
			if u.field("rdb_bgsave_in_progress") == "0" {
				return "done"
			}
			if u.value != "0" && n > 20 {
				return "not done"
			}
		}
	}},
	"rdbchecksum": {a: "yes", b: "no", config: []string{"dir DIR"}, see: func(t *testing.T, u *user) any {
		u.say("SAVE")
		file, err := os.ReadFile(filepath.Join(u.dir, "dump.rdb"))
		if err != nil {
			t.Fatal(err)
		}
		return bytes.HasSuffix(file, make([]byte, 8))
	}},
	"rdbcompression": {a: "yes", b: "no", config: []string{"dir DIR"}, see: files("SETRANGE k 10000 x", "SAVE")},
	"requirepass":    {a: "", b: "x", see: func(t *testing.T, u *user) any { return u.raw(t, "PING\r\n") }},
	"save": {a: "", b: "1 1", config: []string{"dir DIR"}, see: func(t *testing.T, u *user) any {
		u.say("SET k v")
		u.Close()
		return files()(t, u)
	}},
	"set-max-intset-entries":       {a: "1", b: "2", see: encoding("SADD k 1 2")},
	"set-max-listpack-entries":     {a: "1", b: "2", see: encoding("SADD k a b")},
	"set-max-listpack-value":       {a: "1", b: "2", see: encoding("SADD k ab")},
	"slowlog-entry-max-argc":       {a: "2", b: "3", config: []string{"slowlog-log-slower-than 0"}, see: slowest("PUBSUB NUMSUB a b c")},
	"slowlog-entry-max-string-len": {a: "3", b: "4", config: []string{"slowlog-log-slower-than 0"}, see: slowest("PING 12345")},
	"slowlog-log-slower-than":      {a: "0", b: "-1", see: says("SLOWLOG RESET", "PING", "SLOWLOG LEN")},
	"slowlog-max-len":              {a: "0", b: "9", config: []string{"slowlog-log-slower-than 0"}, see: says("SLOWLOG RESET", "PING", "SLOWLOG LEN")},
	"socket-mark-id":               {test: "TestSocketOptions"},
	"compat":                       {a: "redis-7.0", b: "redis-7.2", see: says("LOLWUT")},
	"spaces":                       {test: "TestSpaces"},
	"stop-writes-on-bgsave-error": {a: "no", b: "yes", config: []string{"dir DIR", "save 3600 1"}, see: func(t *testing.T, u *user) any {
		os.RemoveAll(u.dir)
		u.say("BGSAVE")
		for u.field("rdb_last_bgsave_status") != "err" {
		}
		defer os.Mkdir(u.dir, 0o700)
		return u.say("SET k v").String()
	}},
	"stream-idmp-duration":    {a: "1", b: "2", see: says("XADD k IDMP p 1 * a b", "XINFO STREAM k")},
	"stream-idmp-maxsize":     {a: "1", b: "2", see: says("XADD k IDMP p 1 * a b", "XINFO STREAM k")},
	"stream-node-max-bytes":   {a: "1", b: "0", see: says("XADD k 1-1 a b", "XADD k 1-2 a b", "XINFO STREAM k")},
	"stream-node-max-entries": {a: "1", b: "0", see: says("XADD k 1-1 a b", "XADD k 1-2 a b", "XINFO STREAM k")},
	"tcp-backlog":             {test: "TestSocketOptions"},
	"tcp-keepalive":           {test: "TestSocketOptions"},
	"timeout": {a: "0", b: "1", see: func(t *testing.T, u *user) any {
		c, err := u.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		in := bufio.NewReader(c)
		fmt.Fprint(c, "PING\r\n")
		in.ReadString('\n')
		for range 9 {
			u.clock.Advance(time.Minute)
		}
		c.Write([]byte("PING\r\n"))
		_, err = in.ReadString('\n')
		return err == nil
	}},
	"tls-auth-clients":                {test: "TestTLSSettings"},
	"tls-ca-cert-dir":                 {test: "TestTLSFiles"},
	"tls-ca-cert-file":                {test: "TestTLSSettings"},
	"tls-cert-file":                   {test: "TestTLSSettings"},
	"tls-ciphers":                     {test: "TestTLSSettings"},
	"tls-ciphersuites":                {test: "TestTLSSettings"},
	"tls-cluster":                     {test: "TestClusterTLS"},
	"tls-key-file":                    {test: "TestTLSSettings"},
	"tls-key-file-pass":               {test: "TestTLSFiles"},
	"tls-port":                        {test: "TestTLSSettings"},
	"tls-protocols":                   {test: "TestTLSSettings"},
	"tls-session-caching":             {test: "TestTLSFiles"},
	"tracking-table-max-keys":         {a: "1", b: "9", see: shows("tracking_total_keys", "CLIENT TRACKING on", "GET a", "GET b", "GET c", "PING")},
	"unixsocket":                      {test: "TestUnixSocketFile"},
	"unixsocketgroup":                 {test: "TestUnixSocketGroup"},
	"unixsocketperm":                  {test: "TestUnixSocketMode"},
	"zset-max-listpack-entries":       {a: "1", b: "2", see: encoding("ZADD k 1 a 2 b")},
	"zset-max-listpack-value":         {a: "1", b: "2", see: encoding("ZADD k 1 ab")},
	"bind-source-addr":                {test: "TestReplicaSettings"},
	"masterauth":                      {test: "TestReplicaOfReal"},
	"masteruser":                      {test: "TestReplicaOfReal"},
	"min-replicas-max-lag":            {test: "TestMasterSettings"},
	"min-replicas-to-write":           {test: "TestMinReplicas"},
	"repl-backlog-size":               {test: "TestMasterSettings"},
	"repl-backlog-ttl":                {test: "TestBacklogLifetime"},
	"repl-diskless-sync":              {test: "TestRealReplica"},
	"repl-diskless-sync-delay":        {test: "TestMasterSettings"},
	"repl-diskless-sync-max-replicas": {test: "TestMasterSettings"},
	"repl-ping-replica-period":        {test: "TestMasterSettings"},
	"repl-timeout":                    {test: "TestMasterSettings"},
	"shutdown-timeout":                {test: "TestShutdownWaits"},
	"replica-announce-ip":             {test: "TestReplicaSettings"},
	"replica-announce-port":           {test: "TestReplicaSettings"},
	"replica-announced":               {test: "TestReplicaSettings"},
	"replica-ignore-maxmemory":        {test: "TestReplicaSettings"},
	"replica-priority":                {test: "TestReplicaSettings"},
	"replica-read-only":               {test: "TestReplicaSettings"},
	"replica-serve-stale-data":        {test: "TestStaleReplica"},
	"replicaof":                       {test: "TestReplicaSettings"},
	"tls-client-cert-file":            {test: "TestReplicaByTLS"},
	"tls-client-key-file":             {test: "TestReplicaByTLS"},
	"tls-client-key-file-pass":        {test: "TestReplicaByTLS"},
	"tls-replication":                 {test: "TestReplicaByTLS"},
}

// TestEffects: every setting that is not declared without effect changes something
// that a user sees, at the start, and after CONFIG SET if that may set it.
func TestEffects(t *testing.T) {
	t.Parallel()
	tests := testNames(t)
	for p := range config.All {
		e, ok := effects[p.Name]
		switch {
		case p.Why != "" || p.Program:
			if ok {
				t.Errorf("%s is declared without effect", p.Name)
			}
			continue
		case !ok:
			t.Errorf("nothing shows an effect of %s", p.Name)
			continue
		case e.test != "":
			if !tests[e.test] {
				t.Errorf("%s: there is no test %s", p.Name, e.test)
			}
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			first, second := e.try(t, p, e.a, false), e.try(t, p, e.b, false)
			if first == second {
				t.Errorf("%q and %q show the same: %v", e.a, e.b, first)
			}
			if !p.Immutable {
				if got := e.try(t, p, e.b, true); got != second {
					t.Errorf("%q shows %v, but after CONFIG SET %v", e.b, second, got)
				}
			}
		})
	}
	for name := range effects {
		if _, ok := config.Find(name); !ok {
			t.Errorf("there is no setting %s", name)
		}
	}
}

// try starts a server with a value, or sets it later, and returns what the user
// sees.
func (e effect) try(t *testing.T, p *config.Param, value string, later bool) any {
	u := &user{value: value, dir: t.TempDir(), clock: respserver.NewManualClock(time.Unix(1700000000, 0)), level: new(slog.LevelVar)}
	value = strings.ReplaceAll(value, "DIR", u.dir)
	start := value
	if later {
		start = strings.ReplaceAll(e.a, "DIR", u.dir)
	}
	var lines []string
	for _, l := range append(e.config, fmt.Sprintf("%s %q", p.Name, start)) {
		lines = append(lines, strings.ReplaceAll(l, "DIR", u.dir))
	}
	if p.Name == "aclfile" && value != "" {
		os.WriteFile(value, nil, 0o600)
	}
	var err error
	var clock respserver.Clock = u.clock
	if e.slow {
		clock = &slowClock{ManualClock: u.clock}
	}
	u.Server, err = respserver.Start(respserver.Options{NoListen: true, Seed: 1, Clock: clock, LogLevel: u.level, Config: lines})
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	conn, err := u.Dial(t.Context())
	u.ask = ask(t, conn, err)
	defer conn.Close()
	if later {
		if r := u.ask("CONFIG", "SET", p.Name, value); r.Str != "OK" {
			t.Fatal(r)
		}
	}
	return e.see(t, u)
}

// testNames returns the names of all tests of this package.
func testNames(t *testing.T) map[string]bool {
	names := map[string]bool{}
	all, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(text, -1) {
			names[string(m[1])] = true
		}
	}
	return names
}

// strangerConn is a connection from another machine.
type strangerConn struct{ net.Conn }

func (strangerConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1} }

// TestProtectedMode: without a password the server refuses remote clients, unless
// protected-mode is off.
func TestProtectedMode(t *testing.T) {
	t.Parallel()
	s := start(t, respserver.Options{NoListen: true})
	ping := func() string {
		client, server := net.Pipe()
		defer client.Close()
		go s.ServeConn(strangerConn{server})
		go io.WriteString(client, "PING\r\n")
		line, _ := bufio.NewReader(client).ReadString('\n')
		return line
	}
	if got := ping(); !strings.HasPrefix(got, "-DENIED ") {
		t.Errorf("in protected mode: %q", got)
	}
	for _, setting := range []string{"requirepass", "protected-mode"} {
		value, back := "x", ""
		if setting == "protected-mode" {
			value, back = "no", "yes"
		}
		answer(t, s, "CONFIG", "SET", setting, value)
		if got := ping(); strings.HasPrefix(got, "-DENIED ") {
			t.Errorf("with %s %s: %q", setting, value, got)
		}
		answer(t, s, "CONFIG", "SET", setting, back)
	}
}
