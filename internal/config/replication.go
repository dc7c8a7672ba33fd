package config

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Replication has the settings of masters and replicas. Times are in seconds.
type Replication struct {
	// Host and Port are the address of the master; "" means that this server is a
	// master.
	Host string
	Port int64

	// as a replica
	User, Password    string // for the master; "" means none
	DisklessLoad      string // how a copy takes the place of the data
	ReadOnly          bool
	ServeStale        bool // while the link is down
	IgnoreMaxMemory   bool // only the master evicts keys
	Priority          int64
	AnnounceAddr      string // "" means the source address of the connection
	AnnouncePort      int64  // 0 means the port that the server listens on
	Announced         bool   // sentinels list the replica
	BindSource        string // source address of the link; "" leaves it to the system
	TLS               bool
	CertFile, KeyFile string // for the link; "" means those of the server
	KeyPass           string

	// as a master
	BacklogSize, BacklogTTL int64 // bytes; a ttl of 0 means forever
	DisklessSync            bool
	DisklessDelay           int64
	ShutdownTimeout         int64 // seconds that SHUTDOWN waits for lagging replicas
	DisklessMaxReplicas     int64 // this many replicas end the delay; 0: the delay always passes
	PingPeriod              int64
	Timeout                 int64
	MinReplicas, MinMaxLag  int64 // required for writes; 0 means not required
}

// replicationSettings are the settings of replication.
var replicationSettings = []Param{
	{Name: "bind-source-addr", Default: "", kind: text(func(c *Config) *string { return &c.Replication.BindSource }, nil)},
	{Name: "masterauth", Later: "primaryauth", Default: "", Secret: true, kind: text(func(c *Config) *string { return &c.Replication.Password }, nil)},
	{Name: "masteruser", Later: "primaryuser", Default: "", Secret: true, kind: text(func(c *Config) *string { return &c.Replication.User }, nil)},
	{Name: "min-replicas-max-lag", Alias: "min-slaves-max-lag", Default: "10", kind: integer(func(c *Config) *int64 { return &c.Replication.MinMaxLag }, 0, math.MaxInt32)},
	{Name: "min-replicas-to-write", Alias: "min-slaves-to-write", Default: "0", kind: integer(func(c *Config) *int64 { return &c.Replication.MinReplicas }, 0, math.MaxInt32)},
	{Name: "repl-backlog-size", Default: "1048576", kind: backlogKind{}},
	{Name: "repl-backlog-ttl", Default: "3600", kind: integer(func(c *Config) *int64 { return &c.Replication.BacklogTTL }, 0, math.MaxInt64)},
	{Name: "repl-diskless-load", Default: "disabled", NotLoading: true, kind: choiceKind{func(c *Config) *string { return &c.Replication.DisklessLoad }, oneOfOr([]string{FlushBeforeLoad}, LoadFromDisk, LoadIfEmpty, LoadBeside)}},
	{Name: "repl-diskless-sync", Default: "yes", kind: boolean(func(c *Config) *bool { return &c.Replication.DisklessSync })},
	{Name: "repl-diskless-sync-delay", Default: "5", kind: integer(func(c *Config) *int64 { return &c.Replication.DisklessDelay }, 0, math.MaxInt32)},
	{Name: "repl-diskless-sync-max-replicas", Default: "0", kind: integer(func(c *Config) *int64 { return &c.Replication.DisklessMaxReplicas }, 0, math.MaxInt32)},
	{Name: "repl-ping-replica-period", Alias: "repl-ping-slave-period", Default: "10", kind: integer(func(c *Config) *int64 { return &c.Replication.PingPeriod }, 1, math.MaxInt32)},
	{Name: "repl-timeout", Default: "60", kind: integer(func(c *Config) *int64 { return &c.Replication.Timeout }, 1, math.MaxInt32)},
	{Name: "replica-announce-ip", Alias: "slave-announce-ip", Default: "", kind: text(func(c *Config) *string { return &c.Replication.AnnounceAddr }, nil)},
	{Name: "replica-announce-port", Alias: "slave-announce-port", Default: "0", kind: integer(func(c *Config) *int64 { return &c.Replication.AnnouncePort }, 0, 65535)},
	{Name: "replica-announced", Default: "yes", kind: boolean(func(c *Config) *bool { return &c.Replication.Announced })},
	{Name: "replica-ignore-maxmemory", Alias: "slave-ignore-maxmemory", Default: "yes", kind: boolean(func(c *Config) *bool { return &c.Replication.IgnoreMaxMemory })},
	{Name: "replica-priority", Alias: "slave-priority", Default: "100", kind: integer(func(c *Config) *int64 { return &c.Replication.Priority }, 0, math.MaxInt32)},
	{Name: "replica-read-only", Alias: "slave-read-only", Default: "yes", kind: boolean(func(c *Config) *bool { return &c.Replication.ReadOnly })},
	{Name: "replica-serve-stale-data", Alias: "slave-serve-stale-data", Default: "yes", kind: boolean(func(c *Config) *bool { return &c.Replication.ServeStale })},
	{Name: "replicaof", Alias: "slaveof", Default: "", Immutable: true, Multi: true, kind: masterKind{}},
	{Name: "tls-client-cert-file", Default: "", kind: text(func(c *Config) *string { return &c.Replication.CertFile }, nil)},
	{Name: "tls-client-key-file", Default: "", kind: text(func(c *Config) *string { return &c.Replication.KeyFile }, nil)},
	{Name: "tls-client-key-file-pass", Default: "", Secret: true, kind: text(func(c *Config) *string { return &c.Replication.KeyPass }, nil)},
	{Name: "shutdown-timeout", Default: "10", kind: integer(func(c *Config) *int64 { return &c.Replication.ShutdownTimeout }, 0, math.MaxInt32)},
	{Name: "tls-replication", Default: "no", kind: boolean(func(c *Config) *bool { return &c.Replication.TLS })},
}

// The values of repl-diskless-load. A copy of a master is put on the disk before it is
// loaded; or it is loaded as it comes: if the replica has no data, beside those that
// it has, or after they are gone.
const (
	LoadFromDisk    = "disabled"
	LoadIfEmpty     = "on-empty-db"
	LoadBeside      = "swapdb"
	FlushBeforeLoad = "flush-before-load"
)

// minBacklog is the smallest backlog; smaller sizes are raised to it.
const minBacklog = 16 << 10

// backlogKind parses the size of the backlog.
type backlogKind struct{}

var backlogSize = memory(func(c *Config) *int64 { return &c.Replication.BacklogSize }, 1, math.MaxInt64)

func (backlogKind) set(c *Config, words []string) error {
	err := backlogSize.set(c, words)
	c.Replication.BacklogSize = max(c.Replication.BacklogSize, minBacklog)
	return err
}

func (backlogKind) get(c *Config) string { return backlogSize.get(c) }

// masterKind parses "host port", or "no one".
type masterKind struct{}

func (masterKind) set(c *Config, words []string) error {
	switch {
	case len(words) != 2:
		return errors.New("wrong number of arguments")
	case strings.EqualFold(words[0], "no") && strings.EqualFold(words[1], "one"):
		c.Replication.Host, c.Replication.Port = "", 0
		return nil
	}
	port, err := strconv.ParseInt(words[1], 10, 64)
	if err != nil || port < 0 || port > 65535 {
		return errors.New("Invalid master port")
	}
	c.Replication.Host, c.Replication.Port = words[0], port
	return nil
}

func (masterKind) get(c *Config) string {
	if c.Replication.Host == "" {
		return ""
	}
	return c.Replication.Host + " " + strconv.FormatInt(c.Replication.Port, 10)
}

// lines returns the line for the file; a master needs none.
func (k masterKind) lines(c *Config) []rewritten {
	if c.Replication.Host == "" {
		return nil
	}
	return []rewritten{{"replicaof " + k.get(c), true}}
}
