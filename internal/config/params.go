package config

import (
	"math"
	"slices"
	"strings"

	"github.com/resp-server/resp-server/internal/compat"
)

// Param is a row of the table.
type Param struct {
	// Name is the directive, Alias an older spelling, and Later the spelling of
	// later versions, which patterns of CONFIG GET do not list.
	Name, Alias, Later string
	// Default is the default value as CONFIG GET shows it.
	Default string
	// Immutable settings can't be changed by CONFIG SET.
	Immutable bool
	// Protected settings give access to files. CONFIG SET changes them only if
	// enable-protected-configs allows it.
	Protected bool
	// NotLoading settings can't be changed while data are loaded.
	NotLoading bool
	// Repeats means that a line of a file adds to the earlier lines.
	Repeats bool
	// Multi directives take several words.
	Multi bool
	// Secret settings are passwords: logs do not show their values.
	Secret bool
	// Applied settings must be applied outside the engine, which may fail.
	Applied bool
	// From is the version that introduced the setting, if that is later than Redis 7.0,
	// or "ours". Before that version a setting with an Alias had only that name.
	From string
	// Until is the version that ignores the setting, or "".
	Until string
	// Why is the reason why a setting has no effect, or only one value; empty for
	// other settings.
	Why string
	// Program settings are for the program around the server, such as resp-server.
	Program bool
	// Patterns of CONFIG GET do not list Hidden settings: those that a real server
	// does not have, since tools set again what they have listed, and those that it
	// hides.
	Hidden bool

	kind kind
}

// params are all settings in alphabetical order.
var params = sortedParams(settings, clusterSettings, replicationSettings, processSettings, fixedSettings, inertSettings)

func sortedParams(groups ...[]Param) (all []*Param) {
	for _, rows := range groups {
		for i := range rows {
			all = append(all, &rows[i])
		}
	}
	slices.SortFunc(all, byName)
	return all
}

func byName(a, b *Param) int { return strings.Compare(a.Name, b.Name) }

// MaxIOThreads is the largest value of io-threads.
const MaxIOThreads = 128

// settings are the settings with an effect.
var settings = []Param{
	{Name: "acl-pubsub-default", Default: "resetchannels", kind: choice(func(c *Config) *string { return &c.ACLPubSubDefault }, "allchannels", "resetchannels")},
	{Name: "aclfile", Default: "", Immutable: true, kind: text(func(c *Config) *string { return &c.ACLFile }, nil)},
	{Name: "acllog-max-len", Default: "128", kind: integer(func(c *Config) *int64 { return &c.ACLLogMaxLen }, 0, math.MaxInt64)},
	{Name: "aof-disable-auto-gc", Default: "no", Hidden: true, kind: boolean(func(c *Config) *bool { return &c.AOF.KeepHistory })},
	{Name: "aof-load-corrupt-tail-max-size", From: "Redis 8.4", Default: "0", kind: integer(func(c *Config) *int64 { return &c.AOF.LoadCorruptTail }, 0, math.MaxInt64)},
	{Name: "aof-load-truncated", Default: "yes", kind: boolean(func(c *Config) *bool { return &c.AOF.LoadTruncated })},
	{Name: "aof-rewrite-incremental-fsync", Default: "yes", kind: boolean(func(c *Config) *bool { return &c.AOF.IncrementalFsync })},
	{Name: "aof-timestamp-enabled", Default: "no", kind: boolean(func(c *Config) *bool { return &c.AOF.Timestamps })},
	{Name: "aof-use-rdb-preamble", Default: "yes", kind: boolean(func(c *Config) *bool { return &c.AOF.RDBPreamble })},
	{Name: "appenddirname", Default: "appendonlydir", Immutable: true, kind: text(func(c *Config) *string { return &c.AOF.DirName }, partName("appenddirname", "dirname"))},
	{Name: "appendfilename", Default: "appendonly.aof", Immutable: true, kind: text(func(c *Config) *string { return &c.AOF.FileName }, partName("appendfilename", "filename"))},
	{Name: "appendfsync", Default: "everysec", kind: choice(func(c *Config) *string { return &c.AOF.Fsync }, "everysec", "always", "no")},
	{Name: "appendonly", NotLoading: true, Default: "no", kind: boolean(func(c *Config) *bool { return &c.AOF.On })},
	{Name: "auto-aof-rewrite-min-size", Default: "67108864", kind: memory(func(c *Config) *int64 { return &c.AOF.MinSize }, 0, math.MaxInt64)},
	{Name: "auto-aof-rewrite-percentage", Default: "100", kind: integer(func(c *Config) *int64 { return &c.AOF.Percentage }, 0, math.MaxInt32)},
	{Name: "bind", Applied: true, Default: "127.0.0.1 -::1", Multi: true, kind: words(func(c *Config) *[]string { return &c.Bind })},
	{Name: "busy-reply-threshold", Alias: "lua-time-limit", Default: "5000", kind: integer(func(c *Config) *int64 { return &c.BusyReplyThreshold }, 0, math.MaxInt64)},
	{Name: "client-output-buffer-limit", Default: "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60", Multi: true, kind: outputLimits{}},
	{Name: "client-query-buffer-limit", Default: "1073741824", kind: memory(func(c *Config) *int64 { return &c.ClientQueryBufLimit }, 1<<20, math.MaxInt64)},
	{Name: "commandlog-large-reply-max-len", From: "Valkey 8", Default: "128", kind: integer(func(c *Config) *int64 { return &c.LargeReplyMaxLen }, 0, math.MaxInt64)},
	{Name: "commandlog-large-request-max-len", From: "Valkey 8", Default: "128", kind: integer(func(c *Config) *int64 { return &c.LargeRequestMaxLen }, 0, math.MaxInt64)},
	{Name: "commandlog-reply-larger-than", From: "Valkey 8", Default: "1048576", kind: integer(func(c *Config) *int64 { return &c.LargeReply }, -1, math.MaxInt64)},
	{Name: "commandlog-request-larger-than", From: "Valkey 8", Default: "1048576", kind: integer(func(c *Config) *int64 { return &c.LargeRequest }, -1, math.MaxInt64)},
	{Name: "compat", From: "ours", Hidden: true, Default: compat.Latest.Name, Immutable: true, kind: editionKind{}},
	{Name: "databases", Default: "16", Immutable: true, kind: integer(func(c *Config) *int64 { return &c.Databases }, 1, math.MaxInt32)},
	{Name: "dbfilename", Default: "dump.rdb", Protected: true, kind: text(func(c *Config) *string { return &c.DBFilename }, baseName("dbfilename", "filename"))},
	{Name: "dir", Default: "", Protected: true, NotLoading: true, kind: directory(func(c *Config) *string { return &c.Dir })},
	{Name: "spaces", From: "ours", Hidden: true, Default: "no", Immutable: true, kind: choice(func(c *Config) *string { return &c.Spaces }, "no", "yes", "ephemeral")},
	{Name: "enable-testing-command", From: "ours", Hidden: true, Default: "no", Immutable: true, kind: choice(func(c *Config) *string { return &c.EnableTestingCommand }, "no", "yes", "local")},
	{Name: "enable-debug-command", Default: "no", Immutable: true, kind: choice(func(c *Config) *string { return &c.EnableDebugCommand }, "no", "yes", "local")},
	{Name: "enable-module-command", Default: "no", Immutable: true, kind: choice(func(c *Config) *string { return &c.EnableModuleCommand }, "no", "yes", "local")},
	{Name: "enable-protected-configs", Default: "no", Immutable: true, kind: choice(func(c *Config) *string { return &c.ProtectedConfigs }, "no", "yes", "local")},
	{Name: "hash-max-listpack-entries", Alias: "hash-max-ziplist-entries", Default: "512", kind: integer(func(c *Config) *int { return &c.Limits.HashMaxListpackEntries }, 0, math.MaxInt64)},
	{Name: "hash-max-listpack-value", Alias: "hash-max-ziplist-value", Default: "64", kind: memory(func(c *Config) *int { return &c.Limits.HashMaxListpackValue }, 0, math.MaxInt64)},
	{Name: "hll-sparse-max-bytes", Default: "3000", kind: memory(func(c *Config) *int { return &c.Limits.HLLSparseMaxBytes }, 0, math.MaxInt64)},
	{Name: "io-threads", Default: "1", Immutable: true, kind: integer(func(c *Config) *int { return &c.IOThreads }, 1, MaxIOThreads)},
	{Name: "latency-monitor-threshold", Default: "0", kind: integer(func(c *Config) *int64 { return &c.LatencyThreshold }, 0, math.MaxInt64)},
	{Name: "latency-tracking", Default: "yes", kind: boolean(func(c *Config) *bool { return &c.LatencyTracking })},
	{Name: "latency-tracking-info-percentiles", Default: "50 99 99.9", Multi: true, kind: percentiles{}},
	{Name: "lazyfree-lazy-eviction", Default: "no", kind: boolean(func(c *Config) *bool { return &c.LazyEviction })},
	{Name: "lazyfree-lazy-expire", Default: "no", kind: boolean(func(c *Config) *bool { return &c.LazyExpire })},
	{Name: "lazyfree-lazy-server-del", Default: "no", kind: boolean(func(c *Config) *bool { return &c.LazyServerDel })},
	{Name: "lazyfree-lazy-user-del", Default: "no", kind: boolean(func(c *Config) *bool { return &c.LazyUserDel })},
	{Name: "lazyfree-lazy-user-flush", Default: "no", kind: boolean(func(c *Config) *bool { return &c.LazyUserFlush })},
	{Name: "lfu-decay-time", Default: "1", kind: integer(func(c *Config) *int64 { return &c.LFUDecayTime }, 0, math.MaxInt32)},
	{Name: "lfu-log-factor", Default: "10", kind: integer(func(c *Config) *int64 { return &c.LFULogFactor }, 0, math.MaxInt32)},
	{Name: "list-max-listpack-size", Alias: "list-max-ziplist-size", Default: "-2", kind: integer(func(c *Config) *int { return &c.Limits.ListMaxListpackSize }, math.MinInt32, math.MaxInt32)},
	{Name: "logfile", Program: true, Default: "", Immutable: true, kind: text(func(c *Config) *string { return &c.LogFile }, nil)},
	{Name: "loglevel", Default: "notice", kind: logLevel{}},
	{Name: "maxclients", Applied: true, Default: "10000", kind: integer(func(c *Config) *int64 { return &c.MaxClients }, 1, math.MaxUint32)},
	{Name: "maxmemory", Default: "0", kind: memory(func(c *Config) *int64 { return &c.MaxMemory }, 0, math.MaxInt64)},
	{Name: "maxmemory-clients", Default: "0", kind: percentMemory(func(c *Config) *int64 { return &c.MaxMemoryClients }, 0, math.MaxInt64)},
	{Name: "maxmemory-eviction-tenacity", Default: "10", kind: integer(func(c *Config) *int64 { return &c.EvictionTenacity }, 0, 100)},
	{Name: "maxmemory-policy", Default: "noeviction", kind: evictionPolicy{}},
	{Name: "maxmemory-samples", Default: "5", kind: integer(func(c *Config) *int64 { return &c.MaxMemorySamples }, 1, 64)},
	{Name: "mptcp", From: "Valkey 9", Default: "no", Immutable: true, kind: boolean(func(c *Config) *bool { return &c.MPTCP })},
	{Name: "no-appendfsync-on-rewrite", Default: "no", kind: boolean(func(c *Config) *bool { return &c.AOF.NoFsyncOnRewrite })},
	{Name: "notify-keyspace-events", Default: "", kind: events{}},
	{Name: "oom-score-adj", Default: "no", Applied: true, kind: choiceKind{func(c *Config) *string { return &c.OOMScoreAdj }, oomScoreAdj}},
	{Name: "oom-score-adj-values", Default: "0 200 800", Multi: true, Applied: true, kind: oomScores{}},
	{Name: "pidfile", Default: "", Immutable: true, kind: text(func(c *Config) *string { return &c.PIDFile }, nil)},
	{Name: "port", Applied: true, Default: "6379", kind: integer(func(c *Config) *int64 { return &c.Port }, 0, 65535)},
	{Name: "proto-max-bulk-len", Default: "536870912", kind: memory(func(c *Config) *int64 { return &c.ProtoMaxBulkLen }, 1<<20, math.MaxInt64)},
	{Name: "protected-mode", Default: "yes", kind: boolean(func(c *Config) *bool { return &c.ProtectedMode })},
	{Name: "inspector", From: "ours", Hidden: true, Default: "", Immutable: true, kind: text(func(c *Config) *string { return &c.Inspector }, loopback)},
	{Name: "key-load-delay", Default: "0", Hidden: true, kind: integer(func(c *Config) *int64 { return &c.KeyLoadDelay }, math.MinInt32, math.MaxInt32)},
	{Name: "loading-process-events-interval-bytes", Default: "2097152", Hidden: true, kind: integer(func(c *Config) *int64 { return &c.LoadingInterval }, 1024, math.MaxInt32)},
	{Name: "rdb-key-save-delay", Default: "0", Hidden: true, kind: integer(func(c *Config) *int64 { return &c.RDBKeySaveDelay }, math.MinInt32, math.MaxInt32)},
	{Name: "rdbchecksum", Default: "yes", Immutable: true, kind: boolean(func(c *Config) *bool { return &c.RDBChecksum })},
	{Name: "rdbcompression", Default: "yes", kind: boolean(func(c *Config) *bool { return &c.RDBCompression })},
	{Name: "requirepass", Default: "", Secret: true, kind: text(func(c *Config) *string { return &c.RequirePass }, nil)},
	{Name: "save", Default: "", Multi: true, Repeats: true, kind: savePoints{}},
	{Name: "set-max-intset-entries", Default: "512", kind: integer(func(c *Config) *int { return &c.Limits.SetMaxIntsetEntries }, 0, math.MaxInt64)},
	{Name: "set-max-listpack-entries", From: "Redis 7.2", Default: "128", kind: integer(func(c *Config) *int { return &c.Limits.SetMaxListpackEntries }, 0, math.MaxInt64)},
	{Name: "set-max-listpack-value", From: "Redis 7.2", Default: "64", kind: integer(func(c *Config) *int { return &c.Limits.SetMaxListpackValue }, 0, math.MaxInt64)},
	{Name: "shutdown-on-sigint", Program: true, Default: "default", Multi: true, kind: shutdownFlags(func(c *Config) *string { return &c.ShutdownOnSigint })},
	{Name: "shutdown-on-sigterm", Program: true, Default: "default", Multi: true, kind: shutdownFlags(func(c *Config) *string { return &c.ShutdownOnSigterm })},
	{Name: "slowlog-entry-max-argc", From: "Redis 8.8", Default: "32", kind: integer(func(c *Config) *int64 { return &c.SlowlogEntryMaxArgs }, 2, math.MaxInt32)},
	{Name: "slowlog-entry-max-string-len", From: "Redis 8.8", Default: "128", kind: integer(func(c *Config) *int64 { return &c.SlowlogEntryMaxLen }, 1, math.MaxInt64)},
	{Name: "slowlog-log-slower-than", Alias: "commandlog-execution-slower-than", Default: "10000", kind: integer(func(c *Config) *int64 { return &c.SlowlogLogSlowerThan }, -1, math.MaxInt64)},
	{Name: "slowlog-max-len", Alias: "commandlog-slow-execution-max-len", Default: "128", kind: integer(func(c *Config) *int64 { return &c.SlowlogMaxLen }, 0, math.MaxInt64)},
	{Name: "socket-mark-id", Default: "0", Immutable: true, kind: integer(func(c *Config) *int64 { return &c.SocketMark }, 0, math.MaxUint32)},
	{Name: "stop-writes-on-bgsave-error", Default: "yes", kind: boolean(func(c *Config) *bool { return &c.StopWritesOnSaveError })},
	{Name: "stream-idmp-duration", From: "Redis 8.6", Default: "100", kind: integer(func(c *Config) *int { return &c.Limits.StreamIDMPDuration }, 1, 86400)},
	{Name: "stream-idmp-maxsize", From: "Redis 8.6", Default: "100", kind: integer(func(c *Config) *int { return &c.Limits.StreamIDMPMaxSize }, 1, 10000)},
	{Name: "stream-node-max-bytes", Default: "4096", kind: memory(func(c *Config) *int { return &c.Limits.StreamNodeMaxBytes }, 0, math.MaxInt64)},
	{Name: "stream-node-max-entries", Default: "100", kind: integer(func(c *Config) *int { return &c.Limits.StreamNodeMaxEntries }, 0, math.MaxInt64)},
	{Name: "tcp-backlog", Default: "511", Immutable: true, kind: integer(func(c *Config) *int64 { return &c.TCPBacklog }, 0, math.MaxInt32)},
	{Name: "tcp-keepalive", Default: "300", kind: integer(func(c *Config) *int64 { return &c.TCPKeepalive }, 0, math.MaxInt32)},
	{Name: "timeout", Default: "0", kind: integer(func(c *Config) *int64 { return &c.Timeout }, 0, math.MaxInt32)},
	{Name: "tls-auth-clients", Applied: true, Default: "yes", kind: choice(func(c *Config) *string { return &c.TLS.AuthClients }, "no", "yes", "optional")},
	{Name: "tls-ca-cert-dir", Applied: true, Default: "", kind: text(func(c *Config) *string { return &c.TLS.CADir }, nil)},
	{Name: "tls-ca-cert-file", Applied: true, Default: "", kind: text(func(c *Config) *string { return &c.TLS.CAFile }, nil)},
	{Name: "tls-cert-file", Applied: true, Default: "", kind: text(func(c *Config) *string { return &c.TLS.CertFile }, nil)},
	{Name: "tls-ciphers", Applied: true, Default: "", kind: text(func(c *Config) *string { return &c.TLS.Ciphers }, nil)},
	{Name: "tls-ciphersuites", Applied: true, Default: "", kind: text(func(c *Config) *string { return &c.TLS.CipherSuites }, nil)},
	{Name: "tls-key-file", Applied: true, Default: "", kind: text(func(c *Config) *string { return &c.TLS.KeyFile }, nil)},
	{Name: "tls-key-file-pass", Applied: true, Secret: true, Default: "", kind: text(func(c *Config) *string { return &c.TLS.KeyPass }, nil)},
	{Name: "tls-port", Applied: true, Default: "0", kind: integer(func(c *Config) *int64 { return &c.TLS.Port }, 0, 65535)},
	{Name: "tls-protocols", Applied: true, Default: "", kind: text(func(c *Config) *string { return &c.TLS.Protocols }, nil)},
	{Name: "tls-session-caching", Applied: true, Default: "yes", kind: boolean(func(c *Config) *bool { return &c.TLS.SessionCaching })},
	{Name: "tracking-table-max-keys", Default: "1000000", kind: integer(func(c *Config) *int64 { return &c.TrackingTableMaxKeys }, 0, math.MaxInt64)},
	{Name: "unixsocket", Default: "", Immutable: true, kind: text(func(c *Config) *string { return &c.UnixSocket }, nil)},
	{Name: "unixsocketgroup", From: "Valkey 8", Default: "", Immutable: true, kind: text(func(c *Config) *string { return &c.UnixSocketGroup }, nil)},
	{Name: "unixsocketperm", Default: "0", Immutable: true, kind: octal(func(c *Config) *int64 { return &c.UnixSocketPerm })},
	{Name: "zset-max-listpack-entries", Alias: "zset-max-ziplist-entries", Default: "128", kind: integer(func(c *Config) *int { return &c.Limits.ZSetMaxListpackEntries }, 0, math.MaxInt64)},
	{Name: "zset-max-listpack-value", Alias: "zset-max-ziplist-value", Default: "64", kind: memory(func(c *Config) *int { return &c.Limits.ZSetMaxListpackValue }, 0, math.MaxInt64)},
}
