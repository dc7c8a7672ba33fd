package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
)

// supervisor is the program that started this one and waits until it is ready. The
// zero value means none.
type supervisor struct {
	systemd string // its socket; see sd_notify(3)
	upstart bool
	log     *slog.Logger
}

// supervise finds the supervisor for the setting supervised. As in redis-server
// there is none if the environment lacks the variable that a supervisor sets.
func supervise(setting string, log *slog.Logger) supervisor {
	const systemdEnv, upstartEnv = "NOTIFY_SOCKET", "UPSTART_JOB"
	socket, job := os.Getenv(systemdEnv), os.Getenv(upstartEnv)
	s := supervisor{log: log}
	if setting == "auto" {
		switch {
		case job != "":
			setting = "upstart"
		case socket != "":
			setting = "systemd"
		}
	}
	switch setting {
	case "systemd":
		if socket == "" {
			log.Warn("systemd supervision error: NOTIFY_SOCKET not found!")
			break
		}
		s.systemd = socket
		if s.notify("STATUS=Redis is loading...\n") {
			log.Info("Supervised by systemd. Please make sure you set appropriate values for TimeoutStartSec and TimeoutStopSec in your service unit.")
		} else {
			s.systemd = ""
		}
	case "upstart":
		if job == "" {
			log.Warn("upstart supervision requested, but UPSTART_JOB not found!")
			break
		}
		s.upstart = true
		os.Unsetenv(upstartEnv)
	}
	return s
}

// active reports whether there is a supervisor, in which case daemonize is ignored.
func (s supervisor) active() bool { return s.upstart || s.systemd != "" }

// notify sends lines to systemd, and reports whether that worked.
func (s supervisor) notify(state string) bool {
	if s.systemd == "" {
		return false
	}
	// A name that begins with "@" is an abstract socket of Linux, for package net
	// too.
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: s.systemd, Net: "unixgram"})
	if err == nil {
		defer c.Close()
		_, err = c.Write([]byte(state))
	}
	if err != nil {
		s.log.Warn("systemd supervision error", "error", err)
	}
	return err == nil
}

// stopping reports that the server has begun to stop.
const stopping = "STOPPING=1\n"

// states maps log lines to what systemd gets when they are logged, whether a signal
// or a client's SHUTDOWN is the cause. redis-server sends the same at the same
// moments.
var states = map[string]string{
	"User requested shutdown...":                    stopping,
	"Saving the final RDB snapshot before exiting.": "STATUS=Saving the final RDB snapshot\n",
	"Error trying to save the DB, can't exit.":      "STATUS=Error trying to save the DB, can't exit.\n",
}

// follow returns a logger that also reports states to systemd.
func (s supervisor) follow(log *slog.Logger) *slog.Logger {
	if s.systemd == "" {
		return log
	}
	return slog.New(stateHandler{log.Handler(), s})
}

// stateHandler sees all lines, also those below the log level.
type stateHandler struct {
	slog.Handler
	supervisor supervisor
}

// Enabled implements slog.Handler.
func (h stateHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (h stateHandler) Handle(ctx context.Context, r slog.Record) error {
	if state := states[r.Message]; state != "" {
		h.supervisor.notify(state)
	}
	if !h.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h stateHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return stateHandler{h.Handler.WithAttrs(attrs), h.supervisor}
}

// WithGroup implements slog.Handler.
func (h stateHandler) WithGroup(name string) slog.Handler {
	return stateHandler{h.Handler.WithGroup(name), h.supervisor}
}

// ready reports that the server accepts connections.
func (s supervisor) ready() {
	s.notify(fmt.Sprintf("READY=1\nMAINPID=%d\nSTATUS=Ready to accept connections\n", os.Getpid()))
	if s.upstart {
		s.log.Info("supervised by upstart, will stop to signal readiness.")
		if err := stopMyself(); err != nil {
			s.log.Warn("upstart supervision error", "error", err)
		}
	}
}
