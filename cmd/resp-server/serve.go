package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/bits"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	respserver "github.com/resp-server/resp-server"
)

// patience is how long an interrupted start may take to end by itself.
const patience = 200 * time.Millisecond

// running is a started server, or the error of the start.
type running struct {
	*respserver.Server
	err error
}

// serve runs a server until it stops, and returns the exit code.
func (p *program) serve(boss supervisor) int {
	// The reader of the output may go away, and so may the terminal.
	signal.Ignore(syscall.SIGPIPE, syscall.SIGHUP)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	p.announceStart()
	var orphaned <-chan struct{}
	if p.exitWithParent {
		var err error
		if orphaned, err = watchParent(); err != nil {
			return p.fail(fmt.Errorf("--exit-with-parent: %w", err))
		}
	}
	if err := p.ready.prepare(); err != nil {
		return p.fail(fmt.Errorf("--ready-file: %w", err))
	}
	options := respserver.Options{
		Config: p.lines, ConfigFile: p.file, Logger: boss.follow(p.log), LogLevel: &p.level, Load: p.load,
		Strict: p.strict, Users: p.users, Sentinel: p.sentinel, ClusterEmulated: p.emulated, Seed: p.seed, Shuffle: p.shuffle, EventLoop: !p.noEventLoop,
	}
	if p.record != "" {
		f, err := os.OpenFile(p.record, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) // 0600: it contains passwords
		if err != nil {
			return p.fail(fmt.Errorf("--record: %s", systemError(err)))
		}
		defer f.Close()
		options.RecordTo = f
	}
	mode, role := "standalone", byte(roleMaster)
	if p.sentinel {
		mode, role = "sentinel", roleSentinel
		if err := p.checkSentinelFile(); err != "" {
			p.log.Warn(err + " Exiting...")
			return 1
		}
	}
	p.logSink.setRole(role)
	p.log.Info("Running mode=" + mode + ", port=" + p.setting("port") + ".")
	if p.setting("always-show-logo") == "yes" {
		// Some programs look for the port beside the logo.
		p.log.Info(fmt.Sprintf("Port: %s PID: %d", p.setting("port"), os.Getpid()))
	}
	secure, err := p.certify()
	if err != nil {
		return p.fail(fmt.Errorf("--tls-auto: %w", err))
	}
	starting := make(chan running, 1)
	go func() {
		options.TLS = secure
		srv, err := respserver.Start(options)
		starting <- running{srv, err}
	}()
	var srv running
	select {
	case srv = <-starting:
	case <-signals:
		p.log.Warn("Received shutdown signal during loading, scheduling shutdown.")
		return p.giveUp(starting)
	case <-orphaned:
		p.log.Warn("The parent process is gone.")
		return p.giveUp(starting)
	}
	if errors.Is(srv.err, respserver.ErrClosed) { // a client did not want to wait
		p.bye()
		return 0
	}
	if srv.err != nil {
		return p.failStart(srv.err)
	}
	p.announceReady(srv.Addrs(), srv.TLSAddr())
	boss.ready()
	if err := p.ready.announce(srv.Addrs(), srv.TLSAddr(), srv.InspectorURL()); err != nil {
		srv.Close()
		return p.fail(fmt.Errorf("--ready-file: %w", err))
	}
	if p.background {
		if err := detach(p.stderr); err != nil {
			p.log.Warn("The standard error could not be detached", "error", err)
		}
	}
	return p.wait(srv.Server, signals, orphaned, boss)
}

// checkSentinelFile says what is wrong with the file of a sentinel, "" if nothing
// is.
func (p *program) checkSentinelFile() string {
	if p.file == "" {
		return "Sentinel needs config file on disk to save state."
	}
	f, err := os.OpenFile(p.file, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Sprintf("Sentinel config file %s is not writable: %s.", p.file, systemError(err))
	}
	f.Close()
	return ""
}

// certify writes the certificates for --tls-auto and returns the server's
// configuration.
func (p *program) certify() (*tls.Config, error) {
	if p.tlsAuto == "" {
		return nil, nil
	}
	a, err := respserver.NewAuthority()
	if err != nil {
		return nil, err
	}
	if err := a.WriteFiles(p.tlsAuto); err != nil {
		return nil, err
	}
	conf, err := a.ServerConfig()
	if err == nil && slices.ContainsFunc(p.lines, func(line string) bool { return strings.HasPrefix(line, "tls-auth-clients ") }) {
		switch p.setting("tls-auth-clients") {
		case "yes":
			conf.ClientAuth = tls.RequireAndVerifyClientCert
		case "no":
			conf.ClientAuth = tls.NoClientCert
		}
	}
	return conf, err
}

// announceStart logs the first lines of redis-server.
func (p *program) announceStart() {
	p.log.Info("oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo")
	b := build()
	p.log.Info(fmt.Sprintf("Redis version=%s, bits=%d, commit=%s, modified=%d, pid=%d, just started (resp-server %s)",
		respserver.RedisVersion, bits.UintSize, b.commit, b.modified, os.Getpid(), respserver.Version))
	if _, args := invocation(os.Args); len(args) == 0 {
		p.log.Warn("Warning: no config file specified, using the default config. In order to specify a config file use " + os.Args[0] + " /path/to/redis.conf")
	} else {
		p.log.Info("Configuration loaded")
	}
}

// announceReady logs that the server accepts connections. Programs that start
// servers wait for these lines of redis-server on standard output, even if the log
// is elsewhere.
func (p *program) announceReady(addrs []string, secure string) {
	logs := []*slog.Logger{p.log}
	if p.logSink.w != p.stdout || !p.log.Enabled(context.Background(), slog.LevelInfo) {
		h := newLogHandler(p.stdout, slog.LevelInfo)
		h.setRole(p.logSink.role)
		logs = append(logs, slog.New(h))
	}
	tcp, unix := split(addrs)
	if secure != "" {
		addrs = append(addrs, secure)
	}
	for _, log := range logs {
		log.Info("Listening on " + strings.Join(addrs, ", "))
		if len(tcp) > 0 {
			log.Info("Ready to accept connections tcp")
		}
		if unix != "" {
			log.Info("Ready to accept connections unix")
		}
		if secure != "" {
			log.Info("Ready to accept connections tls")
		}
	}
}

// failStart reports why the server did not start, with the lines of redis-server
// for socket errors.
func (p *program) failStart(err error) int {
	var op *net.OpError
	if !errors.As(err, &op) {
		return p.fail(err)
	}
	if op.Net == "unix" {
		p.log.Warn("Failed opening Unix socket: "+socketError(op), "path", op.Addr)
	} else {
		p.log.Warn(fmt.Sprintf("Warning: Could not create server TCP listening socket %v: %s", op.Addr, socketError(op)))
		p.log.Warn("Failed listening on port " + p.setting("port") + " (tcp), aborting.")
	}
	if !p.logsTo(p.stderr) {
		fmt.Fprintf(p.stderr, "resp-server: %s\n", strings.TrimPrefix(err.Error(), "respserver: "))
	}
	return 1
}

// socketError returns the reason of an error in the words of redis-server.
func socketError(op *net.OpError) string {
	if call := (*os.SyscallError)(nil); errors.As(op.Err, &call) {
		return call.Syscall + ": " + systemError(call.Err)
	}
	return op.Err.Error()
}

// giveUp ends the program while the server starts: there is nothing to save.
func (p *program) giveUp(starting <-chan running) int {
	p.log.Info("User requested shutdown...")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	select {
	case srv := <-starting:
		if srv.err == nil {
			srv.Do(context.Background(), "SHUTDOWN", "NOSAVE")
			srv.Close()
		}
	case <-ctx.Done():
	}
	p.bye()
	return 0
}

func (p *program) bye() { p.log.Warn("Redis is now ready to exit, bye bye...") }

// wait waits until the server has stopped, and returns the exit code.
func (p *program) wait(srv *respserver.Server, signals <-chan os.Signal, orphaned <-chan struct{}, boss supervisor) int {
	var ending chan error // gets the result of the shutdown; nil: none is in progress
	end := func(stop func() error) {
		ending = make(chan error, 1)
		go func() { ending <- stop() }()
	}
	for {
		select {
		case s := <-signals:
			// A second Ctrl-C means that the user does not want to wait. A second
			// SIGTERM does not: some senders send it to the process and to its
			// group.
			if ending != nil && s == os.Interrupt {
				p.log.Warn("You insist... exiting now.")
				srv.Abort()
				return 1
			}
			p.log.Warn("Received " + signalName(s) + " scheduling shutdown...")
			if ending == nil {
				end(func() error { return p.shutdown(srv, s) })
			}
		case err := <-ending:
			if err != nil { // the log says why
				ending = nil
			}
		case <-orphaned:
			orphaned = nil
			p.log.Warn("The parent process is gone.")
			if ending == nil {
				boss.notify(stopping)
				end(srv.Close)
			}
		case <-srv.Done():
			err := srv.Close() // returns the error of the first Close
			if errors.Is(err, respserver.ErrSimulatedCrash) {
				return crashCode
			}
			if err != nil {
				p.log.Warn("Not all could be written", "error", err)
				return 1
			}
			p.bye()
			return 0
		}
	}
}

// crashCode is the exit code of a sentinel that simulates a crash.
const crashCode = 99

func signalName(s os.Signal) string {
	if s == os.Interrupt {
		return "SIGINT"
	}
	return "SIGTERM"
}

// shutdown stops a server as the settings for the signal say. After an error the
// server still runs.
func (p *program) shutdown(srv *respserver.Server, s os.Signal) error {
	if p.sentinel {
		return srv.Close() // it has nothing to save
	}
	name := "shutdown-on-" + strings.ToLower(signalName(s))
	setting, err := srv.Do(context.Background(), "CONFIG", "GET", name)
	if err != nil {
		return err
	}
	command := []any{"SHUTDOWN"}
	for _, word := range strings.Fields(setting.Map()[name].Text()) {
		if word != "default" {
			command = append(command, word)
		}
	}
	// SHUTDOWN has a reply only if it fails.
	_, err = srv.Do(context.Background(), command...)
	if errors.Is(err, respserver.ErrClosed) {
		return nil
	}
	return err
}
