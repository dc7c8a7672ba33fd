// Package config is the table of settings: each directive with its type,
// bounds, default, and whether it may change while the server runs.
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
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/value"
)

// TLS are the settings of encrypted connections. "" means that none is given.
type TLS struct {
	Port           int64 // 0: there is no such socket
	CertFile       string
	KeyFile        string
	KeyPass        string
	CAFile, CADir  string // whose certificates clients must have
	AuthClients    string // yes, no, or optional
	Protocols      string // such as "TLSv1.2 TLSv1.3"
	Ciphers        string // up to TLS 1.2, as OpenSSL writes them
	CipherSuites   string // of TLS 1.3
	SessionCaching bool
}

// Config holds the values of all settings. Sizes are in bytes, times in the
// unit that the directive has in redis.conf.
type Config struct {
	// network
	Bind            []string
	Port            int64
	UnixSocket      string
	UnixSocketPerm  int64
	UnixSocketGroup string // "" leaves it to the system
	TCPBacklog      int64
	SocketMark      int64 // of listening sockets, for firewalls; 0: none
	MPTCP           bool  // TCP sockets accept connections over several paths
	TCPKeepalive    int64 // seconds, 0: off
	Timeout         int64 // seconds an idle client may stay, 0: for ever
	MaxClients      int64
	RequirePass     string // of the default user
	ProtectedMode   bool   // without a password only local clients may connect
	PIDFile         string
	TLS             TLS
	Cluster         Cluster
	// OOMScoreAdj is how readily Linux ends the process when memory is short:
	// no, yes (relative to what it was), or absolute. OOMScores are for masters,
	// replicas, and processes that save.
	OOMScoreAdj string
	OOMScores   [3]int64

	// EnableDebugCommand and EnableModuleCommand are no, yes, or local: for
	// clients on this machine.
	EnableDebugCommand   string
	EnableTestingCommand string
	Spaces               string // no, yes, or ephemeral: a space goes with its last client
	EnableModuleCommand  string

	// Renames are the lines rename-command, in their order.
	Renames []Rename

	// users
	ACLFile          string            // "" means that there is none
	Users            []acl.Declaration // of lines "user name rules"
	ACLPubSubDefault string            // what new users have: allchannels or resetchannels
	ACLLogMaxLen     int64

	// limits
	ProtoMaxBulkLen     int64
	ClientQueryBufLimit int64
	OutputLimits        OutputLimits

	// general
	Databases  int64
	LogLevel   string
	LogFile    string
	Dir        string // "" means that there is none: no file is read or written
	DBFilename string // of the snapshot in Dir

	// ProtectedConfigs tells who may change Protected settings: "no" one, "yes"
	// everyone, or "local" clients.
	ProtectedConfigs string

	Replication Replication

	// snapshots
	SavePoints            []SavePoint
	RDBCompression        bool
	RDBChecksum           bool
	StopWritesOnSaveError bool

	AOF AOF

	// Lazy* say which values INFO counts as freed in the background. All are:
	// the garbage collector frees them.
	LazyEviction  bool
	LazyExpire    bool
	LazyServerDel bool
	LazyUserDel   bool
	LazyUserFlush bool
	// RDBKeySaveDelay makes snapshots slow, for tests: µs to wait after each key;
	// negative: after so many keys 1 µs.
	RDBKeySaveDelay int64

	// events
	NotifyMask event.Class

	// slow log
	SlowlogLogSlowerThan int64 // µs, -1: nothing
	SlowlogMaxLen        int64
	// Of one entry there are at most so many arguments, and of them so many bytes.
	SlowlogEntryMaxArgs, SlowlogEntryMaxLen int64
	// LargeRequest and LargeReply are from how many bytes on they are logged;
	// -1: none.
	LargeRequest, LargeRequestMaxLen int64
	LargeReply, LargeReplyMaxLen     int64

	// BusyReplyThreshold is after how many milliseconds other clients are told
	// that a script runs; 0: they wait.
	BusyReplyThreshold int64
	// ShutdownOnSigint and ShutdownOnSigterm are options of SHUTDOWN, or "default".
	ShutdownOnSigint  string
	ShutdownOnSigterm string

	// latency
	LatencyThreshold   int64 // ms that an event takes that LATENCY knows of; 0: none
	LatencyTracking    bool  // keep how long the calls of each command take
	LatencyPercentiles []float64

	// memory
	MaxMemory        int64 // bytes, 0: any number
	MaxMemoryPolicy  string
	MaxMemorySamples int64
	EvictionTenacity int64
	MaxMemoryClients int64 // bytes; negative: percent of MaxMemory; 0: any number
	LFULogFactor     int64
	LFUDecayTime     int64 // minutes

	// TrackingTableMaxKeys bounds the keys that are known to be cached by
	// clients; 0: not at all.
	TrackingTableMaxKeys int64

	// Limits are those of encodings, besides what is no setting.
	Limits value.Limits

	// sections are those of modules; see Extend.
	sections []section
	// given remembers which directives were set by a file, a flag or CONFIG SET.
	given map[string]bool
	// inert holds the values of inertSettings.
	inert map[string]string
}

// OutputLimits are the bounds of client-output-buffer-limit, by class.
type OutputLimits struct{ Normal, Replica, PubSub OutputLimit }

// OutputLimit closes a client whose output waits: at once over Hard bytes,
// or over Soft bytes for longer than SoftSeconds. 0 means no limit.
type OutputLimit struct{ Hard, Soft, SoftSeconds int64 }

// Rename gives a command another name, or none if To is empty. Line is where it
// was read.
type Rename struct {
	From, To string
	Line     Line
}

// SavePoint asks for a snapshot once so many changes wait for longer than so
// many seconds since the last one.
type SavePoint struct{ Seconds, Changes int64 }

// UsesLFU tells whether keys have counters of their use.
func (c *Config) UsesLFU() bool { return strings.HasSuffix(c.MaxMemoryPolicy, "-lfu") }

// UsesLRU tells whether the times of the last use decide what is evicted.
func (c *Config) UsesLRU() bool { return strings.HasSuffix(c.MaxMemoryPolicy, "-lru") }

// levelVerbose is the level of a log between debug and notice.
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
	// Most servers change few settings, and look few up.
	c.given = make(map[string]bool)
	return c
}

// defaults is parsed once, so that a server starts in microseconds. Nobody
// changes it.
var defaults = sync.OnceValue(func() *Config {
	tableIsRead = true
	c := &Config{given: make(map[string]bool), inert: make(map[string]string), sections: cloneSections(sections)}
	for _, p := range params {
		words := splitDefault(p)
		if len(words) == 0 {
			continue // none of several
		}
		if err := p.kind.set(c, words); err != nil {
			panic("config: default of " + p.Name + ": " + err.Error())
		}
	}
	return c
})

// AOF is what there is to set about the append-only file.
type AOF struct {
	On                bool
	DirName, FileName string // the directory in Dir, and the files in it
	Fsync             string // always, everysec or no
	NoFsyncOnRewrite  bool
	LoadTruncated     bool
	LoadCorruptTail   int64 // bytes
	RDBPreamble       bool  // the base is an RDB file, not commands
	Timestamps        bool
	IncrementalFsync  bool
	KeepHistory       bool
	// Percentage is by how much the files grow beyond their size after the last
	// rewrite before the next, if they are larger than MinSize; 0: no matter how.
	Percentage, MinSize int64
}
