package respserver_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/resp"
)

// TestStrict breaks each rule, and sends similar commands that break none. A line
// that begins with "!" must get an error.
func TestStrict(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ rules, lines, want string }{
		{"cross-slot", `
			!MSET a 1 b 2
			MSET {a}1 1 {a}2 2
			SINTERSTORE {a}x {a}y {a}z
			!EVAL "return 1" 2 a b
			DEL a
		`, `
			MSET a 1 b 2: "a" is in hash slot 15495, "b" in 3300
			EVAL "return 1" 2 a b: "a" is in hash slot 15495, "b" in 3300
		`},
		{"cross-slot", `
			MULTI
			SET a 1
			SET b 2
			!EXEC
			GET a
			MULTI
			SET {a}1 1
			SET a 2
			EXEC
		`, `EXEC: "a" is in hash slot 15495, "b" in 3300`},
		{"undeclared-keys", `
			EVAL "return redis.call('SET', KEYS[1], 'v')" 1 a
			!EVAL "return redis.call('SET', 'b', 'v')" 1 a
			EXISTS b
		`, `SET b v: the script uses "b" without having it in KEYS`},
		{"large-reads 3", `
			RPUSH list 1 2 3 4
			LRANGE list 0 2
			!LRANGE list 0 -1
			HSET hash a 1 b 2 c 3
			HGETALL hash
			ZADD zset 1 a 2 b 3 c
			ZRANGE zset 0 -1 WITHSCORES
			KEYS *
			SET one more
			!KEYS on*
			LPOP list 4
		`, `
			LRANGE list 0 -1: the reply has 4 elements, more than 3
			KEYS on*: it looks at all 4 keys, more than 3
		`},
		{"large-reads 3", `
			RPUSH list 1 2 3 4
			!EVAL "return #redis.call('LRANGE', 'list', 0, -1)" 0
		`, `LRANGE list 0 -1: the reply has 4 elements, more than 3`},
		{"large-values 5", `
			SET k 12345
			!SET k 123456
			STRLEN k
			!APPEND k 6
			GETRANGE 123456 0 -1
			HSET h f 12345
		`, `
			SET k 123456: a value has 6 bytes, more than 5
			APPEND k 6: "k" has 6 bytes after it, more than 5
		`},
		{"missing-ttl session:* cache:*", `
			SET session:1 v EX 10
			SET user:1 v
			!SET session:1 v
			MULTI
			HSET cache:1 f v
			EXPIRE cache:1 10
			EXEC
			EVAL "redis.call('SADD', KEYS[1], 'm') return redis.call('EXPIRE', KEYS[1], 10)" 1 session:2
			HSET cache:1 g v
			GET session:1
			DEL session:1
			!EVAL "return redis.call('SADD', KEYS[1], 'm')" 1 session:3
			!PERSIST session:2
		`, `
			SET session:1 v: "session:1" has no TTL after it
			SADD session:3 m: "session:3" has no TTL after it
			PERSIST session:2: "session:2" has no TTL after it
		`},
		{"newer-commands 6.0", `
			!GETEX k
			SET k v
			LPOP list
			!LPOP list 2
			CLIENT SETINFO LIB-NAME mine
			!CLIENT NO-TOUCH ON
		`, `
			GETEX k: the command came with Redis 6.2.0, 6.0.0 does not have it
			LPOP list 2: count came with Redis 6.2.0, 6.0.0 does not have it
			CLIENT NO-TOUCH: the command came with Redis 7.2.0, 6.0.0 does not have it
		`},
		{"deprecated-commands", `
			!GETSET k v
			MULTI
			!SETEX k 10 v
			EXEC
		`, `
			GETSET k v: deprecated since 6.2.0, instead there is SET with the GET argument
			SETEX k 10 v: deprecated since 2.6.12, instead there is SET with the EX argument
		`},
		{"new-scripts 2", `
			EVAL "return 1" 0
			EVAL "return 2" 0
			EVAL "return 1" 0
			!EVAL "return 3" 0
			EVAL "return 2" 0
		`, `EVAL "return 3" 0: more than 2 different texts; what varies belongs into KEYS and ARGV`},
		{"missing-pipeline 3", `
			GET user:1
			GET user:2
			GET user:2
			!GET user:3
			PING
			GET user:4
			SET user:4 v
			GET user:5
			GET user:6
			HSCAN h 0
			HSCAN h 0
			HSCAN h 0 COUNT 2
			HSCAN h 0 COUNT 3
			HSCAN h 0 COUNT 4
		`, `GET user:3: the 3rd of its kind in a row, each sent after the reply to the one before`},
	} {
		rule, limit, _ := strings.Cut(test.rules, " ")
		for _, level := range []string{"error", "warn"} {
			s := respserver.StartTest(t, respserver.Options{Strict: []string{rule + " " + level + " " + limit}})
			c, err := s.Dial(t.Context())
			ask := ask(t, c, err)
			for line := range strings.Lines(test.lines) {
				line, breaks := strings.CutPrefix(strings.TrimSpace(line), "!")
				if line == "" {
					continue
				}
				words, _ := resp.SplitWords(line)
				got := ask(words...)
				if refused := strings.Contains(got.Str, "STRICT "+rule+": '"); refused != (breaks && level == "error") {
					t.Errorf("%s %s: %s: %v", test.rules, level, line, got)
				}
			}
			var got, want strings.Builder
			for _, f := range s.StrictReport() {
				if f.Refused != (level == "error") || f.Count != 1 || f.First.IsZero() {
					t.Errorf("%s %s: %+v", test.rules, level, f)
				}
				fmt.Fprintf(&got, "%s: %s\n", f.Line, f.Message)
			}
			for line := range strings.Lines(test.want) {
				if line = strings.TrimSpace(line); line != "" {
					want.WriteString(line + "\n")
				}
			}
			if level == "error" && got.String() != want.String() {
				t.Errorf("%s: got\n%s\nwant\n%s", test.rules, &got, &want)
			}
			if got.Len() == 0 {
				t.Errorf("%s %s: no findings", test.rules, level)
			}
			s.ResetStrict()
		}
	}
}

// TestStrictPipeline: commands of a pipeline, or sent without waiting for replies,
// do not count as one by one.
func TestStrictPipeline(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, respserver.Options{Strict: []string{"missing-pipeline error 2"}})
	c := dialPeer(t, s)
	c.send("GET a", "GET b", "GET c", "GET d")
	c.expect("$-1", "$-1", "$-1", "$-1")
	c.send("GET e")
	c.expect("$-1")
	c.send("GET f")
	c.expect("-STRICT missing-pipeline: 'get': the 2nd of its kind in a row, each sent after the reply to the one before")
}

// TestStrictCallers: findings have the line of the program that called Do or used
// Dial, and warnings fail the test.
func TestStrictCallers(t *testing.T) {
	t.Parallel()
	f := new(fakeT)
	s := respserver.StartTest(f, respserver.Options{Strict: []string{"deprecated-commands warn", "cross-slot error"}})
	c, err := s.Dial(t.Context())
	ask := ask(t, c, err)
	for range 3 {
		s.Must("GETSET", "k", "v") // here
	}
	s.Must("GETSET", "k", "v")
	ask("SETEX", "k", "10", "v")
	s.Do(t.Context(), "MGET", "a", "b") // refused, which is no warning
	report := s.StrictReport()
	here := line(t, "strict_test.go", "// here")
	var got []string
	for _, r := range report {
		got = append(got, fmt.Sprintf("%s %s %d", r.Command, r.Caller, r.Count))
	}
	want := []string{
		fmt.Sprintf("getset strict_test.go:%d 3", here), fmt.Sprintf("getset strict_test.go:%d 1", here+2),
		fmt.Sprintf("setex %s 1", report[2].Caller), fmt.Sprintf("mget strict_test.go:%d 1", here+4),
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") || !strings.HasPrefix(report[2].Caller, "table_test.go:") { // where ask writes
		t.Errorf("got %q, want %q", got, want)
	}
	text := f.end()
	if wanted := fmt.Sprintf("strict mode warns of what clients of the server have done:\n  strict_test.go:%d: deprecated-commands: GETSET k v: deprecated since 6.2.0, instead there is SET with the GET argument (3 times)\n", here); !strings.Contains(text, wanted) || !f.failed {
		t.Errorf("got %s, want %s", text, wanted)
	}
	if strings.Contains(text, "MGET a b: ") {
		t.Errorf("a refused command fails the test: %s", text)
	}
}

// line returns the number of the line in a file that ends with a text.
func line(t *testing.T, file, end string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		if strings.HasSuffix(line, end+"\n") {
			return n
		}
	}
	t.Fatalf("no line of %s ends with %s", file, end)
	return 0
}

// TestStrictInSpaces: what clients in spaces do fails the test too.
func TestStrictInSpaces(t *testing.T) {
	t.Parallel()
	f := new(fakeT)
	s := respserver.StartTest(f, respserver.Options{Strict: []string{"deprecated-commands warn"}, Config: []string{"spaces yes"}})
	one, err := s.Space("one")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.Do(t.Context(), "GETSET", "k", "v"); err != nil {
		t.Fatal(err)
	}
	if text := f.end(); !f.failed || !strings.Contains(text, "deprecated-commands: GETSET k v: ") || !strings.Contains(text, " (in space one)\n") {
		t.Errorf("failed: %v: %s", f.failed, text)
	}
}

// TestStrictElsewhere: forks and spaces start with the rules and without findings,
// and are independent then. Reset restores the rules of the start.
func TestStrictElsewhere(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, respserver.Options{Strict: []string{"deprecated-commands error"}, Config: []string{"spaces yes"}})
	const refused = "STRICT deprecated-commands: 'getset': deprecated since 6.2.0, instead there is SET with the GET argument"
	tell := func(s *respserver.TestServer) string {
		r, _ := s.Do(t.Context(), "GETSET", "k", "v")
		return r.Str
	}
	if got := tell(s); got != refused {
		t.Errorf("got %s", got)
	}
	fork := s.Fork(t)
	if n := len(fork.StrictReport()); n != 0 {
		t.Errorf("the new fork has %d findings", n)
	}
	if got := tell(fork); got != refused {
		t.Errorf("the fork: %s", got)
	}
	if err := fork.Strict("all off"); err != nil {
		t.Fatal(err)
	}
	if tell(fork) == refused || tell(s) != refused {
		t.Error("a fork and its parent share rules")
	}
	c := dialPeer(t, s)
	c.send("TESTING SPACE one", "TESTING STRICT REPORT", "GETSET k v", "TESTING STRICT SET all off", "GETSET k v")
	c.expect("+OK", "*0", "-"+refused, "+OK", "$-1")
	if got := tell(s); got != refused {
		t.Errorf("after a space has changed its rules: %s", got)
	}
	if err := s.Strict("all off"); err != nil {
		t.Fatal(err)
	}
	if err := s.Reset(); err != nil {
		t.Fatal(err)
	}
	if n := len(s.StrictReport()); n != 0 || tell(s) != refused {
		t.Errorf("after Reset: %d findings", n)
	}
}

// TestStrictOnce: a command that blocks, or is held back by a pause, a fault or a
// schedule, counts once.
func TestStrictOnce(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	s.Freeze()
	if err := s.Strict("deprecated-commands warn", "missing-ttl warn *"); err != nil {
		t.Fatal(err)
	}
	s.Inject(respserver.Fault{Command: "GETSET", Delay: time.Second})
	c, b := dialPeer(t, s), dialPeer(t, s)
	wait := func(n int) {
		t.Helper()
		if err := s.WaitBlocked(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	s.Must("CLIENT", "PAUSE", 1000)
	c.send("GETSET k v")
	wait(1)
	s.Advance(time.Second)
	s.Advance(time.Second)
	c.expect("$-1")
	b.send("BRPOPLPUSH from to 0")
	wait(1)
	c.send("RPUSH from x")
	c.expect(":1")
	b.expect("$1", "x")
	var got []string
	for _, f := range s.StrictReport() {
		got = append(got, fmt.Sprintf("%s %s %d", f.Rule, f.Command, f.Count))
	}
	want := "deprecated-commands getset 1, missing-ttl getset 1, deprecated-commands brpoplpush 1, missing-ttl rpush 1, missing-ttl brpoplpush 1"
	if text := strings.Join(got, ", "); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	s.ResetStrict()
}

func TestStrictOverTheWire(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	s.Freeze()
	c := dialPeer(t, s)
	for command, want := range map[string]string{
		"TESTING STRICT":                          "ERR wrong number of arguments for 'testing|strict' command",
		"TESTING STRICT SET all":                  "ERR wrong number of arguments for 'testing|strict' command",
		"TESTING STRICT LIST all":                 "ERR wrong number of arguments for 'testing|strict' command",
		"TESTING STRICT FOO":                      "ERR syntax error",
		"TESTING STRICT SET cross warn":           "ERR no rule is called 'cross'",
		"TESTING STRICT SET cross-slot loud":      "ERR 'loud' is no level: off, warn or error",
		"TESTING STRICT SET missing-ttl warn":     "ERR missing-ttl needs patterns of keys",
		"TESTING STRICT SET large-reads warn few": "ERR large-reads needs a number from 1 on",
	} {
		c.send(command)
		c.expect("-" + want)
	}
	c.send("TESTING STRICT SET Cross-Slot ERROR", "TESTING STRICT SET MISSING-TTL warn user:*", "CLIENT SETNAME web", "MGET a b", "SET user:1 v")
	c.expect("+OK", "+OK", "+OK", `-STRICT cross-slot: 'mget': "a" is in hash slot 15495, "b" in 3300`, "+OK")
	report := s.Must("TESTING", "STRICT", "REPORT").Array()
	if len(report) != 2 {
		t.Fatalf("got %v", report)
	}
	first, second := report[0].StringMap(), report[1].StringMap()
	if first["rule"] != "cross-slot" || first["level"] != "error" || first["command"] != "mget" || first["line"] != "MGET a b" || first["client"] != "web" ||
		first["count"] != "1" || first["first"] != fmt.Sprint(s.Now().UnixMilli()) {
		t.Errorf("got %v", first)
	}
	if second["rule"] != "missing-ttl" || second["level"] != "warn" || second["message"] != `"user:1" has no TTL after it` {
		t.Errorf("got %v", second)
	}
	for _, r := range s.Must("TESTING", "STRICT", "LIST").Array() {
		r := r.StringMap()
		level, count := "off", "0"
		switch r["rule"] {
		case "cross-slot":
			level, count = "error", "1"
		case "missing-ttl":
			level, count = "warn", "1"
		}
		if r["level"] != level || r["count"] != count || r["about"] == "" {
			t.Errorf("got %v", r)
		}
	}
	c.send("TESTING STRICT RESET", "TESTING STRICT REPORT", "MGET a b")
	c.expect("+OK", "*0", `-STRICT cross-slot: 'mget': "a" is in hash slot 15495, "b" in 3300`)
	s.ResetStrict()
}

// TestStrictSecrets: findings contain no passwords.
func TestStrictSecrets(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	if err := s.Strict("newer-commands warn 1.0"); err != nil {
		t.Fatal(err)
	}
	c := dialPeer(t, s)
	c.send("AUTH ann hunter2", "ACL SETUSER ben >hunter2", "MIGRATE h 1 k 0 10 AUTH hunter2", "CONFIG SET requirepass hunter2")
	c.expect("-WRONGPASS invalid username-password pair or user is disabled.", "+OK", "+NOKEY", "+OK")
	report := s.StrictReport()
	if text := fmt.Sprint(report); strings.Contains(text, "hunter2") || len(report) < 4 {
		t.Errorf("got %v", report)
	}
	s.ResetStrict()
}

// TestStrictFixtures: strict mode does not judge fixtures.
func TestStrictFixtures(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, respserver.Options{Strict: []string{"all error", "missing-ttl error *"}})
	fixture := strings.Repeat("SET a 1\nSET b 2\n", 20) + "MSET a 1 b 2\nGETSET a 3\nEVAL \"return redis.call('SET', 'c', 1)\" 0\n"
	if err := s.Load(strings.NewReader(fixture)); err != nil {
		t.Error(err)
	}
	s.Must("TESTING", "LOAD", fixture)
	if report := s.StrictReport(); len(report) != 0 {
		t.Errorf("got %v", report)
	}
}

func TestBadStrict(t *testing.T) {
	t.Parallel()
	if s, err := respserver.Start(respserver.Options{Strict: []string{"all warn", "nothing warn"}}); err == nil || err.Error() != "respserver: strict: nothing warn: no rule is called 'nothing'" {
		if s != nil {
			s.Close()
		}
		t.Errorf("got %v", err)
	}
	s := respserver.StartTest(t)
	if err := s.Strict("deprecated-commands error", "nothing warn"); err == nil {
		t.Error("no error")
	}
	if _, err := s.Do(t.Context(), "GETSET", "k", "v"); err != nil {
		t.Errorf("a part of an invalid list is applied: %v", err)
	}
}
