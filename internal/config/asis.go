package config

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// processSettings concern the whole process. The program resp-server applies them;
// a library leaves them to its program.
var processSettings = []Param{
	program(immutable(inert("always-show-logo", "no", yesNo))),
	program(immutable(inert("daemonize", "no", yesNo))),
	program(immutable(inert("supervised", "no", oneOf("upstart", "systemd", "auto", "no")))),
	program(immutable(inert("syslog-enabled", "no", yesNo))),
	program(immutable(inert("syslog-facility", "local0", oneOf("user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7")))),
	program(immutable(inert("syslog-ident", "redis", anyText))),
}

// fixedSettings have the only value that the server supports. Files and clients may
// set this value. Another one would need a feature that the server lacks, so it is
// refused: without the feature data could be lost or read by others.
var fixedSettings = slices.Concat(
	because("users are not taken from certificates",
		came("Redis 8.6", fixed("tls-auth-clients-user", "off", oneOf("off", "cn", "uri")))),
	because("there is no RDMA",
		foreign("Valkey 8", several(fixed("rdma-bind", "", anyText))),
		foreign("Valkey 8", fixed("rdma-port", "0", between(0, 65535))),
	),
	because("files of a later format may hold what is not known here",
		foreign("Valkey 8", fixed("rdb-version-check", "strict", oneOf("strict", "relaxed")))),
	because("keys expire in any case",
		foreign("Valkey 8", fixed("import-mode", "no", yesNo))),
	because("scripts could leave their sandbox",
		came("Redis 8.0", hidden(immutable(fixed("lua-enable-deprecated-api", "no", yesNo)))),
		foreign("Valkey 8", fixed("lua-enable-insecure-api", "no", yesNo)),
	),
	because("Gopher is gone since Redis 7.0",
		foreign("Redis until 6.2", fixed("gopher-enabled", "no", yesNo))),
)

// inertSettings tune the inside of the C server, or a feature that the server lacks
// or that is off. No client can see a difference, so the server accepts and shows
// any value that Redis accepts.
var inertSettings = slices.Concat(
	because("Go's allocator and garbage collector leave nothing to defragment",
		inert("activedefrag", "no", yesNo),
		inert("active-defrag-cycle-max", "25", between(1, 99)),
		inert("active-defrag-cycle-min", "1", between(1, 99)),
		foreign("Valkey 8", inert("active-defrag-cycle-us", "500", between(0, 100_000))),
		inert("active-defrag-ignore-bytes", "104857600", sizeBetween(1, math.MaxInt64)),
		inert("active-defrag-max-scan-fields", "1000", between(1, math.MaxInt64)),
		inert("active-defrag-threshold-lower", "10", between(0, 1000)),
		inert("active-defrag-threshold-upper", "100", between(0, 1000)),
		inert("jemalloc-bg-thread", "yes", yesNo),
	),
	because("there is no periodic work: a timer is set for what is due next, and tables grow and shrink in small steps",
		inert("active-expire-effort", "1", between(1, 10)),
		inert("activerehashing", "yes", yesNo),
		inert("dynamic-hz", "yes", yesNo),
		inert("hz", "10", frequency),
		came("Redis 8.2", hidden(inert("lazyexpire-nested-arbitrary-keys", "yes", yesNo))),
	),
	because("memory is freed by the garbage collector, beside the commands",
		alias("slave-lazy-flush", inert("replica-lazy-flush", "no", yesNo))),
	because("the nodes of lists are not compressed; what DUMP and files hold is read either way",
		inert("list-compress-depth", "0", between(0, math.MaxInt32))),
	because("the threads of io-threads always read, and the system decides where they run",
		until("8.0", immutable(inert("io-threads-do-reads", "no", yesNo))),
		foreign("Valkey 9", hidden(inert("io-threads-always-active", "no", yesNo))),
		foreign("Valkey 8", inert("events-per-io-thread", "2", between(0, math.MaxInt32))),
		foreign("Valkey 9", hidden(inert("min-io-threads-avoid-copy-reply", "7", between(0, math.MaxInt32)))),
		foreign("Valkey 9", hidden(inert("min-string-size-avoid-copy-reply", "16384", sizeBetween(0, math.MaxInt64)))),
		foreign("Valkey 9", hidden(inert("min-string-size-avoid-copy-reply-threaded", "65536", sizeBetween(0, math.MaxInt64)))),
		came("Redis 8.2", hidden(inert("prefetch-batch-max-size", "16", between(0, 128)))),
		came("Redis 8.4", inert("lookahead", "16", between(1, math.MaxInt32))),
		came("Redis 7.4", inert("max-new-connections-per-cycle", "10", between(1, 1000))),
		came("Redis 7.4", alias("server_cpulist", immutable(inert("server-cpulist", "", anyText)))),
		came("Redis 7.4", alias("bio_cpulist", immutable(inert("bio-cpulist", "", anyText)))),
		came("Redis 7.4", alias("bgsave_cpulist", immutable(inert("bgsave-cpulist", "", anyText)))),
		came("Redis 7.4", alias("aof_rewrite_cpulist", immutable(inert("aof-rewrite-cpulist", "", anyText)))),
	),
	because("it is about the process of the C server: its title, huge pages, crash reports and debuggers",
		inert("crash-log-enabled", "yes", yesNo),
		inert("crash-memcheck-enabled", "yes", yesNo),
		foreign("Valkey 8", hidden(inert("debug-context", "", anyText))),
		immutable(inert("disable-thp", "yes", yesNo)),
		foreign("Valkey 8", hidden(immutable(inert("enable-debug-assert", "no", yesNo)))),
		inert("ignore-warnings", "", anyText),
		inert("proc-title-template", "{title} {listen-addr} {server-mode}", titleTemplate),
		immutable(inert("set-proc-title", "yes", yesNo)),
		hidden(inert("use-exit-on-panic", "no", yesNo)),
		hidden(inert("watchdog-period", "0", watchdogPeriod)),
	),
	because("values of users are never written to the log",
		came("Redis 7.4", inert("hide-user-data-from-log", "no", yesNo))),
	because("the program around the server decides what its log looks like",
		foreign("Valkey 8", inert("log-format", "legacy", oneOf("legacy", "logfmt"))),
		foreign("Valkey 8", inert("log-timestamp-format", "legacy", oneOf("legacy", "iso8601", "milliseconds"))),
	),
	because("strings are compared byte by byte; other locales than C are refused",
		came("Redis 7.2", inert("locale-collate", "", locale))),
	because("a file is written as fast as it can be",
		inert("rdb-save-incremental-fsync", "yes", yesNo),
	),
	because("every payload is checked in full",
		inert("sanitize-dump-payload", "no", oneOf("no", "yes", "clients"))),
	because("it is for what tells or keeps more about a server than this one does",
		foreign("Valkey 8", inert("availability-zone", "", anyText)),
		foreign("Valkey 8", inert("extended-redis-compatibility", "no", yesNo)),
		foreign("Valkey 9", immutable(inert("hash-seed", "", anyText))),
		came("Redis 8.6", inert("key-memory-histograms", "no", yesNo)),
	),
	because("there are no vector sets",
		came("Redis 8.2", inert("vset-force-single-threaded-execution", "no", yesNo)),
	),
	because("they belong to what clusters of later versions do",
		foreign("Valkey 8", inert("cluster-announce-client-ipv4", "", anyText)),
		foreign("Valkey 8", inert("cluster-announce-client-ipv6", "", anyText)),
		foreign("Valkey 9", inert("cluster-announce-client-port", "0", between(0, 65535))),
		foreign("Valkey 9", inert("cluster-announce-client-tls-port", "0", between(0, 65535))),
		foreign("Valkey 8", inert("cluster-blacklist-ttl", "60", between(0, math.MaxInt64))),
		came("Redis 8.0", inert("cluster-compatibility-sample-ratio", "0", between(0, 100))),
		foreign("Valkey 9", inert("cluster-config-save-behavior", "sync", oneOf("sync", "best-effort"))),
		foreign("Valkey 9", immutable(inert("cluster-databases", "1", between(1, math.MaxInt32)))),
		foreign("Valkey 8", inert("cluster-manual-failover-timeout", "5000", between(1, math.MaxInt32))),
		foreign("Valkey 9", inert("cluster-message-gossip-perc", "10", between(1, 100))),
		came("Redis 8.4", inert("cluster-slot-migration-handoff-max-lag-bytes", "1048576", sizeBetween(0, math.MaxInt64))),
		foreign("Valkey 9", inert("cluster-slot-migration-log-max-len", "1000", between(0, math.MaxInt64))),
		came("Redis 8.4", hidden(inert("cluster-slot-migration-max-archived-tasks", "32", between(1, math.MaxInt32)))),
		came("Redis 8.4", hidden(inert("cluster-slot-migration-sync-buffer-drain-timeout", "60000", between(0, math.MaxInt64)))),
		came("Redis 8.4", inert("cluster-slot-migration-write-pause-timeout", "10000", between(0, math.MaxInt64))),
		foreign("Valkey 9", inert("slot-migration-max-failover-repl-bytes", "0", anyText)),
	),
	because("a full copy is sent to replicas from memory, never from a file, and taken over by them when it is complete",
		foreign("Valkey 8", inert("dual-channel-replication-enabled", "no", yesNo)),
		inert("rdb-del-sync-files", "no", yesNo),
		came("Redis 8.0", hidden(inert("repl-rdb-channel", "yes", yesNo))),
		came("Redis 8.0", inert("replica-full-sync-buffer-limit", "0", sizeBetween(0, math.MaxInt64))),
	),
	because("what a master sends is carried out in any case, and errors in it are logged",
		inert("propagation-error-behavior", "ignore", oneOf("ignore", "panic", "panic-on-replicas")),
		inert("replica-ignore-disk-write-errors", "no", yesNo),
	),
	because("the link to replicas uses TCP as all connections do",
		inert("repl-disable-tcp-nodelay", "no", yesNo),
		foreign("Valkey 9", inert("repl-mptcp", "no", yesNo)),
	),
	because("TLS is that of Go: it accepts connections as they come, chooses ciphers and keys by itself, keeps sessions with the clients, and reads certificates when CONFIG SET names them",
		came("Redis 7.4", inert("max-new-tls-connections-per-cycle", "1", between(1, 1000))),
		foreign("Valkey 9", inert("tls-auto-reload-interval", "0", between(0, math.MaxInt32))),
		inert("tls-dh-params-file", "", anyText),
		inert("tls-prefer-server-ciphers", "no", yesNo),
		inert("tls-session-cache-size", "20480", between(0, math.MaxInt32)),
		inert("tls-session-cache-timeout", "300", between(0, math.MaxInt32)),
	),
	because("there is no RDMA",
		foreign("Valkey 8", immutable(inert("rdma-completion-vector", "-1", between(-1, 1024)))),
		foreign("Valkey 8", immutable(inert("rdma-rx-size", "1048576", between(64<<10, 16<<20)))),
	),
)

// because sets the reason why rows have no effect, or only one value.
func because(why string, rows ...Param) []Param {
	for i := range rows {
		rows[i].Why = why
	}
	return rows
}

// foreign marks a setting that no version of Redis has, or no later one than 6.2.
// Patterns of CONFIG GET do not list it.
func foreign(from string, p Param) Param {
	p.From, p.Hidden = from, true
	return p
}

// came is for settings that are newer than 7.0.
func came(from string, p Param) Param {
	p.From = from
	return p
}

// until is for settings that a version has no more, and ignores in files.
func until(version string, p Param) Param {
	p.Until = version
	return p
}

func program(p Param) Param {
	p.Program = true
	return p
}

func hidden(p Param) Param {
	p.Hidden = true
	return p
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
		err = unsupportedError(k.value)
	}
	return err
}

// unsupportedError is the error for a valid value that needs a missing feature. It
// holds the only supported value.
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

// A reader parses a value and returns it as CONFIG GET shows it.
type reader func(string) (string, error)

func anyText(s string) (string, error) { return s, nil }

func yesNo(s string) (string, error) {
	return oneWord(s, []string{"yes", "no"}, "argument must be 'yes' or 'no'")
}

func oneOf(words ...string) reader { return oneOfOr(nil, words...) }

// oneOfOr is oneOf with more words, of later versions, which the error does not
// mention.
func oneOfOr(later []string, words ...string) reader {
	complaint := "argument(s) must be one of the following: " + strings.Join(words, ", ")
	all := slices.Concat(words, later)
	return func(s string) (string, error) { return oneWord(s, all, complaint) }
}

func oneWord(s string, words []string, complaint string) (string, error) {
	s = strings.ToLower(s)
	if !slices.Contains(words, s) {
		return "", errors.New(complaint)
	}
	return s, nil
}

// between reads a number within bounds.
func between(lo, hi int64) reader {
	return func(s string) (string, error) {
		n, err := parseInt(s)
		if err == nil && (n < lo || n > hi) {
			err = outOfBounds(lo, hi)
		}
		return strconv.FormatInt(n, 10), err
	}
}

// frequency reads a number and clamps it to narrower bounds.
func frequency(s string) (string, error) { return atLeastAtMost(between(0, math.MaxInt32), 1, 500)(s) }

// watchdogPeriod reads a time in ms, and raises a short one to the minimum.
func watchdogPeriod(s string) (string, error) {
	if s == "0" {
		return s, nil
	}
	return atLeastAtMost(between(0, math.MaxInt32), 200, math.MaxInt32)(s)
}

// atLeastAtMost clamps numbers to bounds.
func atLeastAtMost(read reader, least, most int64) reader {
	return func(s string) (string, error) {
		s, err := read(s)
		if err == nil {
			n, _ := parseInt(s)
			s = strconv.FormatInt(min(max(n, least), most), 10)
		}
		return s, err
	}
}

// sizeBetween reads a size within bounds.
func sizeBetween(lo, hi int64) reader {
	return func(s string) (string, error) {
		n, err := ParseMemory(s)
		if err == nil && (n < lo || n > hi) {
			err = outOfBounds(lo, hi)
		}
		return strconv.FormatInt(n, 10), err
	}
}

func outOfBounds(lo, hi int64) error {
	return fmt.Errorf("argument must be between %d and %d inclusive", lo, hi)
}

// hostName reads a host name, which may be empty.
func hostName(s string) (string, error) {
	const most = 255
	switch {
	case len(s) > most:
		return "", fmt.Errorf("Hostnames must be less than %d characters", most+1)
	case strings.ContainsFunc(s, func(r rune) bool { return !isAlphanumeric(r) && r != '-' && r != '.' }):
		return "", errors.New("Hostnames may only contain alphanumeric characters, hyphens or dots")
	}
	return s, nil
}

func isAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}

// nodeName reads a name that is valid in a line of nodes.conf.
func nodeName(s string) (string, error) {
	if strings.ContainsAny(s, "!#$%&()*+:;<>?@[]^{|}~") {
		return "", errors.New("Announced human node name contained invalid character")
	}
	return s, nil
}

// titleTemplate reads a text with variables in braces.
func titleTemplate(s string) (string, error) {
	known := []string{"title", "listen-addr", "server-mode", "port", "tls-port", "unixsocket", "config-file"}
	invalid := errors.New("template format is invalid or contains unknown variables")
	for rest := s; ; {
		_, after, found := strings.Cut(rest, "{")
		if !found {
			break
		}
		name, after, found := strings.Cut(after, "}")
		if !found || !slices.Contains(known, name) {
			return "", invalid
		}
		rest = after
	}
	if strings.TrimSpace(strings.ReplaceAll(s, "{title}", "")) == "" {
		return "", invalid
	}
	return s, nil
}

// locale reads the name of a locale that compares strings byte by byte.
func locale(s string) (string, error) {
	if !slices.Contains([]string{"", "C", "POSIX", "C.UTF-8", "C.utf8"}, s) {
		return "", errors.New("Invalid locale name")
	}
	return s, nil
}
