package respserver_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/transcript"
)

// peer is a client on the level of bytes.
type peer struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func dialPeer(t *testing.T, s *respserver.TestServer) *peer {
	t.Helper()
	c, err := s.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &peer{t, c, bufio.NewReader(c)}
}

// send sends lines as one packet.
func (p *peer) send(lines ...string) {
	p.t.Helper()
	if _, err := io.WriteString(p, strings.Join(lines, "\r\n")+"\r\n"); err != nil {
		p.t.Fatal(err)
	}
}

// expect reads these lines.
func (p *peer) expect(lines ...string) {
	p.t.Helper()
	p.SetReadDeadline(time.Now().Add(time.Minute))
	for _, want := range lines {
		got, err := p.r.ReadString('\n')
		if err != nil || strings.TrimSuffix(got, "\r\n") != want {
			p.t.Fatalf("got %q, %v, want %q", got, err, want)
		}
	}
}

// converse makes several clients do everything that makes it hard to match replies
// with commands.
func converse(t *testing.T, s *respserver.TestServer) {
	a, b, c := dialPeer(t, s), dialPeer(t, s), dialPeer(t, s)
	a.send("SET user:1 Ann")
	a.expect("+OK")
	a.send("SET user:2 Bob", "GET user:1", "NOSUCH", "INCR n") // a pipeline
	a.expect("+OK", "$3", "Ann", "-ERR unknown command 'NOSUCH', with args beginning with: ", ":1")
	b.send("INCR m", "BLPOP jobs 0") // a blocking command behind another one
	b.expect(":1")
	if err := s.WaitBlocked(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	b.send("GET after") // while b is blocked
	a.send("RPUSH jobs x")
	a.expect(":1")
	b.expect("*2", "$4", "jobs", "$1", "x", "$-1")
	a.send("MULTI", "INCR n", "EXEC")
	a.expect("+OK", "+QUEUED", "*1", ":2")
	c.send("SUBSCRIBE news sport")
	c.expect("*3", "$9", "subscribe", "$4", "news", ":1", "*3", "$9", "subscribe", "$5", "sport", ":2")
	a.send("PUBLISH news hello")
	a.expect(":1")
	c.expect("*3", "$7", "message", "$4", "news", "$5", "hello")
	c.send("UNSUBSCRIBE")
	for range 2 {
		c.expect("*3", "$11", "unsubscribe")
		c.r.ReadString('\n')
		c.r.ReadString('\n')
		c.r.ReadString('\n')
	}
	b.send("CLIENT REPLY OFF", "SET silent 1", "CLIENT REPLY ON", "CLIENT REPLY SKIP", "SET silent 2", "GET silent")
	b.expect("+OK", "$1", "2")
	s.Must("SADD", "set", "x", "y", "z")
	s.Must("SMEMBERS", "set")
	s.Must("GET", "with\r\n\x00<int> 'quotes\"")
	c.send("QUIT")
	c.expect("+OK")
}

func TestRecord(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	s.Freeze()
	rec := s.Record()
	converse(t, s)
	want := map[string]string{
		"GET user:1":   `"Ann"`,
		"NOSUCH":       "(error) ERR unknown command 'NOSUCH', with args beginning with: ",
		"INCR m":       "1",
		"BLPOP jobs 0": `array["jobs" "x"]`,
		"GET after":    "(null)",
		"EXEC":         "array[2]",
		"GET silent":   `"2"`,
	}
	for _, c := range rec.Commands() {
		if text, ok := want[c.String()]; ok && (!c.Answered || c.Reply.String() != text) {
			t.Errorf("the reply to %v is %v", c, c.Reply)
		}
		if c.String() == "SET silent 1" && c.Answered {
			t.Errorf("the reply to %v is %v", c, c.Reply)
		}
		if inMulti := c.Transaction == 1; inMulti != (c.String() == "MULTI" || c.String() == "EXEC" || c.String() == "INCR n" && c.RoundTrip > 2) {
			t.Errorf("%v is in transaction %d", c, c.Transaction)
		}
	}
	if m := rec.Messages(); len(m) != 1 || m[0].Reply.String() != `array["message" "news" "hello"]` {
		t.Errorf("messages: %v", m)
	}
	if t.Failed() {
		t.Log(rec)
	}
}

// TestRecordReplays: the server that made a record can replay it, and so can an
// empty server and the runner of the transcript tests.
func TestRecordReplays(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	s := respserver.StartTest(t, respserver.Options{RecordTo: &file})
	converse(t, s)
	s.Close()
	text := file.String()

	again := respserver.StartTest(t)
	result, err := respserver.Replay(t.Context(), strings.NewReader(text), again.Dial)
	if err != nil || len(result.Differences) > 0 || result.Commands < 20 {
		t.Errorf("%d commands, %v, %v\n%s", result.Commands, result.Differences, err, text)
	}
	f, err := transcript.Parse("record", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	f.Run(t, startSelf(t, "pipe"), transcript.Options{})

	other := respserver.StartTest(t)
	other.Must("SET", "n", 5)
	result, err = respserver.Replay(t.Context(), strings.NewReader(text), other.Dial)
	if err != nil || len(result.Differences) != 2 { // INCR n and EXEC
		t.Errorf("%v, %v", result.Differences, err)
	}
}

func TestReplayErrors(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	for text, want := range map[string]string{
		"> GET x\n":             "respserver: replay: line 1: there is no reply",
		"OK\n":                  `respserver: replay: line 1: "OK" is no reply to a command that waits for one`,
		"\n@advance 1s\n":       "respserver: replay: line 2: @advance 1s is for transcripts that are tests; a replay knows @resp and @space",
		"raw> \"PING\"\nPONG\n": "respserver: replay: line 1: raw clients are for transcripts that are tests",
		"> GET \"x\n(nil)\n":    "respserver: replay: line 1: unbalanced quotes",
		"> GET x\n1) a\n3) b\n": "respserver: replay: line 1: \"3) b\" does not continue the reply above it",
	} {
		if _, err := respserver.Replay(t.Context(), strings.NewReader(text), s.Dial); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
	if _, err := respserver.Replay(t.Context(), strings.NewReader("> PING\nPONG\n"), func(context.Context) (net.Conn, error) {
		return nil, io.ErrClosedPipe
	}); err == nil {
		t.Error("no error without a server")
	}
}

// fakeT records failures instead of failing.
type fakeT struct {
	mu       sync.Mutex
	messages []string
	cleanups []func()
	failed   bool
}

func (f *fakeT) Helper()          {}
func (f *fakeT) Cleanup(c func()) { f.cleanups = append(f.cleanups, c) }
func (f *fakeT) Failed() bool     { return f.failed }
func (f *fakeT) Logf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.messages = append(f.messages, fmt.Sprintf(format, args...))
}
func (f *fakeT) Fatalf(format string, args ...any) {
	f.failed = true
	f.Logf(format, args...)
}
func (f *fakeT) end() string {
	for i := len(f.cleanups) - 1; i >= 0; i-- {
		f.cleanups[i]()
	}
	return strings.Join(f.messages, "\n")
}

func TestExpect(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	rec := s.Record(respserver.RecordOptions{ClientsOnly: true})
	s.Must("SET", "seed", 1)
	c := dialPeer(t, s)
	for i := range 3 {
		c.send(fmt.Sprintf("set user:%d x", i))
		c.expect("+OK")
	}
	c.send("GET user:0", "GET user:1", "GET user:2")
	c.expect("$1", "x", "$1", "x", "$1", "x")

	rec.Expect(t, "SET user:* *", respserver.Times(3))
	rec.Expect(t, "GET ...")
	rec.Expect(t, "DEL ...", respserver.Times(0))
	rec.ExpectOrder(t, "SET user:2 x", "GET user:0", "GET *")
	rec.ExpectNoOther(t)
	rec.ExpectRoundTrips(t, respserver.Times(4))
	rec.ExpectNoRuns(t, 4)
	if n := rec.RoundTrips(); n != 4 {
		t.Errorf("%d round trips", n)
	}
	for _, fails := range []struct {
		check func(f *fakeT)
		want  string
	}{
		{func(f *fakeT) { rec.Expect(f, "SET user:* *", respserver.AtMost(2)) }, "SET user:* * was sent 3 times, not at most 2 times:\n  a> set user:0 x"},
		{func(f *fakeT) { rec.Expect(f, "DEL *") }, "DEL * was sent 0 times, not at least 1 times:"},
		{func(f *fakeT) { rec.ExpectOrder(f, "GET *", "SET ...") }, "SET ... was not sent after GET *:"},
		{func(f *fakeT) { rec.ExpectRoundTrips(f, respserver.AtMost(1)) }, "clients have waited 4 times for the server, not at most 1 times:"},
		{func(f *fakeT) { rec.ExpectNoRuns(f, 3) }, "3 times in a row, without a pipeline: set user:0 x"},
		{func(f *fakeT) { rec.Expect(f, `GET "x`) }, "unbalanced quotes"},
	} {
		f := new(fakeT)
		if fails.check(f); !strings.Contains(strings.Join(f.messages, "\n"), fails.want) {
			t.Errorf("got %q, want %q", f.messages, fails.want)
		}
	}
	rec.Reset()
	c.send("DEL user:1")
	c.expect(":1")
	f := new(fakeT)
	if rec.ExpectNoOther(f); len(f.messages) != 1 || f.messages[0] != "1 other commands were sent:\n  a> DEL user:1" {
		t.Errorf("got %q", f.messages)
	}
	if err := rec.Stop(); err != nil {
		t.Error(err)
	}
	c.send("DEL user:2")
	c.expect(":1")
	if n := len(rec.Commands()); n != 1 {
		t.Errorf("%d commands after Stop", n)
	}
}

// TestRecordBounded: a record drops its oldest part.
func TestRecordBounded(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	rec := s.Record(respserver.RecordOptions{MaxBytes: 10_000})
	value := strings.Repeat("x", 1000)
	for i := range 100 {
		s.Must("SET", i, value)
	}
	commands := rec.Commands()
	if n := len(commands); n < 5 || n > 10 || commands[n-1].Args[1] != "99" || rec.Missing() < 180 {
		t.Errorf("%d commands, and %d missing", n, rec.Missing())
	}
	s.Must("SET", "large", strings.Repeat("x", 20_000))
	if n := len(rec.Commands()); n != 0 {
		t.Errorf("%d commands match", n)
	}
}

// TestRecordHeldBack: a delayed command is recorded once.
func TestRecordHeldBack(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	s.Freeze()
	rec := s.Record(respserver.RecordOptions{ClientsOnly: true})
	s.Must("CLIENT", "PAUSE", 1000)
	c := dialPeer(t, s)
	c.send("GET k")
	if err := s.WaitBlocked(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	s.Advance(time.Second)
	c.expect("$-1")
	if got := rec.Commands(); len(got) != 1 || !got[0].Answered || got[0].RoundTrip != 1 {
		t.Errorf("got %v", got)
	}
}

// TestRecordScripts records what scripts and functions call.
func TestRecordScripts(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	s.Must("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('up', function(keys) return redis.call('INCR', keys[1]) end)")
	var text strings.Builder
	rec := s.Record(respserver.RecordOptions{Scripts: true, To: &text})
	s.Must("EVAL", "redis.call('SET', KEYS[1], 41) return redis.pcall('INCR', KEYS[1])", 1, "n")
	s.Must("FCALL", "up", 1, "n")
	s.Must("GET", "n")
	if err := rec.Stop(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range rec.Commands() {
		got = append(got, fmt.Sprint(c.Args[0], " ", c.Reply))
		for _, inner := range c.Calls {
			got = append(got, fmt.Sprint("calls ", inner, " ", inner.Reply))
		}
	}
	want := "EVAL 42\ncalls SET n 41 OK\ncalls INCR n 42\nFCALL 43\ncalls INCR n 43\nGET \"43\""
	if got := strings.Join(got, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !strings.Contains(text.String(), "# the next command calls SET n 41\n# the next command calls INCR n\ndo> EVAL ") {
		t.Errorf("got %s", &text)
	}
	s.Reset()
	s.Must("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('up', function(keys) return redis.call('INCR', keys[1]) end)")
	if result, err := respserver.Replay(t.Context(), strings.NewReader(text.String()), s.Dial); err != nil || len(result.Differences) != 0 || result.Commands != 3 {
		t.Errorf("%+v, %v", result, err)
	}
	plain := s.Record()
	s.Must("FCALL", "up", 1, "n")
	if calls := plain.Commands()[0].Calls; calls != nil {
		t.Errorf("calls are recorded without Scripts: %v", calls)
	}
	bounded := s.Record(respserver.RecordOptions{Scripts: true, MaxBytes: 10_000})
	s.Must("EVAL", "for i = 1, 1000 do redis.call('SET', KEYS[1], i) end", 1, "n")
	s.Must("PING")
	if list := bounded.Commands(); len(list) != 1 || list[0].Args[0] != "PING" {
		t.Errorf("got %v", list)
	}
}

// TestRecordSpace records a space, and not its neighbours.
func TestRecordSpace(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, respserver.Options{Config: []string{"spaces yes"}})
	w1, err := s.Space("w1")
	if err != nil {
		t.Fatal(err)
	}
	rec, other := w1.Record(), s.Record(respserver.RecordOptions{ClientsOnly: true})
	a, b := dialPeer(t, s), dialPeer(t, s)
	a.send("TESTING SPACE w1", "SET k 1")
	a.expect("+OK", "+OK")
	b.send("TESTING SPACE w2", "SET k 2")
	b.expect("+OK", "+OK")
	if again, err := s.Space("w1"); err != nil || again != w1 {
		t.Errorf("Space returns another server: %v", err)
	}
	rec.Expect(t, "SET k *", respserver.Times(1))
	rec.Expect(t, "SET k 1", respserver.Times(1))
	for _, c := range other.Commands() {
		if c.Args[0] != "TESTING" {
			t.Errorf("the parent has recorded %v", c)
		}
	}
	if !s.CloseSpace("w1") || s.CloseSpace("w1") {
		t.Error("the space did not end")
	}
	if _, err := respserver.StartTest(t).Space("w1"); err == nil {
		t.Error("Space works without the setting")
	}
}

// TestFailure: a failed test shows what happened.
func TestFailure(t *testing.T) {
	t.Parallel()
	f := new(fakeT)
	s := respserver.StartTest(f)
	s.Freeze()
	for i := range 100 {
		s.Must("SET", fmt.Sprintf("key:%03d", i), "v")
	}
	s.Must("HSET", "hash", "f", strings.Repeat("long", 1000))
	f.failed = true
	text := f.end()
	for _, want := range []string{
		"do> SET key:099 v\nOK\n", "\n  + hash (hash)\n  + key:000 \"v\"\n", "\n  and 61 more", " bytes more)",
		"What clients of the server sent last", "Keys that have changed since the start:",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "key:050 v") || len(text) > 10_000 {
		t.Errorf("too much is shown:\n%s", text)
	}

	passes := new(fakeT)
	respserver.StartTest(passes).Must("PING")
	if text := passes.end(); text != "" {
		t.Errorf("a passing test prints %s", text)
	}
}

func TestTestingRecord(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	s.Freeze()
	s.SetTime(time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC))
	c := dialPeer(t, s)
	c.send("TESTING RECORD GET")
	c.expect("-ERR nothing is recorded, see TESTING RECORD START")
	c.send("TESTING RECORD STOP", "TESTING RECORD START", "SET a 1", "TESTING RECORD COUNT", "GET a", "TESTING RECORD COUNT \"get *\"")
	c.expect(":0", "+OK", "+OK", ":1", "$1", "1", ":1")
	c.send("TESTING RECORD STOP", "GET a")
	c.expect(":1", "$1", "1")
	got := s.Must("TESTING", "RECORD", "GET").Text()
	_, got, _ = strings.Cut(got, "# a is the client")
	_, got, _ = strings.Cut(got, "\n")
	if want := ">> SET a 1\n>> GET a\n<\nOK\n<\n\"1\"\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	c.send("TESTING RECORD START SCRIPTS", "EVAL \"return redis.call('GET', 'a')\" 0")
	c.expect("+OK", "$1", "1")
	if got := s.Must("TESTING", "RECORD", "GET").Text(); !strings.Contains(got, "# the next command calls GET a\n") {
		t.Errorf("got %s", got)
	}
	for command, want := range map[string]string{
		"TESTING RECORD":                        "ERR wrong number of arguments for 'testing|record' command",
		"TESTING RECORD FOO":                    "ERR syntax error",
		"TESTING RECORD GET 0":                  "ERR value is not an integer or out of range",
		"TESTING RECORD START NOW":              "ERR syntax error",
		"TESTING RECORD START SCRIPTS x":        "ERR syntax error",
		"TESTING RECORD START SCRIPTS SPACES x": "ERR wrong number of arguments for 'testing|record' command",
		`TESTING RECORD COUNT "\"get"`:          `ERR pattern "get: unbalanced quotes`,
	} {
		c.send(command)
		c.expect("-" + want)
	}
}

// TestRecordTo: the file is complete, whoever stops the recording.
func TestRecordTo(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	var b bytes.Buffer
	rec := s.Record(respserver.RecordOptions{To: &b})
	for i := range 1000 {
		s.Must("SET", i, i)
	}
	if err := rec.Stop(); err != nil || strings.Count(b.String(), "\nOK\n") != 1000 || !strings.HasPrefix(b.String(), "# Recorded from resp-server 7.4.1.\n") {
		t.Errorf("%v, %d replies", err, strings.Count(b.String(), "\nOK\n"))
	}
	failing := s.Record(respserver.RecordOptions{To: brokenWriter{}})
	s.Must("PING")
	if err := failing.Stop(); err == nil {
		t.Error("an error of the writer is lost")
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// TestRecordSpaces: a record with Spaces has the commands of clients in spaces, and
// a replay runs them in the same spaces.
func TestRecordSpaces(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	o := respserver.Options{Config: []string{"spaces yes"}, RecordTo: &file}
	s := respserver.StartTest(t, o)
	early := dialPeer(t, s)
	early.send("AUTH space:w2 x", "SET k before")
	early.expect("+OK", "+OK")
	blocked := dialPeer(t, s)
	blocked.send("TESTING SPACE w2", "BLPOP later 0")
	blocked.expect("+OK")
	w2, err := s.Space("w2")
	if err != nil {
		t.Fatal(err)
	}
	if err := w2.WaitBlocked(t.Context(), 1); err != nil {
		t.Fatal(err)
	}

	rec, plain := s.Record(respserver.RecordOptions{Spaces: true}), s.Record()
	s.Must("TESTING", "RECORD", "START")
	s.Must("SET", "k", "main")
	early.send("SET k w2") // the client is in the space already
	early.expect("+OK")
	early.send("RPUSH later x")
	early.expect(":1")
	blocked.expect("*2", "$5", "later", "$1", "x")
	a, b := dialPeer(t, s), dialPeer(t, s)
	a.send("SET other main")
	a.expect("+OK")
	a.send("AUTH space:w1 x", "SET k w1") // the client enters the space
	a.expect("+OK", "+OK")
	b.send("HELLO 2 AUTH space w1:x")
	b.expect("*14")
	for i := range 28 {
		line, err := b.r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if i == 27 && line != "*0\r\n" {
			t.Fatalf("got %q", line)
		}
		if line == "*0\r\n" {
			break
		}
	}
	a.send("BLPOP list 0")
	w1, err := s.Space("w1")
	if err != nil {
		t.Fatal(err)
	}
	if err := w1.WaitBlocked(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	b.send("RPUSH list 1")
	b.expect(":1")
	a.expect("*2", "$4", "list", "$1", "1")
	a.send("GET k", "SUBSCRIBE news")
	a.expect("$2", "w1", "*3", "$9", "subscribe", "$4", "news", ":1")
	b.send("PUBLISH news hi")
	b.expect(":1")
	a.expect("*3", "$7", "message", "$4", "news", "$2", "hi")
	if _, err := w1.Do(t.Context(), "SET", "program", "w1"); err != nil {
		t.Fatal(err)
	}
	s.Must("SET", "k", "main again")

	where := map[string]string{}
	for _, c := range rec.Commands() {
		where[strings.Join(c.Args, " ")] = c.Space
	}
	for command, want := range map[string]string{
		"SET k main": "", "SET other main": "", "AUTH space:w1 x": "", "SET k w1": "w1", "GET k": "w1", "SET k w2": "w2", "RPUSH list 1": "w1",
		"SET program w1": "w1", "SET k main again": "",
	} {
		if got, ok := where[command]; !ok || got != want {
			t.Errorf("%s: in space %q, %v, want %q", command, got, ok, want)
		}
	}
	rec.Expect(t, "BLPOP *", respserver.AtLeast(0))
	if m := rec.Messages(); len(m) != 1 || m[0].Space != "w1" {
		t.Errorf("messages %v", m)
	}
	if n := rec.RoundTrips(); n != 13 {
		t.Errorf("%d round trips", n)
	}
	for what, text := range map[string]string{"Record": plain.String(), "TESTING RECORD": s.Must("TESTING", "RECORD", "GET").Text()} {
		if strings.Contains(text, "GET k") || !strings.Contains(text, "AUTH space:w1") || strings.Contains(text, "@space") {
			t.Errorf("%s is to be of the server alone, and has\n%s", what, text)
		}
	}
	s.Must("TESTING", "RECORD", "START", "SPACES", "SCRIPTS")
	b.send("GET k")
	b.expect("$2", "w1")
	if got := s.Must("TESTING", "RECORD", "GET").Text(); !strings.Contains(got, "@space w1 ") || !strings.Contains(got, "> GET k\n\"w1\"\n") {
		t.Errorf("TESTING RECORD START SPACES has\n%s", got)
	}

	text := rec.String()
	rec.Stop()
	s.Close()
	for what, text := range map[string]string{"Record": text, "RecordTo": file.String()} {
		again := respserver.StartTest(t, respserver.Options{Config: []string{"spaces yes"}})
		result, err := respserver.Replay(t.Context(), strings.NewReader(text), again.Dial)
		if err != nil {
			t.Errorf("%s: %v\n%s", what, err, text)
			continue
		}
		for _, d := range result.Differences {
			if !strings.HasPrefix(d.Command, "RPUSH later") && !strings.Contains(d.Command, "TESTING") { // the client that it unblocks is not in the record
				t.Errorf("%s: %v in\n%s", what, d, text)
			}
		}
		if what == "Record" { // the file has no commands of the program
			again.Want("main again", "GET", "k")
		}
		again.Want("main", "GET", "other")
		for name, want := range map[string]string{"w1": "w1", "w2": "w2"} {
			sp, err := again.Space(name)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := sp.Do(t.Context(), "GET", "k"); err != nil || got.Text() != want {
				t.Errorf("%s: space %s has %v, %v", what, name, got, err)
			}
		}
	}

	bare := respserver.StartTest(t)
	if _, err := respserver.Replay(t.Context(), strings.NewReader(text), bare.Dial); err == nil || !strings.Contains(err.Error(), "the server has no space w2 (it needs --spaces yes)") {
		t.Errorf("played on a server without spaces: %v", err)
	}
}

// TestRecordSpacesEnds: a record that has ended leaves nothing in spaces, and a
// running record does not keep closed spaces alive.
func TestRecordSpacesEnds(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, respserver.Options{Config: []string{"spaces yes"}})
	rec := s.Record(respserver.RecordOptions{Spaces: true})
	for i := range 3 {
		c := dialPeer(t, s)
		c.send("AUTH space:w x", fmt.Sprint("ECHO ", i), "TESTING CLOSE space:w")
		c.expect("+OK", "$1", fmt.Sprint(i))
		if _, err := io.Copy(io.Discard, c); err != nil {
			t.Fatal(err)
		}
	}
	rec.Expect(t, "ECHO *", respserver.Times(3))
	one, err := s.Space("one")
	if err != nil {
		t.Fatal(err)
	}
	rec.Stop()
	if _, err := one.Do(t.Context(), "ECHO", "late"); err != nil {
		t.Fatal(err)
	}
	rec.Expect(t, "ECHO late", respserver.Times(0))
}

// TestRecordBlocked: a record has the command that blocks before the one that
// unblocks it.
func TestRecordBlocked(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	rec := s.Record()
	a, b := dialPeer(t, s), dialPeer(t, s)
	a.send("SET k v", "BLPOP list 0")
	a.expect("+OK")
	if err := s.WaitBlocked(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	b.send("MULTI", "RPUSH list x", "LPOP list", "EXEC", "ECHO y", "RPUSH list z") // it blocks again in between
	b.expect("+OK", "+QUEUED", "+QUEUED", "*2", ":1", "$1", "x", "$1", "y", ":1")
	a.expect("*2", "$4", "list", "$1", "z")
	const want = `>> SET k v
>> BLPOP list 0
<
OK
<
(blocked)
b>> MULTI
b>> RPUSH list x
b>> LPOP list
b>> EXEC
b>> ECHO y
b>> RPUSH list z
b<
OK
b<
QUEUED
b<
QUEUED
b<
1) (integer) 1
2) "x"
b<
"y"
b<
(integer) 1
<
1) "list"
2) "z"
`
	text := rec.String()
	_, got, _ := strings.Cut(text, "\n>> ")
	if got := regexp.MustCompile(`(?m)^\n?# .*\n`).ReplaceAllString(">> "+got, ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	again := respserver.StartTest(t)
	if result, err := respserver.Replay(t.Context(), strings.NewReader(text), again.Dial); err != nil || len(result.Differences) > 0 {
		t.Errorf("%v, %v\n%s", result.Differences, err, text)
	}
}
