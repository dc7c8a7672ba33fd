package engine

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/resp-server/resp-server/internal/latency"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/slowlog"
	"github.com/resp-server/resp-server/internal/spec"
)

// errMonitor is the reply to commands about keys in MONITOR mode: in the real server
// such a client is a kind of replica.
const errMonitor resp.Error = "ERR Replica can't interact with the keyspace"

// logs are the logs of SLOWLOG, COMMANDLOG and LATENCY. The thresholds follow from the
// settings; see thresholdsNow.
type logs struct {
	Slowlog  slowlog.Log
	Requests slowlog.Log // the large ones
	Replies  slowlog.Log
	Latency  latency.Monitor
	thresholds
}

// thresholds are the least values of commands that go to a log.
type thresholds struct {
	slowness     time.Duration // for SLOWLOG or LATENCY
	largeRequest int           // bytes, for COMMANDLOG
	largeReply   int
}

func (e *Core) thresholdsNow() thresholds {
	c := e.Config
	return thresholds{
		slowness:     min(e.slowAfter(), e.latencyAfter()),
		largeRequest: largeFrom(c.LargeRequest, c.LargeRequestMaxLen),
		largeReply:   largeFrom(c.LargeReply, c.LargeReplyMaxLen),
	}
}

func (l *logs) check(e *Core) error {
	if l.thresholds != e.thresholdsNow() {
		return fmt.Errorf("thresholds %v, by the settings %v", l.thresholds, e.thresholdsNow())
	}
	return nil
}

// Monitor puts the session into MONITOR mode, and reports whether it was not in it.
func (s *Session) Monitor() bool {
	if s.monitor {
		return false
	}
	s.monitor = true
	s.e.monitors = append(s.e.monitors, s)
	s.e.setObservers()
	return true
}

// unmonitor ends what Monitor began.
func (s *Session) unmonitor() {
	if s.monitor {
		s.monitor = false
		s.e.monitors = slices.DeleteFunc(s.e.monitors, func(m *Session) bool { return m == s })
		s.e.setObservers()
	}
}

// Redact hides argument i from MONITOR and SLOWLOG.
func (c *Ctx) Redact(i int) {
	c.retain()
	c.shown[i] = []byte("(redacted)")
}

// SetArg replaces an argument for the next run of a blocked command. MONITOR and
// SLOWLOG show it as it came.
func (c *Ctx) SetArg(i int, arg []byte) {
	c.retain()
	c.Args[i] = arg
}

// retain keeps the arguments as they are shown.
func (c *Ctx) retain() {
	if c.shown == nil {
		c.shown = slices.Clone(c.Args)
	}
}

// Rewrite replaces the arguments with those of another command that does the same.
// MONITOR and SLOWLOG show them as they came.
func (c *Ctx) Rewrite(args [][]byte) {
	c.retain()
	c.Args = args
}

// shownArgs returns the arguments as MONITOR and SLOWLOG show them.
func (c *Ctx) shownArgs() [][]byte {
	if c.shown != nil {
		return c.shown
	}
	return c.Args
}

// monitored reports whether MONITOR shows a command.
func monitored(cmd *Command) bool { return cmd.Flags&(spec.SkipMonitor|spec.Admin) == 0 }

// monitorBefore shows a script before its commands.
func (e *Core) monitorBefore(c *Ctx) {
	if c.Cmd.Flags&spec.SkipMonitor != 0 && c.again == nil {
		e.show(c)
	}
}

func (e *Core) monitorAfter(c *Ctx) {
	if monitored(c.Cmd) && c.again == nil {
		e.show(c)
	}
}

// logAfter logs commands that took long or are large.
func (e *Core) logAfter(c *Ctx) {
	o := &c.Outcome
	if o.Blocked {
		return
	}
	if o.Took >= e.slowness {
		e.tookLong(c, o.Took)
	}
	if c.w == &c.Session.out {
		if n := len(c.w.Buf) - o.mark; n >= e.largeReply {
			e.log(&e.Replies, c, int64(n), e.Config.LargeReplyMaxLen)
		}
		if n := wireSize(c.Args, e.largeRequest); n >= e.largeRequest {
			e.log(&e.Requests, c, int64(n), e.Config.LargeRequestMaxLen)
		}
	}
}

// show sends the command to the sessions in MONITOR mode.
func (e *Core) show(c *Ctx) {
	line := make([]byte, 1, 128)
	line[0] = '+'
	line = strconv.AppendInt(line, e.now/1e6, 10)
	line = append(line, '.')
	micros := strconv.Itoa(int(e.now % 1e6))
	line = append(line, "000000"[len(micros):]...)
	line = append(line, micros...)
	line = append(line, " ["...)
	line = strconv.AppendInt(line, int64(c.Session.db), 10)
	line = append(line, ' ')
	switch addr := c.Session.conn.Addr(); {
	case c.scripted:
		line = append(line, "lua"...)
	case strings.HasPrefix(addr, "/"):
		line = append(line, "unix:"+strings.TrimSuffix(addr, ":0")...)
	default:
		line = append(line, addr...)
	}
	line = append(line, ']')
	for _, a := range c.shownArgs() {
		line = append(line, ' ')
		line = appendQuoted(line, a)
	}
	line = append(line, "\r\n"...)
	for _, s := range e.monitors {
		s.Push().Raw(line)
	}
}

// appendQuoted appends a word in quotes, with escapes for what does not print.
func appendQuoted(dst, word []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range word {
		if i := strings.IndexByte("\n\r\t\a\b\"\\", c); i >= 0 {
			dst = append(dst, '\\', `nrtab"\`[i])
		} else if c < ' ' || c > '~' {
			dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
		} else {
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// slowAfter returns the least time of a command for the slow log.
func (e *Core) slowAfter() time.Duration {
	micros := e.Config.SlowlogLogSlowerThan
	if micros < 0 || e.Config.SlowlogMaxLen == 0 || micros > math.MaxInt64/1000 {
		return math.MaxInt64
	}
	return time.Duration(micros) * time.Microsecond
}

// latencyAfter returns the least time of an event for LATENCY.
func (e *Core) latencyAfter() time.Duration {
	if n := e.Config.LatencyThreshold; n > 0 && n <= math.MaxInt64/int64(time.Millisecond) {
		return time.Duration(n) * time.Millisecond
	}
	return math.MaxInt64
}

// took logs the time of an event for LATENCY.
func (e *Core) took(event string, d time.Duration) {
	if d >= e.latencyAfter() {
		e.Latency.Add(event, e.now/1e6, d.Milliseconds())
	}
}

// tookLong logs a slow command for LATENCY or SLOWLOG.
func (e *Core) tookLong(c *Ctx, d time.Duration) {
	if c.Cmd.Flags&spec.Fast != 0 {
		e.took("fast-command", d)
	} else {
		e.took("command", d)
	}
	if d >= e.slowAfter() {
		e.logSlow(c, d)
	}
}

// logSlow logs the command in the slow log.
func (e *Core) logSlow(c *Ctx, d time.Duration) {
	if c.Cmd.Flags&spec.SkipSlowlog == 0 {
		e.Stats.Slow.add(d)
		e.Stats.command(c.Cmd).Slow.add(d)
	}
	e.log(&e.Slowlog, c, d.Microseconds(), e.Config.SlowlogMaxLen)
}

// log adds the command to a log that keeps at most so many entries.
func (e *Core) log(l *slowlog.Log, c *Ctx, amount, most int64) {
	if c.Cmd.Flags&spec.SkipSlowlog != 0 {
		return
	}
	l.Add(slowlog.Entry{
		Time:   e.now / 1e6,
		Amount: amount,
		Args:   slowlog.Trim(c.shownArgs(), int(e.Config.SlowlogEntryMaxArgs), int(e.Config.SlowlogEntryMaxLen)),
		Addr:   c.Session.conn.Addr(),
		Name:   c.Session.Name,
	}, int(most))
}

// largeFrom returns the least size in bytes of a request or reply to log.
func largeFrom(bytes, most int64) int {
	if bytes < 0 || most == 0 || bytes > math.MaxInt {
		return math.MaxInt
	}
	return int(bytes)
}

// wireSize returns the length in bytes of a command as an array of RESP. If that is
// less than atLeast, the result may be any smaller number.
func wireSize(args [][]byte, atLeast int) int {
	const most = len("$9223372036854775807\r\n\r\n") // around an argument
	n := 0
	for _, a := range args {
		n += len(a)
	}
	if n+most*(len(args)+1) < atLeast {
		return n
	}
	return resp.CommandLen(args)
}
