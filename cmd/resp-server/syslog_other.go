//go:build !unix

package main

import (
	"errors"
	"log/slog"
)

// openSyslog is not available here.
func openSyslog(ident, facility string) (func(slog.Level, string), error) {
	return nil, errors.New("this system has no syslog")
}
