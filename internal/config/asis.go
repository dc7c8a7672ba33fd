package config

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// fixedSettings say what the server is or does in any case. Files and clients
// may say the same; another value would need a feature that is not there, and
// is refused.
var fixedSettings = []Param{
	fixed("activedefrag", "no", yesNo),
	fixed("appendonly", "no", yesNo),
	fixed("bind-source-addr", "", anyText),
	immutable(fixed("cluster-enabled", "no", yesNo)),
	immutable(fixed("daemonize", "no", yesNo)),
	immutable(fixed("enable-module-command", "no", oneOf("no", "yes", "local"))),
	fixed("latency-monitor-threshold", "0", number),
	fixed("locale-collate", "", anyText),
	fixed("masterauth", "", anyText),
	fixed("masteruser", "", anyText),
	fixed("maxmemory", "0", size),
	fixed("maxmemory-policy", "noeviction", oneOf("volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
		"allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction")),
	alias("min-slaves-to-write", fixed("min-replicas-to-write", "0", number)),
	fixed("oom-score-adj", "no", oneOf("no", "yes", "relative", "absolute")),
	alias("slaveof", several(immutable(fixed("replicaof", "", anyText)))),
	immutable(fixed("supervised", "no", oneOf("no", "upstart", "systemd", "auto"))),
	immutable(fixed("syslog-enabled", "no", yesNo)),
	fixed("tls-port", "0", number),
}

// inertSettings tune how the C server works inside (its timers, threads and
// allocator), or a feature that the server does not have or that is off. No
// client can see a difference, so any value is kept and shown.
var inertSettings = []Param{
	inert("active-expire-effort", "1", number),
	inert("activerehashing", "yes", yesNo),
	immutable(inert("always-show-logo", "no", yesNo)),
	inert("aof-load-truncated", "yes", yesNo),
	inert("aof-rewrite-incremental-fsync", "yes", yesNo),
	inert("aof-timestamp-enabled", "no", yesNo),
	inert("aof-use-rdb-preamble", "yes", yesNo),
	immutable(inert("appenddirname", "appendonlydir", anyText)),
	immutable(inert("appendfilename", "appendonly.aof", anyText)),
	inert("appendfsync", "everysec", oneOf("everysec", "always", "no")),
	inert("auto-aof-rewrite-min-size", "67108864", size),
	inert("auto-aof-rewrite-percentage", "100", number),
	immutable(inert("disable-thp", "yes", yesNo)),
	inert("dynamic-hz", "yes", yesNo),
	inert("hz", "10", number),
	immutable(inert("io-threads", "1", number)),
	inert("jemalloc-bg-thread", "yes", yesNo),
	inert("lazyfree-lazy-eviction", "no", yesNo),
	inert("lazyfree-lazy-expire", "no", yesNo),
	inert("lazyfree-lazy-server-del", "no", yesNo),
	inert("lazyfree-lazy-user-del", "no", yesNo),
	inert("lazyfree-lazy-user-flush", "no", yesNo),
	inert("lfu-decay-time", "1", number),
	inert("lfu-log-factor", "10", number),
	inert("list-compress-depth", "0", number),
	inert("maxmemory-eviction-tenacity", "10", number),
	inert("maxmemory-samples", "5", number),
	alias("min-slaves-max-lag", inert("min-replicas-max-lag", "10", number)),
	inert("no-appendfsync-on-rewrite", "no", yesNo),
	several(inert("oom-score-adj-values", "0 200 800", anyText)),
	inert("proc-title-template", "{title} {listen-addr} {server-mode}", anyText),
	inert("rdb-del-sync-files", "no", yesNo),
	inert("rdb-save-incremental-fsync", "yes", yesNo),
	inert("repl-backlog-size", "1048576", size),
	inert("repl-backlog-ttl", "3600", number),
	inert("repl-disable-tcp-nodelay", "no", yesNo),
	inert("repl-diskless-load", "disabled", oneOf("disabled", "on-empty-db", "swapdb", "flush-before-load")),
	inert("repl-diskless-sync", "yes", yesNo),
	inert("repl-diskless-sync-delay", "5", number),
	inert("repl-diskless-sync-max-replicas", "0", number),
	inert("repl-timeout", "60", number),
	alias("slave-lazy-flush", inert("replica-lazy-flush", "no", yesNo)),
	alias("slave-priority", inert("replica-priority", "100", number)),
	alias("slave-read-only", inert("replica-read-only", "yes", yesNo)),
	alias("slave-serve-stale-data", inert("replica-serve-stale-data", "yes", yesNo)),
	inert("sanitize-dump-payload", "no", oneOf("no", "yes", "clients")), // every payload is
	immutable(inert("set-proc-title", "yes", yesNo)),
}

func fixed(name, value string, read reader) Param {
	return Param{Name: name, Default: value, kind: fixedKind{value, read}}
}

func inert(name, value string, read reader) Param {
	return Param{Name: name, Default: value, kind: inertKind{name, read}}
}

func immutable(p Param) Param {
	p.Immutable = true
	return p
}

func several(p Param) Param {
	p.Multi = true
	return p
}

func alias(name string, p Param) Param {
	p.Alias = name
	return p
}

type fixedKind struct {
	value string
	read  reader
}

func (k fixedKind) set(_ *Config, words []string) error {
	v, err := k.read(strings.Join(words, " "))
	if err == nil && v != k.value {
		err = errors.New("only '" + k.value + "' is supported")
	}
	return err
}

func (k fixedKind) get(*Config) string { return k.value }

type inertKind struct {
	name string
	read reader
}

func (k inertKind) set(c *Config, words []string) error {
	v, err := k.read(strings.Join(words, " "))
	if err == nil {
		c.inert[k.name] = v
	}
	return err
}

func (k inertKind) get(c *Config) string { return c.inert[k.name] }

// A reader checks a value and returns it as CONFIG GET shows it.
type reader func(string) (string, error)

func anyText(s string) (string, error) { return s, nil }

func yesNo(s string) (string, error) {
	return oneWord(s, []string{"yes", "no"}, "argument must be 'yes' or 'no'")
}

func oneOf(words ...string) reader {
	complaint := "argument(s) must be one of the following: " + strings.Join(words, ", ")
	return func(s string) (string, error) { return oneWord(s, words, complaint) }
}

func oneWord(s string, words []string, complaint string) (string, error) {
	s = strings.ToLower(s)
	if !slices.Contains(words, s) {
		return "", errors.New(complaint)
	}
	return s, nil
}

func number(s string) (string, error) {
	n, err := parseInt(s)
	return strconv.FormatInt(n, 10), err
}

func size(s string) (string, error) {
	n, err := ParseMemory(s)
	return strconv.FormatInt(n, 10), err
}
