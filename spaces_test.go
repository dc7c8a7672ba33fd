package respserver_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/resp"
)

// spaced starts a server with spaces for each transport.
func spaced(t *testing.T, f func(t *testing.T, s *respserver.TestServer, dial func() (net.Conn, asker))) {
	for _, loop := range []bool{false, true} {
		t.Run(fmt.Sprint("event loop ", loop), func(t *testing.T) {
			t.Parallel()
			s := respserver.StartTest(t, respserver.Options{EventLoop: loop, Config: []string{"spaces yes", "notify-keyspace-events KEA"}})
			f(t, s, func() (net.Conn, asker) {
				c, err := net.Dial("tcp", s.Addr())
				return c, ask(t, c, err)
			})
		})
	}
}

// TestSpaceByURL: clients that decode a URL before they parse it get to the same
// space.
func TestSpaceByURL(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, respserver.Options{Config: []string{"spaces yes"}})
	c, err := s.Dial(t.Context())
	ask(t, c, err)("AUTH", "space:w7", "x")
	c, err = s.Dial(t.Context())
	other := ask(t, c, err)
	if got := other("AUTH", "space", "w7:x"); got.Str != "OK" {
		t.Fatal(got)
	}
	other("SET", "k", "v")
	c, err = s.Dial(t.Context())
	third := ask(t, c, err)
	third("AUTH", "space:w7", "x")
	if got := third("GET", "k"); got.Str != "v" {
		t.Errorf("the clients are in different spaces: %v", got)
	}
}

func TestSpaces(t *testing.T) {
	spaced(t, func(t *testing.T, s *respserver.TestServer, dial func() (net.Conn, asker)) {
		s.Must("SET", "fixture", "shared")
		s.Must("SCRIPT", "LOAD", "return 1")
		_, main := dial()
		_, one := dial()
		_, two := dial()
		if got := one("HELLO", "3", "AUTH", "space:one", "any", "SETNAME", "worker"); got.Kind != resp.Map {
			t.Fatalf("HELLO: %v", got)
		}
		if got := two("AUTH", "space:two", "x"); got.Str != "OK" {
			t.Fatalf("AUTH: %v", got)
		}
		for name, ask := range map[string]asker{"one": one, "two": two} {
			if got := ask("GET", "fixture"); got.Str != "shared" {
				t.Errorf("a new client of %s gets %v", name, got)
			}
			if got := ask("SCRIPT", "EXISTS", sha1OfOne); got.Elems[0].Integer != 1 {
				t.Errorf("%s does not have the script", name)
			}
		}
		// Each client sees only its space.
		one("FLUSHALL")
		one("SET", "mine", "1")
		one("CONFIG", "SET", "maxclients", "77")
		one("ACL", "SETUSER", "ann", "on")
		one("SCRIPT", "FLUSH")
		one("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function() end)")
		one("TESTING", "CLOCK", "ADVANCE", "1000000000")
		one("TESTING", "FAULT", "ADD", "f", "COMMAND", "ECHO", "DO", "ERROR", "OOM x")
		for name, ask := range map[string]asker{"main": main, "two": two} {
			for command, want := range map[string]string{
				"GET fixture": `"shared"`, "EXISTS mine": "0", "CONFIG GET maxclients": `"10000"`, "ACL GETUSER ann": "(null", "SCRIPT EXISTS " + sha1OfOne: "1",
				"FUNCTION LIST": "array[]", "ECHO x": `"x"`, "CLIENT LIST": "id=", "DBSIZE": "1",
			} {
				got := show(ask, command)
				if !strings.Contains(got, want) {
					t.Errorf("%s: %s: %s, want %s", name, command, got, want)
				}
				if command == "CLIENT LIST" && strings.Contains(got, "worker") {
					t.Errorf("%s sees the client of another space: %s", name, got)
				}
			}
		}
		if got := one("CLIENT", "GETNAME"); got.Str != "worker" {
			t.Errorf("the client has lost its name: %v", got)
		}
		if got := fmt.Sprint(s.Must("TESTING", "SPACES").Strings()); got != "[one two]" {
			t.Errorf("TESTING SPACES: %s", got)
		}
		if got := one("TESTING", "SPACES"); len(got.Elems) != 1 {
			t.Errorf("a space knows its neighbours: %v", got)
		}
		// Several clients may share a space, also one that enters it later by
		// TESTING SPACE.
		c, again := dial()
		again("PING")
		if got := again("TESTING", "SPACE", "one"); got.Str != "OK" {
			t.Errorf("TESTING SPACE: %v", got)
		}
		if got := again("GET", "mine"); got.Str != "1" {
			t.Errorf("the second client of a space gets %v", got)
		}
		s.Must("TESTING", "CLOSE", "space:one")
		if !closed(t, c) {
			t.Error("the client of a closed space is still connected")
		}
		if got := main("GET", "fixture"); got.Str != "shared" {
			t.Errorf("got %v", got)
		}
		_, fresh := dial()
		fresh("TESTING", "SPACE", "one")
		if got := fresh("GET", "fixture"); got.Str != "shared" {
			t.Errorf("a new space with an old name has %v", got)
		}
	})
}

func show(ask asker, line string) string {
	return fmt.Sprint(ask(strings.Fields(line)...))
}

// TestSpacesApart: events in one space do not reach another one.
func TestSpacesApart(t *testing.T) {
	spaced(t, func(t *testing.T, s *respserver.TestServer, dial func() (net.Conn, asker)) {
		in := func(name string) (net.Conn, asker) {
			c, ask := dial()
			ask("TESTING", "SPACE", name)
			return c, ask
		}
		listener, listen := in("two")
		listen("PSUBSCRIBE", "*")
		monitor, monitorAsk := in("two")
		monitorAsk("MONITOR")
		waiter, _ := in("two")
		fmt.Fprint(waiter, "BLPOP list 0\r\n")
		_, one := in("one")
		one("RPUSH", "list", "element")
		one("PUBLISH", "news", "hello")
		if got := one("CLIENT", "KILL", "TYPE", "normal"); got.Integer != 0 {
			t.Errorf("CLIENT KILL killed %v clients of other spaces", got)
		}
		_, two := in("two")
		two("SET", "k", "v") // two gets this event, and none before
		for name, c := range map[string]net.Conn{"__keyspace": listener, "\"SET\" \"k\"": monitor} {
			var got []byte
			for !strings.Contains(string(got), name) {
				b := make([]byte, 256)
				n, err := c.Read(b)
				if err != nil {
					t.Fatalf("%v after %q", err, got)
				}
				got = append(got, b[:n]...)
			}
			if strings.Contains(string(got), "list") && !strings.Contains(string(got), "BLPOP") || strings.Contains(string(got), "news") {
				t.Errorf("got %q from another space", got)
			}
		}
		two("RPUSH", "list", "own")
		want := "*2\r\n$4\r\nlist\r\n$3\r\nown\r\n"
		got := make([]byte, len(want))
		if _, err := io.ReadFull(waiter, got); err != nil || string(got) != want {
			t.Errorf("the waiter got %q, %v", got, err)
		}
		end, _ := in("one")
		fmt.Fprint(end, "SHUTDOWN NOSAVE\r\n")
		if !closed(t, end) {
			t.Error("SHUTDOWN did not end the space")
		}
		if got := two("PING"); got.Str != "PONG" {
			t.Errorf("SHUTDOWN of one space reached another: %v", got)
		}
		if s.Must("PING").Text() != "PONG" {
			t.Error("SHUTDOWN of a space ended the server")
		}
	})
}

// TestSpacePipeline: commands behind AUTH run in the space, however they arrive,
// and the replies stay in order.
func TestSpacePipeline(t *testing.T) {
	spaced(t, func(t *testing.T, s *respserver.TestServer, dial func() (net.Conn, asker)) {
		var wait sync.WaitGroup
		for i := range 20 {
			wait.Go(func() {
				c, err := net.Dial("tcp", s.Addr())
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				fmt.Fprintf(c, "PING\r\nAUTH space:w%d x\r\nINCR n\r\nTESTING SPACE other%d\r\nINCR n\r\nINCR n\r\n", i, i)
				want := "+PONG\r\n+OK\r\n:1\r\n-ERR no space is called 'other" + fmt.Sprint(i) + "'; connect anew to make it\r\n:2\r\n:3\r\n"
				got := make([]byte, len(want))
				if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		wait.Wait()
	})
}

func TestEphemeralSpaces(t *testing.T) {
	s := respserver.StartTest(t, respserver.Options{Config: []string{"spaces ephemeral"}})
	c, err := s.Dial(t.Context())
	ask(t, c, err)("AUTH", "space:w", "x")
	if n := len(s.SpaceNames()); n != 1 {
		t.Errorf("%d spaces", n)
	}
	c.Close()
	for len(s.SpaceNames()) > 0 { // soon
	}
}

func TestNoSpaces(t *testing.T) {
	s := respserver.StartTest(t)
	c, err := s.Dial(t.Context())
	ask := ask(t, c, err)
	if got := ask("AUTH", "space:w", "x"); !strings.HasPrefix(got.Str, "WRONGPASS") {
		t.Errorf("AUTH: %v", got)
	}
	if got := ask("TESTING", "SPACE", "w"); !strings.HasPrefix(got.Str, "ERR this server has no spaces") {
		t.Errorf("TESTING SPACE: %v", got)
	}
}
