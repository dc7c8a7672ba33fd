package respserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/notation"
	"github.com/resp-server/resp-server/internal/pubsub"
	"github.com/resp-server/resp-server/internal/record"
	"github.com/resp-server/resp-server/internal/resp"
)

// RecordOptions say what Record keeps. The zero value keeps the last 64 MiB of
// everything.
type RecordOptions struct {
	// MaxBytes limits the memory of the recording, by default to 64 MiB. The oldest
	// parts are dropped first.
	MaxBytes int

	// ClientsOnly leaves out the commands of Do, Must and whatever else the program
	// does itself.
	ClientsOnly bool

	// Scripts also keeps the commands that scripts and functions call, with the
	// command that runs the script: see RecordedCommand.Calls.
	Scripts bool

	// Spaces also keeps what clients in the spaces of the server send and get: see
	// RecordedCommand.Space.
	Spaces bool

	// To receives the recording while it is made, in the notation of
	// docs/transcripts.md; see Replay. It contains passwords.
	To io.Writer
}

const defaultRecordBytes = 64 << 20

// Recording holds what clients sent and got. Its methods are safe for concurrent
// use.
type Recording struct {
	srv  *Server
	rec  *record.Recorder
	stop func()

	mu       sync.Mutex
	stopped  bool
	wake     chan struct{} // wakes the goroutine that writes to To; nil: there is none
	done     chan struct{}
	err      error
	expected []*record.Pattern
}

// RecordedCommand is a command that a client sent.
type RecordedCommand struct {
	Args   []string
	Client uint64 // as CLIENT ID replies it; ids are unique only within a space
	Space  string // the client's space; "" means none
	// ByProgram is true for the commands of Do.
	ByProgram bool
	At        time.Time // on the clock of the server
	// Reply is the reply. Answered is false if there is none (yet), because the
	// command blocks, the connection ended, or the client turned replies off. The
	// reply to commands that MULTI queues is QUEUED; their results are in the reply
	// of EXEC.
	Reply      Reply
	Answered   bool
	AnsweredAt time.Time
	// RoundTrip counts how often the client had waited for the server up to this
	// command. All commands of a pipeline have the same number.
	RoundTrip int
	// Transaction is the number of the MULTI that the command belongs to, from 1;
	// MULTI and EXEC belong to it too. 0 means none.
	Transaction int
	// Calls are the commands that the script or function called, if
	// RecordOptions.Scripts is set: arguments, time and reply.
	Calls []RecordedCommand
}

// String returns the command in the syntax of redis-cli, cut if it is long.
func (c RecordedCommand) String() string { return record.Line(c.Args) }

// RecordedMessage is a push to a client: a message of pub/sub or an invalidation.
type RecordedMessage struct {
	Client uint64
	Space  string
	At     time.Time
	Reply  Reply
}

// Record keeps what clients send and get from now on, until Stop or the end of the
// server. A server without a recording pays nothing. At most one RecordOptions may
// be given.
func (s *Server) Record(options ...RecordOptions) *Recording {
	var o RecordOptions
	switch len(options) {
	case 0:
	case 1:
		o = options[0]
	default:
		panic("respserver: Record takes one RecordOptions")
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultRecordBytes
	}
	r := &Recording{srv: s, rec: record.New(record.Limits{Bytes: o.MaxBytes})}
	if o.To != nil {
		r.wake, r.done = make(chan struct{}, 1), make(chan struct{})
		r.rec.OnEvent(func() {
			select {
			case r.wake <- struct{}{}:
			default:
			}
		})
		go r.write(o.To)
	}
	r.stop = s.watch(&watch{rec: r.rec, clientsOnly: o.ClientsOnly, scripts: o.Scripts}, o.Spaces)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		go r.Stop()
	}
	s.recordings = append(s.recordings, r)
	return r
}

// watch is a recorder that observes one or more servers.
type watch struct {
	rec                  *record.Recorder
	clientsOnly, scripts bool
	spaces               bool               // observe spaces too, including new ones
	ends                 map[*Server]func() // with spaces, guarded by the mutex of spaces
}

// watch makes a recorder observe all commands, and with spaces also those in the
// spaces of the server.
func (s *Server) watch(w *watch, spaces bool) (stop func()) {
	w.spaces, w.ends = spaces, map[*Server]func(){}
	if !spaces {
		end := s.observe(w)
		return func() {
			end()
			w.rec.Stop()
		}
	}
	s.spaces.mu.Lock()
	s.spaces.watches = append(s.spaces.watches, w) // new spaces join
	servers := []*Server{s}
	for _, sp := range s.spaces.byName {
		servers = append(servers, sp.Server)
	}
	s.spaces.mu.Unlock()
	for _, server := range servers {
		end := server.observe(w) // waits for an engine, so the spaces must not be locked
		s.spaces.mu.Lock()
		w.ends[server] = end
		s.spaces.mu.Unlock()
	}
	return func() {
		s.spaces.mu.Lock()
		s.spaces.watches = slices.DeleteFunc(s.spaces.watches, func(other *watch) bool { return other == w })
		ends := slices.Collect(maps.Values(w.ends))
		s.spaces.mu.Unlock()
		for _, end := range ends {
			end()
		}
		w.rec.Stop()
	}
}

// observe makes a recorder observe the commands of one server.
func (s *Server) observe(w *watch) (end func()) {
	rec := w.rec
	var remove func(*engine.Core)
	s.engine.Run(func(c *engine.Core) {
		o := &engine.Observer{
			Received: func(client *engine.Session, args [][]byte) {
				if !w.clientsOnly || !client.Internal() {
					rec.Received(s.stateOf(client), c.NowMicro(), args)
				}
			},
			Sent:   func(client *engine.Session, output []byte) { rec.Sent(client, c.NowMicro(), output) },
			Closed: func(client *engine.Session, byServer bool) { rec.Closed(client, c.NowMicro(), byServer) },
		}
		o.After = func(c *engine.Ctx) {
			switch {
			case w.clientsOnly && c.Session.Internal():
			case c.Session.Blocked():
				rec.Waits(c.Session, c.NowMicro())
			case w.scripts && c.InScript():
				rec.Called(c.Session, c.NowMicro(), c.Args, c.Reply())
			}
		}
		if w.spaces {
			o.Moved = func(from, to *engine.Session) { rec.Moved(from, s.stateOf(to)) }
		} else {
			o.Left = func(client *engine.Session) { rec.Closed(client, c.NowMicro(), false) }
		}
		for client := range c.Sessions {
			if client.Blocked() {
				rec.Owed(s.stateOf(client))
			}
		}
		remove = c.Observe(o)
	})
	return func() { s.engine.Run(remove) }
}

func (s *Server) stateOf(c *engine.Session) record.State {
	_, multi := c.InMulti()
	return record.State{
		Who: c, ID: c.ID, Space: s.space, Conn: c.Conn(), Program: c.Internal(), InMulti: multi,
		Silent: c.ReplyMode == engine.ReplyOff || c.ReplyMode == engine.ReplySkip,
		Subscriptions: [3]int{
			c.SubscriptionCount(pubsub.Channel), c.SubscriptionCount(pubsub.Pattern), c.SubscriptionCount(pubsub.Shard),
		},
	}
}

// recordedFrom names the server in the first line of a transcript.
const recordedFrom = "resp-server " + RedisVersion

// write writes the recording to To until Stop.
func (r *Recording) write(to io.Writer) {
	defer close(r.done)
	b := bufio.NewWriterSize(to, 64<<10)
	w := record.NewWriter(b, recordedFrom)
	for range r.wake {
		w.Write(r.rec)
		b.Flush() // Stop reports the error, which stays
	}
	err := errors.Join(w.Write(r.rec), w.Flush(), b.Flush())
	r.mu.Lock()
	r.err = err
	r.mu.Unlock()
}

// Stop ends the recording; it can still be read. The error is that of writing to
// RecordOptions.To. A second Stop does nothing.
func (r *Recording) Stop() error {
	r.mu.Lock()
	first := !r.stopped
	r.stopped = true
	r.mu.Unlock()
	if first {
		r.stop()
		r.srv.forgetRecording(r)
		if r.wake != nil {
			close(r.wake)
		}
	}
	if r.done != nil {
		<-r.done
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Reset empties the recording, which goes on.
func (r *Recording) Reset() {
	r.rec.Reset()
	r.mu.Lock()
	r.expected = nil
	r.mu.Unlock()
}

// Commands returns the commands that clients sent, in the order of execution.
func (r *Recording) Commands() []RecordedCommand {
	list := r.rec.Contents().Commands
	commands := make([]RecordedCommand, len(list))
	for i, c := range list {
		commands[i] = RecordedCommand{
			Args: c.Args, Client: c.Client, Space: c.Space, ByProgram: c.ByProgram, At: time.UnixMicro(c.At),
			RoundTrip: c.RoundTrip, Transaction: c.Transaction,
		}
		for _, call := range c.Calls {
			inner := RecordedCommand{
				Args: call.Args, Client: c.Client, Space: c.Space, ByProgram: c.ByProgram, At: time.UnixMicro(call.At),
				Answered: true, AnsweredAt: time.UnixMicro(call.At), RoundTrip: c.RoundTrip, Transaction: c.Transaction,
			}
			inner.Reply, _, _ = resp.ParseReplyAs[Reply](call.Reply)
			commands[i].Calls = append(commands[i].Calls, inner)
		}
		if len(c.Replies) > 0 {
			commands[i].Answered, commands[i].AnsweredAt = true, time.UnixMicro(c.AnsweredAt)
			commands[i].Reply, _, _ = resp.ParseReplyAs[Reply](c.Replies[0])
		}
	}
	return commands
}

// Messages returns the messages that clients got by push.
func (r *Recording) Messages() []RecordedMessage {
	list := r.rec.Contents().Messages
	messages := make([]RecordedMessage, len(list))
	for i, m := range list {
		messages[i] = RecordedMessage{Client: m.Client, Space: m.Space, At: time.UnixMicro(m.At)}
		messages[i].Reply, _, _ = resp.ParseReplyAs[Reply](m.Wire)
	}
	return messages
}

// Missing returns how many commands, replies and messages were dropped because of
// MaxBytes.
func (r *Recording) Missing() int { return r.rec.Contents().Missing }

// RoundTrips returns how often clients waited for the server: once for each
// command, but only once for a whole pipeline.
func (r *Recording) RoundTrips() int { return record.RoundTrips(r.rec.Contents().Commands) }

// String returns the recording as a transcript, in the notation of
// docs/transcripts.md.
func (r *Recording) String() string { return r.rec.Text(recordedFrom, 0) }

// Count is the number of times that Expect wants a command.
type Count struct{ least, most int }

// Times means exactly n times.
func Times(n int) Count { return Count{n, n} }

// AtLeast means n times or more.
func AtLeast(n int) Count { return Count{n, -1} }

// AtMost means n times or less.
func AtMost(n int) Count { return Count{0, n} }

func (c Count) allows(n int) bool { return n >= c.least && (c.most < 0 || n <= c.most) }

// String returns the count in words.
func (c Count) String() string {
	switch {
	case c.most < 0:
		return fmt.Sprintf("at least %d times", c.least)
	case c.least == c.most:
		return fmt.Sprintf("%d times", c.least)
	}
	return fmt.Sprintf("at most %d times", c.most)
}

// Expect fails the test unless clients sent a command as often as counts says, by
// default at least once. The pattern has a glob for each word of the command: "SET
// user:* *". "..." as the last word stands for any further words. The case of the
// command's name does not matter.
func (r *Recording) Expect(t Tester, pattern string, counts ...Count) {
	t.Helper()
	p := r.pattern(t, pattern)
	n := 0
	commands := r.rec.Contents().Commands
	for _, c := range commands {
		if p.Matches(c.Args) {
			n++
		}
	}
	if len(counts) == 0 {
		counts = []Count{AtLeast(1)}
	}
	for _, c := range counts {
		if !c.allows(n) {
			t.Fatalf("%s was sent %d times, not %v%s", pattern, n, c, shown(commands))
		}
	}
}

// ExpectOrder fails the test unless clients sent commands of these patterns in this
// order. Others may come in between.
func (r *Recording) ExpectOrder(t Tester, patterns ...string) {
	t.Helper()
	commands := r.rec.Contents().Commands
	at := 0
	for i, pattern := range patterns {
		p := r.pattern(t, pattern)
		for at < len(commands) && !p.Matches(commands[at].Args) {
			at++
		}
		if at == len(commands) {
			after := "at all"
			if i > 0 {
				after = "after " + patterns[i-1]
			}
			t.Fatalf("%s was not sent %s%s", pattern, after, shown(commands))
			return
		}
		at++
	}
}

// ExpectNoOther fails the test if clients sent a command that matches no Expect and
// no ExpectOrder of this recording.
func (r *Recording) ExpectNoOther(t Tester) {
	t.Helper()
	r.mu.Lock()
	expected := r.expected
	r.mu.Unlock()
	var others []record.Command
next:
	for _, c := range r.rec.Contents().Commands {
		for _, p := range expected {
			if p.Matches(c.Args) {
				continue next
			}
		}
		others = append(others, c)
	}
	if len(others) > 0 {
		t.Fatalf("%d other commands were sent%s", len(others), shown(others))
	}
}

// ExpectRoundTrips fails the test unless clients waited for the server this often;
// see RoundTrips.
func (r *Recording) ExpectRoundTrips(t Tester, count Count) {
	t.Helper()
	commands := r.rec.Contents().Commands
	if n := record.RoundTrips(commands); !count.allows(n) {
		t.Fatalf("clients have waited %d times for the server, not %v%s", n, count, shown(commands))
	}
}

// ExpectNoRuns fails the test if a client sent n or more commands of the same shape
// in a row, that is with the same name and number of words, and waited for each
// reply: the N+1 problem. A pipeline or one command for many keys would be quicker.
func (r *Recording) ExpectNoRuns(t Tester, n int) {
	t.Helper()
	for _, run := range record.Runs(r.rec.Contents().Commands, max(n, 2)) {
		t.Fatalf("sent by client %d %v", run.Client, run)
		return
	}
}

func (r *Recording) pattern(t Tester, text string) *record.Pattern {
	t.Helper()
	p, err := record.ParsePattern(text)
	if err != nil {
		t.Fatalf("%v", err)
		return new(record.Pattern)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expected = append(r.expected, p)
	return p
}

// maxShown limits the commands in a failure message.
const maxShown = 20

func shown(commands []record.Command) string {
	if len(commands) == 0 {
		return "; no command was recorded"
	}
	var b strings.Builder
	b.WriteByte(':')
	if n := len(commands) - maxShown; n > 0 {
		fmt.Fprintf(&b, "\n  (%d before)", n)
		commands = commands[n:]
	}
	for _, c := range commands {
		fmt.Fprintf(&b, "\n  %s> %s", c.ClientName, record.Line(c.Args))
	}
	return b.String()
}

// ReplayResult is the result of a replay.
type ReplayResult struct {
	Commands    int
	Differences []Difference
	// Varied are replies that differ, but would also differ between two runs of the
	// same server, such as those of TIME and RANDOMKEY.
	Varied []Difference
}

// Difference is a reply that differs from the transcript.
type Difference struct {
	Line      int
	Command   string
	Want, Got string // as redis-cli prints them
}

// String returns the difference in a form for people.
func (d Difference) String() string {
	indent := func(s string) string { return "    " + strings.ReplaceAll(s, "\n", "\n    ") }
	return fmt.Sprintf("line %d: %s\n  recorded\n%s\n  now\n%s", d.Line, d.Command, indent(d.Want), indent(d.Got))
}

// Replay sends the commands of a transcript (RecordOptions.To, Options.RecordTo,
// TESTING RECORD GET) to a server and compares the replies. It uses dial for each
// client of the transcript. A reply may take five seconds. Replay does not keep the
// times: it sends each command as soon as the one before it has its reply or
// blocks. It ignores the order in replies whose order is open.
func Replay(ctx context.Context, transcript io.Reader, dial func(context.Context) (net.Conn, error)) (ReplayResult, error) {
	text, err := io.ReadAll(transcript)
	if err != nil {
		return ReplayResult{}, err
	}
	played, err := (&record.Replay{Dial: dial}).Run(ctx, string(text))
	result := ReplayResult{Commands: played.Commands}
	for _, d := range played.Differences {
		result.Differences = append(result.Differences, Difference(d))
	}
	for _, d := range played.Varied {
		result.Varied = append(result.Varied, Difference(d))
	}
	if err != nil {
		err = fmt.Errorf("respserver: replay: %w", err)
	}
	return result, err
}

// failer has the methods of *testing.T that StartTest needs to print what happened
// before a failure.
type failer interface {
	Failed() bool
	Logf(format string, args ...any)
}

// These limit what is printed of the time before a failure.
const (
	tailEvents  = 60
	tailEach    = 200 // bytes of a command
	changesMost = 40
)

// tail records the last commands for a test that can fail. Benchmarks go without:
// it copies each command.
func (s *TestServer) tail(t Tester) {
	if _, ok := t.(failer); !ok {
		return
	}
	if _, ok := t.(interface{ ReportAllocs() }); ok {
		return
	}
	s.last = record.New(record.Limits{Events: tailEvents, Each: tailEach})
	s.watch(&watch{rec: s.last}, true)
}

// explain prints what happened before a failure.
func (s *TestServer) explain(t Tester) {
	t.Helper()
	f, ok := t.(failer)
	if !ok || s.last == nil || !f.Failed() {
		return
	}
	text := strings.TrimSpace(s.last.Text("", 0))
	if text == "" {
		text = "(nothing)"
	}
	f.Logf("What clients of %s sent last, and were answered:\n%s", s.name(), text)
	f.Logf("What was left to chance is repeated by Options.Seed: %d", s.Seed())
	if s.first == nil {
		return
	}
	var b strings.Builder
	n := s.engine.Changes(s.first.state, changesMost, func(c engine.Change) { b.WriteString(changeLine(c)) })
	if n > changesMost {
		fmt.Fprintf(&b, "\n  and %d more", n-changesMost)
	}
	if n == 0 {
		b.WriteString("\n  (none)")
	}
	f.Logf("Keys that have changed since the start:%s", b.String())
}

// name returns the name of the server in messages.
func (s *Server) name() string {
	if addr := s.Addr(); addr != "" {
		return "the server at " + addr
	}
	return "the server"
}

func changeLine(c engine.Change) string {
	sign, e := "~", c.After
	switch {
	case c.Before.IsZero():
		sign = "+"
	case c.After.IsZero():
		sign, e = "-", c.Before
	}
	value := fmt.Sprintf("(%v)", e.Type())
	if e.Type().String() == "string" {
		var scratch [20]byte
		if b := e.Bytes(scratch[:]); len(b) <= 100 {
			value = notation.Quote(b)
		}
	}
	db := ""
	if c.DB != 0 {
		db = fmt.Sprintf(" (database %d)", c.DB)
	}
	return fmt.Sprintf("\n  %s %s%s %s", sign, notation.Join([]string{string(c.Key)}), db, value)
}

// StartRecord begins the recording of TESTING RECORD.
func (h *testHost) StartRecord(scripts, spaces bool) {
	h.StopRecord()
	r := h.Record(RecordOptions{Scripts: scripts, Spaces: spaces})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.record = r
}

// StopRecord ends the recording of TESTING RECORD; it can still be read.
func (h *testHost) StopRecord() (running bool) {
	h.mu.Lock()
	r := h.record
	h.mu.Unlock()
	if r == nil {
		return false
	}
	r.mu.Lock()
	running = !r.stopped
	r.mu.Unlock()
	r.Stop()
	return running
}

// RecordText returns the last events of the recording, or all if last is 0.
func (h *testHost) RecordText(last int) (text string, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.record == nil {
		return "", false
	}
	return h.record.rec.Text(recordedFrom, last), true
}

// RecordCount returns how many commands of the recording match a pattern.
func (h *testHost) RecordCount(pattern string) (n int, ok bool, err error) {
	p, err := record.ParsePattern(pattern)
	if err != nil {
		return 0, false, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.record == nil {
		return 0, false, nil
	}
	for _, c := range h.record.rec.Contents().Commands {
		if p.Matches(c.Args) {
			n++
		}
	}
	return n, true, nil
}
