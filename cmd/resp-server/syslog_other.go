//go:build !unix

package main

import (
	"errors"
	"log/slog"
)

// openSyslog is not supported on this system.
func openSyslog(ident, facility string) (func(slog.Level, string), error) {
	return nil, errors.New("this system has no syslog")
}
