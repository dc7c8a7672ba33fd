// Command resp-server is a Redis-compatible server in one binary.
//
// It takes the arguments of redis-server: a redis.conf, and every directive of
// it as an option. Started by a test it should be given --port 0, --ready-file
// and --exit-with-parent: then nothing has to be guessed, polled or cleaned up.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	respserver "github.com/resp-server/resp-server"
)

const usage = `Usage: resp-server [redis.conf] [--directive value ...] [-]

Options
  --port N              TCP port, 6379 by default; 0 picks a free one
  --bind ADDR ...       addresses, the loopback ones by default; "*" is all IPv4,
                        "::*" all IPv6, "-ADDR" is left out where it does not exist
  --unixsocket PATH     listen on a Unix socket as well
  --dir DIR             where the RDB file is, the working directory by default
  --dbfilename NAME     its name, dump.rdb by default
  --databases N         number of databases, 16 by default
  --maxclients N        number of clients, 10000 by default
  --loglevel LEVEL      debug, verbose, notice (default), warning or nothing
  --ready-file PATH|FD  when connections are accepted, write {"addr", "port",
                        "pid", "version", "unixsocket"} to a file, or to an
                        inherited file descriptor
  --no-event-loop       give each connection a goroutine, as on other systems than
                        Linux, instead of one thread that waits for all
  --exit-with-parent    stop when the process that started this one is gone
  -v, --version         print the version
  -h, --help            print this

Every other directive of redis.conf is an option too. A "-" as first or last
argument reads more of redis.conf from standard input. What comes later wins:
the file, standard input, the options in their order.

Examples
  resp-server
  resp-server --port 0 --ready-file ready.json --exit-with-parent
  resp-server redis.conf --port 7777 --loglevel verbose
  echo 'maxclients 100' | resp-server -
`

func main() {
	tuneCollector()
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program; it returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		switch args[0] {
		case "-v", "--version":
			fmt.Fprintf(stdout, "resp-server %s (Redis server v=%s %s/%s)\n",
				respserver.Version, respserver.RedisVersion, runtime.GOOS, runtime.GOARCH)
			return 0
		case "-h", "--help":
			io.WriteString(stdout, usage)
			return 0
		}
	}
	a, err := parseArgs(args)
	if err != nil {
		fmt.Fprintf(stderr, "resp-server: %v\n", err)
		return 1
	}
	lines, err := a.settings(stdin)
	if err != nil {
		complain(stderr, err)
		return 1
	}
	log := stdout
	if name := respserver.Setting(lines, "logfile"); name != "" {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
		if err != nil {
			fmt.Fprintf(stderr, "resp-server: can't open the log file: %v\n", err)
			return 1
		}
		defer f.Close()
		log = f
	}
	return serve(a, lines, stdout, slog.New(newLogHandler(log, respserver.Setting(lines, "loglevel"))), stderr)
}

// shutdown ends a server as the settings want it for a signal. After an error
// it is still there.
func shutdown(srv *respserver.Server, s os.Signal) error {
	name := "shutdown-on-sigterm"
	if s == os.Interrupt {
		name = "shutdown-on-sigint"
	}
	command := []any{"SHUTDOWN"}
	setting, err := srv.Do(context.Background(), "CONFIG", "GET", name)
	if err != nil {
		return err
	}
	for _, word := range strings.Fields(setting.Map()[name].Text()) {
		if word != "default" {
			command = append(command, word)
		}
	}
	// There is no answer unless it fails.
	_, err = srv.Do(context.Background(), command...)
	if errors.Is(err, respserver.ErrClosed) {
		return nil
	}
	return err
}

// serve runs a server until something ends it.
func serve(a *arguments, lines []string, stdout io.Writer, log *slog.Logger, stderr io.Writer) int {
	fail := func(err error) int {
		fmt.Fprintf(stderr, "resp-server: %v\n", strings.TrimPrefix(err.Error(), "respserver: "))
		return 1
	}
	// Whoever reads the output may stop doing so, and close a terminal.
	signal.Ignore(syscall.SIGPIPE, syscall.SIGHUP)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	var orphaned <-chan struct{}
	if a.exitWithParent {
		var err error
		if orphaned, err = parentGone(); err != nil {
			return fail(fmt.Errorf("--exit-with-parent: %w", err))
		}
	}
	if err := a.ready.prepare(); err != nil {
		return fail(fmt.Errorf("--ready-file: %w", err))
	}
	log.Info(fmt.Sprintf("resp-server %s starts as Redis %s, PID: %d", respserver.Version, respserver.RedisVersion, os.Getpid()))
	srv, err := respserver.Start(respserver.Options{Config: lines, ConfigFile: a.file, Logger: log, EventLoop: !a.noEventLoop})
	if err != nil {
		if errors.As(err, new(*net.OpError)) {
			log.Warn("Failed listening on port " + respserver.Setting(lines, "port") + ", aborting")
		} else {
			log.Warn("Fatal error loading the DB or starting: " + err.Error() + ". Exiting.")
		}
		return fail(err)
	}
	defer srv.Close()
	// What starts servers waits for this line of redis-server, on the standard
	// output even if the log is elsewhere.
	ready := "Ready to accept connections on " + strings.Join(srv.Addrs(), ", ")
	log.Info(ready)
	if respserver.Setting(lines, "logfile") != "" || !log.Enabled(context.Background(), slog.LevelInfo) {
		slog.New(newLogHandler(stdout, "notice")).Info(ready)
	}
	if err := a.ready.announce(srv.Addrs()); err != nil {
		return fail(fmt.Errorf("--ready-file: %w", err))
	}
	for running := true; running; {
		select {
		case s := <-signals:
			log.Info("stopping on a signal", "signal", s.String())
			failed := make(chan struct{})
			go func() {
				select {
				case <-signals: // a second one does not wait
					os.Exit(1)
				case <-failed:
				}
			}()
			if err := shutdown(srv, s); err != nil {
				log.Warn("going on after a signal, since the data can't be saved", "error", err)
				close(failed)
				continue
			}
		case <-orphaned:
			log.Info("stopping because the parent process is gone")
		case <-srv.Done():
			log.Info("stopping because a client said SHUTDOWN")
		}
		running = false
	}
	if err := srv.Close(); err != nil {
		return fail(err)
	}
	log.Info("resp-server is ready to exit, bye bye")
	return 0
}
