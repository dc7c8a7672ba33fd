// Package config is the table of settings: each directive with its type, bounds,
// default, and whether it may change at run time.
//
// redis.conf, command line flags, CONFIG GET, CONFIG SET and CONFIG REWRITE
// all read this one table. A Config belongs to one server and does not lock;
// the engine's lock guards it. The directives and their defaults are those of
// redis.conf of Redis 7.4.
package config

import (
	"log/slog"
	"strings"
	"sync"

	"github.com/resp-server/resp-server/internal/acl"
	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/value"
)

// TLS has the settings of encrypted connections. "" means not set.
type TLS struct {
	Port           int64 // 0: no TLS socket
	CertFile       string
	KeyFile        string
	KeyPass        string
	CAFile, CADir  string // of the certificates that clients must have
	AuthClients    string // yes, no, or optional
	Protocols      string // such as "TLSv1.2 TLSv1.3"
	Ciphers        string // up to TLS 1.2, as OpenSSL writes them
	CipherSuites   string // of TLS 1.3
	SessionCaching bool
}

// Config holds the values of all settings. Sizes are in bytes, times in the unit of
// the directive in redis.conf.
type Config struct {
	// Edition is the version that the server is.
	Edition *compat.Edition

	// network
	Bind            []string
	Port            int64
	UnixSocket      string
	UnixSocketPerm  int64
	UnixSocketGroup string // "" leaves it to the system
	TCPBacklog      int64
	SocketMark      int64 // mark of listening sockets, for firewalls; 0: none
	MPTCP           bool  // accept connections over several paths (Multipath TCP)
	TCPKeepalive    int64 // seconds, 0: off
	Timeout         int64 // seconds until an idle client is disconnected, 0: never
	MaxClients      int64
	RequirePass     string // of the default user
	// IOThreads is how many threads an event loop has: they wait for sockets, read,
	// and write, side by side. Commands run one at a time all the same.
	IOThreads     int
	ProtectedMode bool // without a password, only local clients may connect
	PIDFile       string
	TLS           TLS
	Cluster       Cluster
	// OOMScoreAdj says whether to set the score by which Linux picks the process to
	// kill when memory runs out: no, yes (relative to the old score), or absolute.
	// OOMScores are for masters, replicas, and processes that save.
	OOMScoreAdj string
	OOMScores   [3]int64

	// EnableDebugCommand and EnableModuleCommand are no, yes, or local, that is for
	// clients on this machine.
	EnableDebugCommand   string
	EnableTestingCommand string
	Spaces               string // no, yes, or ephemeral: a space ends with its last client
	Inspector            string // the address of the inspector, on the loopback interface; "" means none
	EnableModuleCommand  string

	// Renames are the rename-command lines in order.
	Renames []Rename

	// Sentinel is set if the server is a sentinel, SentinelLines are its lines
	// "sentinel ...".
	Sentinel      bool
	SentinelLines []Line

	// users
	ACLFile          string            // "" means none
	Users            []acl.Declaration // of lines "user name rules"
	ACLPubSubDefault string            // channels of new users: allchannels or resetchannels
	ACLLogMaxLen     int64

	// limits
	ProtoMaxBulkLen     int64
	ClientQueryBufLimit int64
	OutputLimits        OutputLimits

	// general
	Databases  int64
	LogLevel   string
	LogFile    string
	Dir        string // "" means that the server reads and writes no files
	DBFilename string // the snapshot in Dir

	// ProtectedConfigs says who may change Protected settings: "no" one, "yes"
	// everyone, or "local" clients.
	ProtectedConfigs string

	Replication Replication

	// snapshots
	SavePoints            []SavePoint
	RDBCompression        bool
	RDBChecksum           bool
	StopWritesOnSaveError bool

	AOF AOF

	// Lazy* say which values INFO counts as freed in the background. In fact the
	// garbage collector frees all of them.
	LazyEviction  bool
	LazyExpire    bool
	LazyServerDel bool
	LazyUserDel   bool
	LazyUserFlush bool
	// RDBKeySaveDelay slows snapshots down, for tests: the µs to wait after each
	// key; if negative, wait 1 µs after every -n keys.
	RDBKeySaveDelay int64
	// KeyLoadDelay is the same for what is loaded. LoadingInterval is the size of
	// files in bytes from which on clients may connect while they are loaded.
	KeyLoadDelay, LoadingInterval int64

	// events
	NotifyMask event.Class

	// slow log
	SlowlogLogSlowerThan int64 // µs, -1: nothing
	SlowlogMaxLen        int64
	// Limits of the number of arguments in an entry, and of the bytes in each.
	SlowlogEntryMaxArgs, SlowlogEntryMaxLen int64
	// Requests and replies of LargeRequest and LargeReply bytes and more are
	// logged; -1: none.
	LargeRequest, LargeRequestMaxLen int64
	LargeReply, LargeReplyMaxLen     int64

	// BusyReplyThreshold is the time in milliseconds after which other clients get
	// BUSY while a script runs; 0: they wait.
	BusyReplyThreshold int64
	// ShutdownOnSigint and ShutdownOnSigterm are options of SHUTDOWN, or "default".
	ShutdownOnSigint  string
	ShutdownOnSigterm string

	// latency
	LatencyThreshold   int64 // events of at least this many ms go to LATENCY; 0: none
	LatencyTracking    bool  // measure the calls of each command
	LatencyPercentiles []float64

	// memory
	MaxMemory        int64 // bytes, 0: no limit
	MaxMemoryPolicy  string
	MaxMemorySamples int64
	EvictionTenacity int64
	MaxMemoryClients int64 // bytes; negative: percent of MaxMemory; 0: no limit
	LFULogFactor     int64
	LFUDecayTime     int64 // minutes

	// TrackingTableMaxKeys limits the keys that the tracking table holds; 0: no
	// limit.
	TrackingTableMaxKeys int64

	// Limits are the limits of encodings, of which some are not settings.
	Limits value.Limits

	// sections are the settings of modules; see Extend.
	sections []section
	// given has the directives that were set by a file, a flag or CONFIG SET.
	given map[string]bool
	// inert holds the values of inertSettings.
	inert map[string]string
}

// OutputLimits are the values of client-output-buffer-limit, by class.
type OutputLimits struct{ Normal, Replica, PubSub OutputLimit }

// OutputLimit limits the pending output of a client. Over Hard bytes it is closed
// at once, over Soft bytes after SoftSeconds. 0 means no limit.
type OutputLimit struct{ Hard, Soft, SoftSeconds int64 }

// Rename gives a command another name, or disables it if To is empty. Line is the
// line it comes from.
type Rename struct {
	From, To string
	Line     Line
}

// SavePoint asks for a snapshot when Seconds have passed since the last one and
// there are at least Changes.
type SavePoint struct{ Seconds, Changes int64 }

// UsesLFU reports whether keys need a counter of their use.
func (c *Config) UsesLFU() bool { return strings.HasSuffix(c.MaxMemoryPolicy, "-lfu") }

// UsesLRU reports whether the time of the last use decides what is evicted.
func (c *Config) UsesLRU() bool { return strings.HasSuffix(c.MaxMemoryPolicy, "-lru") }

// UsesLRM reports whether the time of the last change decides what is evicted.
func (c *Config) UsesLRM() bool { return strings.HasSuffix(c.MaxMemoryPolicy, "-lrm") }

// levelVerbose is the log level between debug and notice.
const levelVerbose = (slog.LevelDebug + slog.LevelInfo) / 2

// SlogLevel returns the level of LogLevel. Notice is slog.LevelInfo.
func (c *Config) SlogLevel() slog.Level {
	switch c.LogLevel {
	case "debug":
		return slog.LevelDebug
	case "verbose":
		return levelVerbose
	case "warning":
		return slog.LevelWarn
	case "nothing":
		return slog.LevelError + 1
	}
	return slog.LevelInfo
}

// New returns a Config with every setting at its default.
func New() *Config {
	c := defaults().Clone()
	// Most servers change and look up few settings.
	c.given = make(map[string]bool)
	return c
}

// defaults is parsed once, so that a server starts in microseconds. It must not be
// changed.
var defaults = sync.OnceValue(func() *Config {
	tableIsRead = true
	c := &Config{given: make(map[string]bool), inert: make(map[string]string), sections: cloneSections(sections)}
	for _, p := range params {
		words := splitDefault(p)
		if len(words) == 0 {
			continue // no words by default
		}
		if err := p.kind.set(c, words); err != nil {
			panic("config: default of " + p.Name + ": " + err.Error())
		}
	}
	return c
})

// AOF has the settings of the append-only file.
type AOF struct {
	On                bool
	DirName, FileName string // the directory in Dir, and the prefix of the files in it
	Fsync             string // always, everysec or no
	NoFsyncOnRewrite  bool
	LoadTruncated     bool
	LoadCorruptTail   int64 // bytes
	RDBPreamble       bool  // the base is an RDB file instead of commands
	Timestamps        bool
	IncrementalFsync  bool
	KeepHistory       bool
	// Percentage is the growth of the files since the last rewrite that triggers
	// the next one, if they are larger than MinSize; 0: never.
	Percentage, MinSize int64
}
