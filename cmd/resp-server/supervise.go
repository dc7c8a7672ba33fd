package main

import (
	"fmt"
	"log/slog"
	"net"
	"os"
)

// supervisor is the program that started this one and waits until it is ready.
// The zero value is none.
type supervisor struct {
	systemd string // its socket; see sd_notify(3)
	upstart bool
	log     *slog.Logger
}

// supervise finds the supervisor that the setting supervised asks for. As in
// redis-server there is none if the environment lacks what it should have
// left there.
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

// active says whether there is a supervisor, so that daemonize does not count.
func (s supervisor) active() bool { return s.upstart || s.systemd != "" }

// notify sends lines to systemd, and returns whether that worked.
func (s supervisor) notify(state string) bool {
	if s.systemd == "" {
		return false
	}
	// A name that begins with "@" is one of Linux' abstract sockets, for net too.
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

// ready says that connections are accepted.
func (s supervisor) ready() {
	s.notify(fmt.Sprintf("READY=1\nMAINPID=%d\nSTATUS=Ready to accept connections\n", os.Getpid()))
	if s.upstart {
		s.log.Info("supervised by upstart, will stop to signal readiness.")
		if err := stopMyself(); err != nil {
			s.log.Warn("upstart supervision error", "error", err)
		}
	}
}
