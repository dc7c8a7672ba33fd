package respserver

import (
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"time"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/strict"
)

// StrictFinding reports that a command broke a rule of strict mode. If the same
// command breaks the rule again from the same place, only Count grows.
type StrictFinding struct {
	Rule    string // "cross-slot"
	Refused bool   // the client got an error
	Command string // "mget", "client|kill"
	Message string // what is wrong with the command
	Line    string // the command in the syntax of redis-cli, cut if it is long
	Client  string // name or address of the client
	// Caller is the file and line that called Do, Must, or a client that uses Dial.
	// It is "" for clients with sockets.
	Caller string
	Count  int
	First  time.Time // on the clock of the server
}

// String returns the finding on one line.
func (f StrictFinding) String() string {
	text := f.Rule + ": " + f.Line + ": " + f.Message
	if f.Caller != "" {
		text = f.Caller + ": " + text
	}
	if f.Count > 1 {
		text += fmt.Sprintf(" (%d times)", f.Count)
	}
	return text
}

// Strict sets rules of strict mode, which finds commands that work in a test and
// fail in production. Each string is what TESTING STRICT SET takes: a rule or
// "all", a level (off, warn or error), and for some rules a limit:
//
//	srv.Strict("all warn", "large-reads error 100", "missing-ttl warn session:* cache:*")
//
// docs/testing.md lists the rules. At level warn, the server logs and counts a
// violation, and a server of StartTest fails the test when it ends. At level error,
// the reply is an error as well. The rules large-reads, missing-ttl and, for
// strings that grow, large-values look at the effect of a command: it has happened
// although the reply is an error. A server without rules pays nothing for strict
// mode.
func (s *Server) Strict(rules ...string) error {
	var err error
	s.engine.Run(func(c *engine.Core) { err = setStrict(c, rules) })
	return err
}

func setStrict(c *engine.Core, rules []string) error {
	defer c.StrictChanged()
	next := c.Strict().Rules
	for _, r := range rules {
		if err := next.Set(strings.Fields(r)); err != nil {
			return fmt.Errorf("respserver: strict: %s: %w", r, err)
		}
	}
	c.Strict().Rules = next
	return nil
}

// StrictReport returns the findings since the start or ResetStrict: the first 1000
// that differ in rule, command or caller.
func (s *Server) StrictReport() (report []StrictFinding) {
	s.engine.Run(func(c *engine.Core) {
		for f := range c.Strict().Found {
			report = append(report, StrictFinding{
				Rule: f.Rule.String(), Refused: f.Level == strict.Error, Command: f.Command, Message: f.Message, Line: f.Line,
				Client: f.Client, Caller: f.Origin, Count: f.Count, First: time.UnixMilli(f.At),
			})
		}
	})
	return report
}

// ResetStrict discards the findings. The rules stay.
func (s *Server) ResetStrict() {
	s.engine.Run(func(c *engine.Core) { c.Strict().Forget() })
}

// judge fails the test for findings at level warn, in the server and its spaces.
func (s *TestServer) judge(t Tester) {
	t.Helper()
	var b strings.Builder
	find := func(server *Server, where string) {
		if !server.engine.IsStrict() {
			return
		}
		for _, f := range server.StrictReport() {
			if !f.Refused {
				b.WriteString("\n  " + f.String() + where)
			}
		}
	}
	find(s.Server, "")
	for _, sp := range s.allSpaces() {
		find(sp.Server, " (in space "+sp.space+")")
	}
	if b.Len() == 0 {
		return
	}
	fail := t.Fatalf
	if t, ok := t.(interface{ Errorf(string, ...any) }); ok {
		fail = t.Errorf // not Fatalf: other cleanups must still run
	}
	fail("strict mode warns of what clients of %s have done:%s", s.name(), b.String())
}

// origin returns the file and line of the caller that a user would look for: the
// first one outside this package, the standard library and downloaded modules.
func origin() string {
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers[:])])
	for {
		f, more := frames.Next()
		switch {
		case strings.HasPrefix(f.Function, ownPackage) && !strings.HasSuffix(f.File, "_test.go"),
			strings.HasPrefix(f.File, libraries) && libraries != "",
			strings.Contains(f.File, "@v"), strings.Contains(f.File, "/vendor/"), f.File == "":
		default:
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
		if !more {
			return ""
		}
	}
}

// ownPackage is the prefix of the function names in this package.
const ownPackage = "github.com/resp-server/resp-server."

// libraries is the directory of the standard library, or "" if the program does not
// know it, as with -trimpath.
var libraries = func() string {
	f := runtime.FuncForPC(reflect.ValueOf(runtime.GC).Pointer())
	file, _ := f.FileLine(f.Entry())
	if dir := filepath.ToSlash(filepath.Dir(filepath.Dir(file))); dir != "." {
		return dir + "/"
	}
	return ""
}()
