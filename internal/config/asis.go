package config

import (
	"errors"
	"fmt"
	"math"
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
	fixed("locale-collate", "", anyText),
	alias("min-slaves-to-write", fixed("min-replicas-to-write", "0", number)),
	fixed("oom-score-adj", "no", oneOf("no", "yes", "relative", "absolute")),
	alias("slaveof", several(immutable(fixed("replicaof", "", anyText)))),
}

// processSettings are about the process that the server is in. The program
// resp-server acts on them; a library leaves them to the program around it.
var processSettings = []Param{
	immutable(inert("daemonize", "no", yesNo)),
	immutable(inert("supervised", "no", oneOf("upstart", "systemd", "auto", "no"))),
	immutable(inert("syslog-enabled", "no", yesNo)),
	immutable(inert("syslog-facility", "local0", oneOf("user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"))),
	immutable(inert("syslog-ident", "redis", anyText)),
}

// inertSettings tune how the C server works inside (its timers, threads and
// allocator), or a feature that the server does not have or that is off. No
// client can see a difference, so any value is kept and shown.
var inertSettings = []Param{
	inert("active-defrag-cycle-max", "25", between(1, 99)),
	inert("active-defrag-cycle-min", "1", between(1, 99)),
	inert("active-defrag-ignore-bytes", "104857600", size),
	inert("active-defrag-max-scan-fields", "1000", between(1, math.MaxInt64)),
	inert("active-defrag-threshold-lower", "10", between(0, 1000)),
	inert("active-defrag-threshold-upper", "100", between(0, 1000)),
	inert("active-expire-effort", "1", number),
	inert("activerehashing", "yes", yesNo),
	immutable(inert("always-show-logo", "no", yesNo)),
	inert("aof-load-truncated", "yes", yesNo),
	alias("aof_rewrite_cpulist", immutable(inert("aof-rewrite-cpulist", "", anyText))),
	inert("aof-rewrite-incremental-fsync", "yes", yesNo),
	inert("aof-timestamp-enabled", "no", yesNo),
	inert("aof-use-rdb-preamble", "yes", yesNo),
	immutable(inert("appenddirname", "appendonlydir", anyText)),
	immutable(inert("appendfilename", "appendonly.aof", anyText)),
	inert("appendfsync", "everysec", oneOf("everysec", "always", "no")),
	inert("auto-aof-rewrite-min-size", "67108864", size),
	inert("auto-aof-rewrite-percentage", "100", number),
	alias("bgsave_cpulist", immutable(inert("bgsave-cpulist", "", anyText))),
	alias("bio_cpulist", immutable(inert("bio-cpulist", "", anyText))),
	inert("cluster-allow-pubsubshard-when-down", "yes", yesNo),
	inert("cluster-allow-reads-when-down", "no", yesNo),
	inert("cluster-allow-replica-migration", "yes", yesNo),
	inert("cluster-announce-bus-port", "0", between(0, 65535)),
	inert("cluster-announce-hostname", "", anyText),
	inert("cluster-announce-human-nodename", "", anyText),
	inert("cluster-announce-ip", "", anyText),
	inert("cluster-announce-port", "0", between(0, 65535)),
	inert("cluster-announce-tls-port", "0", between(0, 65535)),
	immutable(inert("cluster-config-file", "nodes.conf", anyText)),
	inert("cluster-link-sendbuf-limit", "0", size),
	inert("cluster-migration-barrier", "1", between(0, math.MaxInt32)),
	inert("cluster-node-timeout", "15000", between(0, math.MaxInt64)),
	immutable(inert("cluster-port", "0", between(0, 65535))),
	inert("cluster-preferred-endpoint-type", "ip", oneOf("ip", "hostname", "unknown-endpoint")),
	alias("cluster-slave-no-failover", inert("cluster-replica-no-failover", "no", yesNo)),
	alias("cluster-slave-validity-factor", inert("cluster-replica-validity-factor", "10", between(0, math.MaxInt32))),
	inert("cluster-require-full-coverage", "yes", yesNo),
	inert("crash-log-enabled", "yes", yesNo),
	inert("crash-memcheck-enabled", "yes", yesNo),
	immutable(inert("disable-thp", "yes", yesNo)),
	inert("dual-channel-replication-enabled", "no", yesNo),
	inert("dynamic-hz", "yes", yesNo),
	inert("hide-user-data-from-log", "no", yesNo),
	inert("hz", "10", number),
	inert("ignore-warnings", "", anyText),
	immutable(inert("io-threads", "1", number)),
	immutable(inert("io-threads-do-reads", "no", yesNo)),
	inert("jemalloc-bg-thread", "yes", yesNo),
	inert("list-compress-depth", "0", number),
	secret(inert("masterauth", "", anyText)),
	secret(inert("masteruser", "", anyText)),
	inert("max-new-connections-per-cycle", "10", between(1, 1000)),
	inert("max-new-tls-connections-per-cycle", "1", between(1, 1000)),
	alias("min-slaves-max-lag", inert("min-replicas-max-lag", "10", number)),
	inert("no-appendfsync-on-rewrite", "no", yesNo),
	several(inert("oom-score-adj-values", "0 200 800", anyText)),
	inert("proc-title-template", "{title} {listen-addr} {server-mode}", anyText),
	inert("propagation-error-behavior", "ignore", oneOf("ignore", "panic", "panic-on-replicas")),
	inert("rdb-del-sync-files", "no", yesNo),
	inert("rdb-save-incremental-fsync", "yes", yesNo),
	inert("repl-backlog-size", "1048576", size),
	inert("repl-backlog-ttl", "3600", number),
	inert("repl-disable-tcp-nodelay", "no", yesNo),
	inert("repl-diskless-load", "disabled", oneOf("disabled", "on-empty-db", "swapdb", "flush-before-load")),
	inert("repl-diskless-sync", "yes", yesNo),
	inert("repl-diskless-sync-delay", "5", number),
	inert("repl-diskless-sync-max-replicas", "0", number),
	alias("repl-ping-slave-period", inert("repl-ping-replica-period", "10", between(1, math.MaxInt32))),
	inert("repl-timeout", "60", number),
	alias("slave-announce-ip", inert("replica-announce-ip", "", anyText)),
	alias("slave-announce-port", inert("replica-announce-port", "0", between(0, 65535))),
	inert("replica-announced", "yes", yesNo),
	inert("replica-ignore-disk-write-errors", "no", yesNo),
	alias("slave-ignore-maxmemory", inert("replica-ignore-maxmemory", "yes", yesNo)),
	alias("slave-lazy-flush", inert("replica-lazy-flush", "no", yesNo)),
	alias("slave-priority", inert("replica-priority", "100", number)),
	alias("slave-read-only", inert("replica-read-only", "yes", yesNo)),
	alias("slave-serve-stale-data", inert("replica-serve-stale-data", "yes", yesNo)),
	inert("sanitize-dump-payload", "no", oneOf("no", "yes", "clients")), // every payload is
	alias("server_cpulist", immutable(inert("server-cpulist", "", anyText))),
	immutable(inert("set-proc-title", "yes", yesNo)),
	inert("shutdown-timeout", "10", between(0, math.MaxInt32)),
	inert("tls-client-cert-file", "", anyText),
	inert("tls-client-key-file", "", anyText),
	secret(inert("tls-client-key-file-pass", "", anyText)),
	inert("tls-cluster", "no", yesNo),
	inert("tls-dh-params-file", "", anyText),
	inert("tls-prefer-server-ciphers", "no", yesNo),
	inert("tls-replication", "no", yesNo),
	inert("tls-session-cache-size", "20480", between(0, math.MaxInt32)),
	inert("tls-session-cache-timeout", "300", between(0, math.MaxInt32)),
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

func secret(p Param) Param {
	p.Secret = true
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
		err = unsupportedError(k.value)
	}
	return err
}

// unsupportedError is that of a good value for which a feature is missing. It
// holds the only value that works.
type unsupportedError string

func (e unsupportedError) Error() string { return "only '" + string(e) + "' is supported" }

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

// between reads a number in bounds.
func between(lo, hi int64) reader {
	return func(s string) (string, error) {
		n, err := parseInt(s)
		if err == nil && (n < lo || n > hi) {
			err = fmt.Errorf("argument must be between %d and %d inclusive", lo, hi)
		}
		return strconv.FormatInt(n, 10), err
	}
}

func size(s string) (string, error) {
	n, err := ParseMemory(s)
	return strconv.FormatInt(n, 10), err
}
