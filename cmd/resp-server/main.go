// Command resp-server is a Redis-compatible server in one binary.
//
// It takes the arguments of redis-server: a redis.conf, and every directive as an
// option. A test should start it with --port 0, --ready-file and
// --exit-with-parent, so that it need not guess a port, poll or clean up.
package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/aof"
	"github.com/resp-server/resp-server/internal/rediscli"
)

const usage = `Usage: resp-server [redis.conf] [--directive value ...] [-]
       resp-server ping [redis.conf] [--directive value ...] | ping --pid N
       resp-server redis-cli [options] [command]
       resp-server redis-check-aof [--fix | --truncate-to-timestamp N] FILE
       resp-server replay FILE --to HOST:PORT|/SOCKET|URL
       resp-server cluster [--masters N] [--replicas N] [--port N] [options]
       resp-server version | --version | --help
       resp-server --check-system | --test-memory MEGABYTES

Options
  --port N, -p N        TCP port, 6379 by default; 0 picks a free one
  --bind ADDR ...       addresses, the loopback ones by default; "*" is all IPv4,
                        "::*" all IPv6, "-ADDR" is left out where it does not exist
  --unixsocket PATH     listen on a Unix socket as well
  --tls-auto DIR        accept TLS connections as well, on tls-port or else a free
                        port, with throw-away certificates that it writes to DIR
                        (ca.crt, client.crt, client.key and others)
  --dir DIR             where the RDB file is, the working directory by default;
                        "" reads and writes no files
  --dbfilename NAME     its name, dump.rdb by default
  --save SECONDS N      save the data after so many seconds with N changes, and at
                        the end; without it they are lost unless a client says SAVE
  --load FILE           load data before connections are accepted: an RDB file,
                        commands as redis-cli reads them, or JSON; may be repeated
  --databases N         number of databases, 16 by default
  --maxclients N        number of clients, 10000 by default
  --logfile PATH        write the log there, not to the standard output
  --loglevel LEVEL      debug, verbose, notice (default), warning or nothing
  --daemonize yes       go on in the background once connections are accepted
  --ready-file PATH|FD  when connections are accepted, write {"addr", "port",
                        "pid", "version", "unixsocket", "tls_addr", "inspector"} to a
                        file, or to an inherited file descriptor
  --cluster-emulated    answer as a node that serves all slots of a cluster, on this
                        port alone
  --no-event-loop       give each connection a goroutine, as on other systems than
                        Linux, instead of one thread that waits for all
  --exit-with-parent    stop when the process that started this one is gone
  --testing             allow the command TESTING: the test controls
  --inspector [ADDR]    serve a page that shows what is in the server and what
                        happens there, on a port of this machine or else a free one;
                        the log has its URL. It changes nothing without --testing
  --record FILE         write what clients send and are answered to a file, in the
                        notation of transcripts; passwords are in it
  --acl-user NAME:PASSWORD:ROLE[:KEYS]
                        add a user; roles are read-only, app (all but what concerns the
                        server as a whole) and admin; KEYS is a glob, "*" by default;
                        may be repeated, the name "default" is for those without one
  --strict "RULE LEVEL [LIMIT ...]"
                        find what works in tests and bites in production, such as
                        "all warn": levels are off, warn and error; may be repeated
  --seed N              repeat what is left to chance: with the same seed, clock and
                        commands each reply is the same
  --shuffle             put replies in another order, where Redis leaves that open;
                        the seed is in the log
  -v, --version         print the version as redis-server does
  -h, --help            print this

resp-server replay sends the commands of such a file to any server and shows
which replies differ; then its exit code is 1. The URL is one of redis-cli -u, such
as redis://user:password@host:6379/2, or rediss:// for TLS with --cacert, --cert,
--key and --insecure.

resp-server cluster starts a whole Redis Cluster in this process: --masters, 3 by
default, each with so many --replicas, on --port and the next ones, or free
ports. The ready file has the addresses as "nodes". Other options are those of
each node; nothing is saved.

resp-server ping asks the server that has such arguments, or the arguments of a
process, whether it serves clients; if not, its exit code is 1. resp-server
redis-cli, or a link of that name, sends commands: see redis-cli --help.

resp-server FILE --sentinel, or resp-sentinel FILE by a link of that name, is a
sentinel: it watches the masters that the file names by lines as "sentinel monitor",
and keeps there what it has to know after a restart. Its port is 26379 by default.

redis-check-aof, or a link of that name, checks an append-only file (its manifest,
or a single file of an old version), and cuts off what is not in order or later
than a time in seconds since 1970, of which aof-timestamp-enabled leaves marks.

Every other directive of redis.conf is an option too, also as --directive=value.
A "-" as first or last argument reads more of redis.conf from standard input.
What comes later wins: the file, standard input, the options in their order.

SIGTERM and SIGINT end the server after a last save, if there are save points.
A second SIGINT ends it at once: what was not saved is lost.

Examples
  resp-server
  resp-server --port 0 --ready-file ready.json --exit-with-parent
  resp-server redis.conf --port 7777 --loglevel verbose
  resp-server --dir /var/lib/resp-server --save 60 1
  echo 'maxclients 100' | resp-server -
  resp-server cluster --masters 3 --replicas 1 --port 7000
  resp-server sentinel.conf --sentinel
`

func main() {
	is, args := invocation(os.Args)
	switch is {
	case asClient:
		os.Exit(rediscli.Run(args, os.Stdin, os.Stdout, os.Stderr))
	case asChecker:
		os.Exit(checkAOF(args, os.Stdin, os.Stdout))
	}
	tuneCollector()
	p := &program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, named: is}
	os.Exit(p.run(args))
}

// checkAOF runs redis-check-aof. It returns the exit code.
func checkAOF(args []string, in io.Reader, out io.Writer) int {
	if len(args) == 1 && (args[0] == "-v" || args[0] == "--version") {
		fmt.Fprintln(out, "redis-check-aof", respserver.RedisVersion)
		return 0
	}
	return aof.CheckProgram(args, in, out)
}

// program is a run of the binary.
type program struct {
	stdin          io.Reader
	stdout, stderr *os.File

	named role // what its name says that it is

	*arguments
	lines      []string // of redis.conf
	background bool     // daemonize started this process

	log     *slog.Logger // nil until the settings for the log are known
	logSink *logSink
	level   slog.LevelVar
}

// run is the whole program. It returns the exit code.
func (p *program) run(args []string) int {
	if len(args) > 0 {
		switch args[0] {
		case "version":
			io.WriteString(p.stdout, ownVersion())
			return 0
		case "replay":
			return replay(args[1:], p.stdout, p.stderr)
		case "cluster":
			return p.runCluster(args[1:])
		case "ping":
			return ping(args[1:], p.stdout, p.stderr)
		case "--check-system":
			return checkSystem(p.stdout)
		case "--test-memory":
			return testMemory(args[1:], p.stdout, p.stderr)
		}
	}
	if isShell(args) {
		return p.fail(becomeShell(args))
	}
	p.background = inBackground()
	var err error
	if p.arguments, err = parseArgs(args); err != nil {
		return p.fail(err)
	}
	p.sentinel = p.sentinel || p.named == asSentinel
	switch {
	case p.help:
		io.WriteString(p.stdout, usage)
		return 0
	case p.version:
		io.WriteString(p.stdout, redisVersion())
		return 0
	}
	if p.file != "" { // because the working directory changes
		if p.file, err = filepath.Abs(p.file); err != nil {
			return p.fail(err)
		}
	}
	if p.record != "" { // because the working directory changes
		if p.record, err = filepath.Abs(p.record); err != nil {
			return p.fail(err)
		}
	}
	if p.background {
		read := respserver.ReadConfigs
		if p.sentinel {
			read = respserver.ReadSentinelConfigs
		}
		p.lines, err = read(respserver.ConfigSource{Name: commandLine, Reader: p.stdin})
	} else {
		p.lines, err = p.settings(p.stdin)
	}
	if err != nil {
		return p.fail(err)
	}
	return p.start()
}

// setting returns the value of a setting at the start.
func (p *program) setting(name string) string { return respserver.Setting(p.lines, name) }

// start prepares the process according to the settings, and serves.
func (p *program) start() int {
	before, err := os.Getwd()
	if err != nil {
		return p.fail(err)
	}
	// The paths of other settings are relative to this one, as in redis-server.
	dir := p.setting("dir")
	if dir != "" {
		if err := os.Chdir(dir); err != nil {
			return p.fail(fmt.Errorf("Can't chdir to '%s': %s", dir, systemError(err)))
		}
		p.lines = slices.DeleteFunc(p.lines, func(line string) bool { // relative paths now mean something else
			return strings.EqualFold(strings.Trim(strings.Fields(line)[0], `"'`), "dir")
		})
		p.lines = append(p.lines, "dir "+quote(dir))
	}
	p.ready = p.ready.in(before)
	if err := p.openLog(); err != nil {
		return p.fail(err)
	}
	boss := supervise(p.setting("supervised"), p.log)
	if p.setting("daemonize") == "yes" && !p.background && !boss.active() {
		if p.exitWithParent {
			return p.fail(errors.New("--exit-with-parent and daemonize can't go together"))
		}
		if p.setting("pidfile") == "" {
			p.lines = append(p.lines, "pidfile /var/run/redis.pid") // as in redis-server
		}
		code, err := daemonize(p.lines, before, p.stderr)
		if err != nil {
			return p.fail(fmt.Errorf("daemonize: %w", err))
		}
		return code
	}
	return p.serve(boss)
}

// openLog starts the log.
func (p *program) openLog() error {
	var w io.Writer = p.stdout
	if name := p.setting("logfile"); name != "" {
		path, err := filepath.Abs(name)
		if err != nil {
			return err
		}
		f, err := logFile(path).open()
		if err != nil {
			return fmt.Errorf("Can't open the log file: %s", systemError(err))
		}
		f.Close()
		w = logFile(path)
	}
	p.level.Set(map[string]slog.Level{"debug": slog.LevelDebug, "verbose": levelVerbose,
		"warning": slog.LevelWarn, "nothing": slog.LevelError + 1}[p.setting("loglevel")]) // notice: slog.LevelInfo
	h := newLogHandler(w, &p.level)
	p.log, p.logSink = slog.New(h), h.logSink
	if p.setting("syslog-enabled") == "yes" {
		var err error
		if h.syslog, err = openSyslog(p.setting("syslog-ident"), p.setting("syslog-facility")); err != nil {
			return fmt.Errorf("syslog-enabled: %w", err)
		}
	}
	return nil
}

// fail reports why the program ends, in the log and on standard error, but once if
// both are the same. It returns the exit code.
func (p *program) fail(err error) int {
	const code = 1
	if at := (*respserver.ConfigError)(nil); errors.As(err, &at) {
		complain(p.stderr, at)
		return code
	}
	text := strings.TrimPrefix(err.Error(), "respserver: ")
	if p.log != nil {
		separator := ": "
		if strings.HasPrefix(text, "loading ") {
			separator = " " // as redis-server prints it
		}
		p.log.Warn("Fatal error" + separator + text + ". Exiting.")
	}
	if p.log == nil || !p.logsTo(p.stderr) {
		fmt.Fprintf(p.stderr, "resp-server: %s\n", text)
	}
	return code
}

// logsTo reports whether the log writes errors to a stream.
func (p *program) logsTo(f *os.File) bool {
	return p.logSink.w == io.Writer(p.stdout) && p.level.Level() <= slog.LevelWarn && sameStream(p.stdout, f)
}
