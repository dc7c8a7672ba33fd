package resp

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
)

// The files below testdata hold the replies of a real server. To rewrite them run
//
//	go test ./internal/resp -run Recorded -record host:port
//
// against a redis-server that may be changed freely.
var record = flag.String("record", "", "address of a redis-server: record its answers instead of comparing with them")

// exchange is one case of testdata/requests.txt: bytes sent on a new connection, and all replies until the connection
// ends.
type exchange struct {
	name           string
	stranger       bool // the server requires a password
	sent, answered string
	head           []string // the lines of the case before the reply
}

func readExchanges(t *testing.T) []exchange {
	var all []exchange
	for _, line := range fileLines(t, "testdata/requests.txt") {
		if name, ok := strings.CutPrefix(line, "= "); ok {
			all = append(all, exchange{name: name, stranger: strings.HasPrefix(name, "stranger")})
		}
		if len(all) == 0 {
			continue
		}
		x := &all[len(all)-1]
		if text, ok := strings.CutPrefix(line, "< "); ok {
			x.answered += repeated(t, text)
			continue
		}
		if line != "" {
			x.head = append(x.head, line)
		}
		if text, ok := strings.CutPrefix(line, "> "); ok {
			x.sent += repeated(t, text)
		}
	}
	return all
}

func TestRecordedRequests(t *testing.T) {
	all := readExchanges(t)
	if *record != "" {
		recordExchanges(t, all)
		return
	}
	for _, x := range all {
		t.Run(x.name, func(t *testing.T) {
			for _, step := range []int{1 << 20, 1, 3, 17, 4096} {
				if len(x.sent) > 1<<20 && step < 4096 {
					continue
				}
				if got := answer(x.sent, step, x.stranger); got != x.answered {
					t.Fatalf("in pieces of %d bytes:\n got %q\nwant %q", step, got, x.answered)
				}
			}
		})
	}
}

// answer returns the replies of a server with three commands: PING, ECHO, and AUTH.
func answer(sent string, step int, stranger bool) string {
	r := Reader{Limits: Limits{Unauthenticated: stranger}}
	var w Writer
	for sent != "" {
		n := min(step, len(sent))
		r.Feed([]byte(sent[:n]))
		sent = sent[n:]
		for {
			args, err := r.Next()
			if err != nil {
				w.Error(err.(ProtocolError).Reply())
				return string(w.Buf)
			}
			if args == nil {
				break
			}
			switch name := strings.ToUpper(string(args[0])); {
			case name == "AUTH":
				r.Limits.Unauthenticated = false
				w.OK()
			case r.Limits.Unauthenticated && (name == "PING" || name == "ECHO"):
				w.Error(ErrNoAuth)
			case name == "PING" && len(args) == 1:
				w.Simple("PONG")
			case name == "ECHO" && len(args) == 2:
				w.Bulk(args[1])
			default:
				text := ""
				for _, arg := range args[1:] {
					if len(text) < 128 {
						text += fmt.Sprintf("'%.*s' ", 128-len(text), cstring(arg))
					}
				}
				w.Error(Errorf("ERR unknown command '%.128s', with args beginning with: %s", cstring(args[0]), text))
			}
		}
	}
	return string(w.Buf)
}

func cstring(b []byte) string {
	s, _, _ := strings.Cut(string(b), "\x00")
	return s
}

func recordExchanges(t *testing.T, all []exchange) {
	control := dial(t)
	out := recordedFrom(t, control)
	for _, x := range all {
		if x.stranger {
			command(t, control, "CONFIG", "SET", "requirepass", "secret")
		}
		conn, err := net.Dial("tcp", *record)
		if err != nil {
			t.Fatal(err)
		}
		go func() { // the server may stop reading at any point
			io.WriteString(conn, x.sent)
			conn.(*net.TCPConn).CloseWrite()
		}()
		answered, err := io.ReadAll(conn)
		if err != nil {
			t.Logf("%s: %v", x.name, err)
		}
		conn.Close()
		if x.stranger {
			command(t, control, "CONFIG", "SET", "requirepass", "")
		}
		out += "\n" + strings.Join(x.head, "\n") + "\n"
		for line := range strings.SplitAfterSeq(string(answered), "\n") {
			if run := len(line) - len(strings.TrimLeft(line, line[:min(1, len(line))])); run > 100 {
				out += fmt.Sprintf("< %q * %d\n", line[:1], run)
				line = line[run:]
			}
			if line != "" {
				out += "< " + strconv.Quote(line) + "\n"
			}
		}
	}
	if err := os.WriteFile("testdata/requests.txt", []byte(out), 0o644); err != nil {
		t.Fatal(err)
	}
}

// testdata/doubles.txt has a line for each number: the argument, and the replies in RESP2 and in RESP3.
func TestRecordedDoubles(t *testing.T) {
	var out string
	var control *bufio.ReadWriter
	if *record != "" {
		control = dial(t)
		out = recordedFrom(t, control)
	}
	for _, line := range fileLines(t, "testdata/doubles.txt") {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		given := fields[0]
		if *record != "" {
			out += given
			for _, proto := range []string{"2", "3"} {
				command(t, control, "HELLO", proto)
				command(t, control, "ZADD", "doubles", given, "member")
				w := Writer{Proto: int(proto[0] - '0')}
				reply := command(t, control, "ZSCORE", "doubles", "member")
				if w.Reply(reply); reply.Kind == Double {
					w.Buf = []byte("," + reply.Str + "\r\n")
				}
				out += " " + strconv.Quote(string(w.Buf))
			}
			out += "\n"
			continue
		}
		f, err := strconv.ParseFloat(given, 64)
		if err != nil && f == 0 {
			t.Fatal(err)
		}
		for proto, want := range map[int]string{2: fields[1], 3: fields[2]} {
			w := Writer{Proto: proto}
			w.Double(f)
			if got := string(w.Buf); got != unquote(t, want) {
				t.Errorf("%s in RESP%d: got %q, want %s", given, proto, got, want)
			}
		}
	}
	if *record != "" {
		if err := os.WriteFile("testdata/doubles.txt", []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func dial(t *testing.T) *bufio.ReadWriter {
	conn, err := net.Dial("tcp", *record)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn))
}

func command(t *testing.T, c *bufio.ReadWriter, args ...string) Reply {
	c.Write(AppendCommand(nil, args...))
	c.Flush()
	reply, err := ReadReply(c.Reader)
	if err == nil {
		err = reply.Err()
	}
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return reply
}

func recordedFrom(t *testing.T, c *bufio.ReadWriter) string {
	info := command(t, c, "INFO", "server").Str
	_, version, _ := strings.Cut(info, "redis_version:")
	version, _, _ = strings.Cut(version, "\r\n")
	return "# Recorded from redis-server " + version + ".\n"
}

func fileLines(t *testing.T, name string) []string {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
}

// repeated parses a quoted string, or a repeated one: "a" * 70000.
func repeated(t *testing.T, s string) string {
	text, times, ok := strings.Cut(s, " * ")
	n := 1
	if ok {
		n, _ = strconv.Atoi(times)
	}
	return strings.Repeat(unquote(t, text), n)
}

func unquote(t *testing.T, s string) string {
	text, err := strconv.Unquote(s)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return text
}
