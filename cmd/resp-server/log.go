package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
)

// levelVerbose is the redis.conf level between debug and notice.
const levelVerbose = (slog.LevelDebug + slog.LevelInfo) / 2

// Each line of a log has a letter for the role of the process.
const (
	roleStarting = 'C'
	roleMaster   = 'M'
	roleSentinel = 'X'
)

// logHandler writes lines in the format of a Redis log: process id and role, time,
// a mark for the level, message. Attributes follow as key=value.
type logHandler struct {
	*logSink
	group string // "a.b."
	attrs string // " a=1 b=2"
}

// logSink is the destination of log lines. All handlers derived from one another
// share it.
type logSink struct {
	level slog.Leveler

	mu     sync.Mutex
	w      io.Writer
	role   byte
	syslog func(slog.Level, string) // nil: no syslog
}

func newLogHandler(w io.Writer, level slog.Leveler) *logHandler {
	return &logHandler{logSink: &logSink{w: w, level: level, role: roleStarting}}
}

func (s *logSink) setRole(role byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.role = role
}

func (h *logHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level.Level() }

func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	mark := '#'
	switch {
	case r.Level < levelVerbose:
		mark = '.'
	case r.Level < slog.LevelInfo:
		mark = '-'
	case r.Level < slog.LevelWarn:
		mark = '*'
	}
	var attrs strings.Builder
	r.Attrs(func(a slog.Attr) bool {
		attrs.WriteString(h.format(a))
		return true
	})
	message := r.Message + h.attrs + attrs.String()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.syslog != nil {
		h.syslog(r.Level, message)
	}
	_, err := fmt.Fprintf(h.w, "%d:%c %s %c %s\n", os.Getpid(), h.role, r.Time.Format("02 Jan 2006 15:04:05.000"), mark, message)
	return err
}

func (h *logHandler) format(a slog.Attr) string {
	v := fmt.Sprint(a.Value.Resolve())
	if strings.ContainsAny(v, " \"\n\r\t=") || v == "" {
		v = fmt.Sprintf("%q", v)
	}
	return " " + h.group + a.Key + "=" + v
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	n := *h
	for _, a := range attrs {
		n.attrs += h.format(a)
	}
	return &n
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	n := *h
	n.group += name + "."
	return &n
}

// logFile is the name of a file that is opened for each line, as redis-server does,
// so that log rotation only has to rename it. A line that can't be written is lost.
type logFile string

func (name logFile) open() (*os.File, error) {
	return os.OpenFile(string(name), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
}

func (name logFile) Write(p []byte) (int, error) {
	f, err := name.open()
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return f.Write(p)
}

// sameStream reports whether two files are the same stream.
func sameStream(a, b *os.File) bool {
	s, err := a.Stat()
	t, err2 := b.Stat()
	if err != nil || err2 != nil {
		return false
	}
	if runtime.GOOS == "windows" { // consoles and pipes have no identity there
		return s.Mode()&t.Mode()&os.ModeCharDevice != 0
	}
	return os.SameFile(s, t)
}
