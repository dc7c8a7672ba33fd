package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
)

// levelVerbose is the level of redis.conf between debug and notice.
const levelVerbose = (slog.LevelDebug + slog.LevelInfo) / 2

// logHandler writes the lines of a Redis log: process id and role, time, a
// mark for the level, message. Attributes follow as key=value.
type logHandler struct {
	mu    *sync.Mutex
	w     io.Writer
	level slog.Level
	group string // "a.b."
	attrs string // " a=1 b=2"
}

// newLogHandler returns a handler for a value of the setting loglevel.
func newLogHandler(w io.Writer, level string) *logHandler {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "verbose": levelVerbose, "notice": slog.LevelInfo,
		"warning": slog.LevelWarn, "nothing": slog.LevelError + 1}
	return &logHandler{mu: new(sync.Mutex), w: w, level: levels[level]}
}

func (h *logHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

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
	line := fmt.Sprintf("%d:M %s %c %s%s%s\n", os.Getpid(), r.Time.Format("02 Jan 2006 15:04:05.000"), mark, r.Message, h.attrs, attrs.String())
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.w, line)
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
