package differential

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/notation"
	"github.com/resp-server/resp-server/internal/transcript"
)

// line is a line of one of several clients: words, or bytes for a client called
// raw, which has a connection of its own for each line.
type line struct {
	client string
	args   []string
}

func (l line) String() string { return l.client + "> " + notation.Join(l.args) }

// scene is a conversation with one server, on new connections and an empty server.
// A command without a reply is blocked if the server's count of blocked clients
// says so. At the end the scene unblocks all blocked clients, and reads everything
// that any client got.
type scene struct {
	server  dialer
	proto   string
	control *side
	clients map[string]*voice
	log     strings.Builder
}

// voice is a connection of a scene.
type voice struct {
	*side
	id      string
	replies chan []byte // wire; closed at the end
	// Messages may arrive at any time; they are shown at the end.
	messages chan []byte
	blocked  bool
	closed   bool
}

const barrier = "to here"

func open(server dialer, lines ...[]string) (*side, []reply, error) {
	s := &side{server: server}
	var out []byte
	for _, args := range lines {
		out = encode(out, args)
	}
	if err := s.send(out); err != nil {
		return nil, nil, err
	}
	var all []reply
	for range lines {
		r, _, err := readReply(s.in, nil)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, r)
	}
	return s, all, nil
}

// play returns the transcript of the scene.
func play(server dialer, proto string, lines []line) (string, error) {
	control, _, err := open(server, cleaning...)
	if err != nil {
		return "", err
	}
	s := &scene{server: server, proto: proto, control: control, clients: map[string]*voice{}}
	defer func() {
		s.control.close()
		for _, v := range s.clients {
			v.close()
		}
	}()
	for range 1000 { // clients of the earlier scene may still be closing
		if n, err := s.blocked(); n == 0 && err == nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	for _, l := range lines {
		if l.client == "raw" {
			err = s.raw(l)
		} else {
			err = s.say(l)
		}
		if err != nil {
			return "", fmt.Errorf("%v: %w\n%s", l, err, s.log.String())
		}
	}
	err = s.end()
	return s.log.String(), err
}

func (s *scene) voice(name string) (*voice, error) {
	if v := s.clients[name]; v != nil {
		return v, nil
	}
	conn, replies, err := open(s.server, []string{"HELLO", s.proto}, []string{"CLIENT", "ID"})
	if err != nil {
		return nil, err
	}
	v := &voice{side: conn, id: replies[1].text, replies: make(chan []byte, 1000), messages: make(chan []byte, 1000)}
	s.clients[name] = v
	go func(in *bufio.Reader) {
		for {
			_, wire, err := readReply(in, nil)
			if err != nil {
				close(v.replies)
				return
			}
			if isMessage(wire) {
				v.messages <- wire
			} else {
				v.replies <- wire
			}
		}
	}(conn.in)
	return v, nil
}

// isMessage reports whether a reply is a message to subscribers.
func isMessage(wire []byte) bool {
	_, rest, _ := bytes.Cut(wire, []byte("\r\n"))
	for _, start := range []string{"$7\r\nmessage\r\n", "$8\r\npmessage\r\n", "$8\r\nsmessage\r\n"} {
		if bytes.HasPrefix(rest, []byte(start)) {
			return true
		}
	}
	return false
}

func (s *scene) say(l line) error {
	v, err := s.voice(l.client)
	if err != nil || v.closed {
		return err
	}
	if v.blocked {
		return nil // a blocked client sends nothing; equal servers agree on who is blocked
	}
	fmt.Fprintln(&s.log, l)
	if err := v.send(encode(nil, l.args)); err != nil {
		return err
	}
	for begin, wait := time.Now(), 2*time.Millisecond; time.Since(begin) < patience; wait = time.Millisecond {
		select {
		case wire, ok := <-v.replies:
			v.closed = !ok
			s.show(wire, ok)
			return nil
		case <-time.After(wait):
		}
		if l.args[0] == "FLUSHALL" { // it waits for a thread of the server, as if it were blocked
			continue
		}
		need := 1
		for _, o := range s.clients {
			if o.blocked && len(o.replies) == 0 {
				need++
			}
		}
		if n, err := s.blocked(); err != nil || n >= need && len(v.replies) == 0 {
			v.blocked = true
			fmt.Fprintln(&s.log, "(blocked)")
			return err
		}
	}
	v.closed = true
	fmt.Fprintln(&s.log, "(no reply)")
	return nil
}

func (s *scene) show(wire []byte, ok bool) {
	text := "(closed)"
	if ok {
		text = notation.Reply(wire)
	}
	fmt.Fprintln(&s.log, text)
}

func (s *scene) ask(args ...string) (reply, error) {
	if err := s.control.send(encode(nil, args)); err != nil {
		return reply{}, err
	}
	r, _, err := readReply(s.control.in, nil)
	return r, err
}

func (s *scene) blocked() (int, error) {
	info, err := s.ask("INFO", "clients")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(info.text, "blocked_clients:")
	count, _, _ := strings.Cut(rest, "\r\n")
	return strconv.Atoi(count)
}

// raw sends bytes and shows all output.
func (s *scene) raw(l line) error {
	conn := &side{server: s.server}
	defer conn.close()
	if err := conn.send([]byte(l.args[0] + "\r\nECHO \"" + barrier + "\"\r\n")); err != nil {
		return err
	}
	fmt.Fprintln(&s.log, l)
	for {
		_, wire, err := readReply(conn.in, nil)
		if err == nil && bytes.Contains(wire, []byte(barrier)) {
			return nil
		}
		s.show(wire, err == nil)
		if err != nil {
			return nil
		}
	}
}

// end reads the remaining output.
func (s *scene) end() error {
	for _, name := range []string{"a", "b", "c"} {
		v := s.clients[name]
		if v == nil || v.closed {
			continue
		}
		fmt.Fprintf(&s.log, "a> CLIENT UNBLOCK <id:%s>\n", name)
		r, err := s.ask("CLIENT", "UNBLOCK", v.id)
		if err != nil {
			return err
		}
		fmt.Fprintf(&s.log, "(integer) %s\n", r.text)
		if err := v.send(encode(nil, []string{"PING", barrier})); err != nil {
			return err
		}
		for {
			var wire []byte
			var ok bool
			select {
			case wire, ok = <-v.replies:
			case <-time.After(patience):
			}
			if bytes.Contains(wire, []byte(barrier)) {
				break
			}
			fmt.Fprintf(&s.log, "%s<\n", name)
			s.show(wire, ok)
			if !ok || bytes.HasPrefix(wire, []byte("+QUEUED")) {
				break
			}
		}
	}
	for _, name := range []string{"a", "b", "c"} {
		for v := s.clients[name]; v != nil && len(v.messages) > 0; {
			fmt.Fprintf(&s.log, "%s<\n", name)
			s.show(<-v.messages, true)
		}
	}
	for _, args := range [][]string{{"TYPE", "k1"}, {"TYPE", "k2"}, {"TYPE", "k3"}, {"LRANGE", "k1", "0", "-1"}, {"LRANGE", "k2", "0", "-1"}, {"LRANGE", "k3", "0", "-1"}} {
		r, err := s.ask(args...)
		if err != nil {
			return err
		}
		fmt.Fprintf(&s.log, "> %s\n%s\n", notation.Join(args), flat(&r))
	}
	return nil
}

// dialogue returns about n lines for the clients a, b and c.
func dialogue(r *rand.Rand, n int, version []int) (lines []line) {
	publish := "PUBLISH ch m"
	if newer("7.2", version) {
		publish = "PING" // messages to oneself came within the reply of EXEC
	}
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	key := func() string { return pick("k1", "k1", "k2", "k3") }
	another := key
	if newer("7.2", version) {
		another = func() string { return "k4" } // with another type: 7.0 still waits for the first, 7.2 runs the command again
	}
	say := func(client, format string, args ...any) {
		lines = append(lines, line{client, strings.Fields(fmt.Sprintf(format, args...))})
	}
	blocking := func() string {
		switch r.IntN(9) {
		case 0:
			return fmt.Sprintf("BLPOP %s %s 0", another(), key())
		case 1:
			return fmt.Sprintf("BRPOP %s 0", key())
		case 2:
			return fmt.Sprintf("BLMOVE %s %s %s %s 0", key(), key(), pick("LEFT", "RIGHT"), pick("LEFT", "RIGHT"))
		case 3:
			return fmt.Sprintf("BLMPOP 0 2 %s %s %s COUNT 2", another(), key(), pick("LEFT", "RIGHT"))
		case 4:
			return fmt.Sprintf("BZPOPMIN %s %s 0", another(), key())
		case 5:
			return fmt.Sprintf("BZMPOP 0 1 %s MAX COUNT 2", key())
		case 6:
			return fmt.Sprintf("XREAD BLOCK 0 STREAMS %s %s", key(), pick("$", "0", "1-1"))
		case 7:
			return fmt.Sprintf("XREADGROUP GROUP g c BLOCK 0 STREAMS %s >", key())
		}
		return fmt.Sprintf("BRPOPLPUSH %s %s 0", key(), key())
	}
	other := func() string {
		switch r.IntN(18) {
		case 0, 1, 2:
			return fmt.Sprintf("RPUSH %s 1 2 3", key())
		case 3:
			return fmt.Sprintf("LPUSH %s x", key())
		case 4, 5:
			return fmt.Sprintf("ZADD %s 1 a 2 b", key())
		case 6, 7:
			return fmt.Sprintf("XADD %s %d-%d f v", key(), 1+r.IntN(5), r.IntN(3))
		case 8:
			return fmt.Sprintf("SET %s v", key())
		case 9:
			return fmt.Sprintf("XGROUP CREATE %s g $ MKSTREAM", key())
		case 10:
			return fmt.Sprintf("RENAME %s %s", key(), key())
		case 11:
			return fmt.Sprintf("COPY %s %s REPLACE", key(), key())
		case 12, 13:
			return fmt.Sprintf("DEL %s", key())
		case 14:
			return fmt.Sprintf("LMOVE %s %s LEFT RIGHT", key(), key())
		case 15:
			return fmt.Sprintf("XGROUP DESTROY %s g", key())
		case 16:
			return pick("FLUSHALL", "SWAPDB 0 1", "SORT k1 ALPHA STORE k2", "MOVE k1 1", "ZRANGESTORE k2 k1 0 -1", "EXPIREAT k1 1", "LINSERT k1 BEFORE 1 0")
		}
		return blocking()
	}
	for len(lines) < n {
		c := pick("a", "a", "b", "c")
		switch r.IntN(12) {
		case 0:
			say(c, "WATCH %s", key())
			if r.IntN(2) == 0 {
				say(pick("a", "b", "c"), "%s", other())
			}
			fallthrough
		case 1:
			say(c, "MULTI")
			for range 1 + r.IntN(4) {
				say(c, "%s", pick(other(), other(), blocking(), "NOSUCH x", "GET", "INCR k1", "WATCH k1", "MULTI", "LRANGE k1 0 -1", publish, "SUBSCRIBE ch", "DISCARD"))
			}
			say(c, "EXEC")
		case 2:
			say(c, "%s", pick("SUBSCRIBE ch", "PSUBSCRIBE c*", "SSUBSCRIBE ch", "UNSUBSCRIBE ch", "PUNSUBSCRIBE", "SUNSUBSCRIBE ch", "RESET", "PING", "GET k1"))
		case 3, 4:
			say(c, "%s", pick("PUBLISH ch hello", "PUBLISH cx hello", "SPUBLISH ch hello", "PUBSUB NUMSUB ch", "PUBSUB NUMPAT", "PUBSUB CHANNELS", "PUBSUB SHARDCHANNELS", "PING"))
		case 5:
			lines = append(lines, line{"raw", []string{pick("PING\r\n", "SET k1 \"a b\"\r\n", "SET k1 \"a\r\n", "*1\r\n$4\r\nPING\r\n", "*x\r\n", "*1\r\n$x\r\n", "*1\r\nPING\r\n",
				"*-1\r\nPING\r\n", "*0\r\nPING\r\n", "\r\n\r\nPING\r\n", "*1\r\n$-5\r\n", "*1\r\n$536870913\r\n", "GET 'k1'\r\n", "echo \"\\x41\\n\"\r\n",
				"PING\n", "  ping  \r\n", "nosuch a b\r\n", "GET k1 \"\"x\r\n", "*1048577\r\n", "*3\r\n$3\r\nSET\r\n$2\r\nk1\r\n$1\r\nxx\r\n", "$4\r\nPING\r\n", "*\r\n", "* 1\r\n$4\r\nPING\r\n", "*+1\r\n$4\r\nPING\r\n")}})
		default:
			say(c, "%s", other())
		}
	}
	return lines
}

// unknownAlone is the error for an unknown command without arguments, as it was
// before 8.6.
var unknownAlone = regexp.MustCompile(`\(error\) "(ERR unknown command '[^'\n]*'), with args beginning with: "\n`)

// TestClients compares the output of several clients that wait for each other.
func TestClients(t *testing.T) {
	m := start(t)
	found, compared, crashes := 0, 0, 0
	for n := *seed; n < *seed+uint64(*replies/150); n++ {
		r := rand.New(rand.NewPCG(n, 1))
		proto := strconv.Itoa(2 + r.IntN(2))
		lines := dialogue(r, 40, m.version)
		differ := func(lines []line) (real, ours string) {
			real, err := play(m.real.server, proto, lines)
			if err != nil {
				// In 7.4.1, CLIENT UNBLOCK fails an assertion if the command of the
				// client was tried again and has blocked again.
				t.Logf("seed %d: the real server fails (%v) and is restarted", n, err)
				crashes++
				if err := m.real.server.(transcript.Restarter).Restart(); err != nil {
					t.Fatal(err)
				}
				return "", ""
			}
			if ours, err = play(m.ours.server, proto, lines); err != nil {
				ours += "\n" + err.Error()
			}
			if !newer("8.6", m.version) {
				ours = unknownAlone.ReplaceAllString(ours, "(error) $1\n")
			}
			return real, ours
		}
		real, ours := differ(lines)
		compared += len(lines)
		if real == ours {
			continue
		}
		if found++; found > *maxShown {
			t.Fail()
			continue
		}
		for size := len(lines) / 2; size > 0; size /= 2 {
			for i := len(lines) - size; i >= 0; i -= size {
				fewer := slices.Delete(slices.Clone(lines), i, min(i+size, len(lines)))
				if r, o := differ(fewer); r != o {
					lines, real, ours = fewer, r, o
					i = min(i, len(lines))
				}
			}
		}
		t.Errorf("several clients: another reply (seed %d)\n@resp %s\n%s\nOurs:\n%s", n, proto, real, ours)
	}
	t.Logf("compared %d replies to several clients; %d scenes of %d differ; the real server broke down %d times", compared, found, *replies/150, crashes)
}
