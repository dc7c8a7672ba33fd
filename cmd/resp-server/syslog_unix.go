//go:build unix

package main

import (
	"log/slog"
	"log/syslog"
)

// facilities are the values of the setting syslog-facility.
var facilities = map[string]syslog.Priority{
	"user": syslog.LOG_USER, "local0": syslog.LOG_LOCAL0, "local1": syslog.LOG_LOCAL1, "local2": syslog.LOG_LOCAL2, "local3": syslog.LOG_LOCAL3,
	"local4": syslog.LOG_LOCAL4, "local5": syslog.LOG_LOCAL5, "local6": syslog.LOG_LOCAL6, "local7": syslog.LOG_LOCAL7,
}

// openSyslog returns a function that writes lines to the system log.
func openSyslog(ident, facility string) (func(slog.Level, string), error) {
	w, err := syslog.New(facilities[facility]|syslog.LOG_NOTICE, ident)
	if err != nil {
		return nil, err
	}
	return func(level slog.Level, line string) {
		switch {
		case level < levelVerbose:
			w.Debug(line)
		case level < slog.LevelInfo:
			w.Info(line)
		case level < slog.LevelWarn:
			w.Notice(line)
		default:
			w.Warning(line)
		}
	}, nil
}
