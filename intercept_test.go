package respserver_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
)

// talk sends lines over a connection and fails the test unless it reads want.
func talk(t *testing.T, c net.Conn, send, want string) {
	t.Helper()
	c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(c, send); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("%q: got %q, %v, want %q", send, got[:n], err, want)
	}
}

func attach(t *testing.T, dial func(context.Context) (net.Conn, error)) net.Conn {
	t.Helper()
	c, err := dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestInterceptAnswersItself(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	s.Intercept(
		func(name string) bool { return name == "COUNT.MINE" || name == "get" },
		func(c *respserver.Call) {
			n, _ := c.Client.Data.(int)
			c.Client.Data = n + 1
			s.Must("SET", "seen", strings.Join(c.Args, " ")) // it may call the server
			fmt.Fprintf(c.Client, ":%d\r\n", n+1)
		},
	)
	c := attach(t, s.Dial)
	// In a pipeline the replies stay in order.
	talk(t, c, "SET k v\r\nCOUNT.MINE a b\r\nGET k\r\nget k\r\nPING\r\n", "+OK\r\n:1\r\n$1\r\nv\r\n:2\r\n+PONG\r\n")
	talk(t, attach(t, s.Dial), "COUNT.MINE\r\n", ":1\r\n")
	s.Want("COUNT.MINE", "GET", "seen")
	if _, err := s.Do(t.Context(), "COUNT.MINE"); err == nil {
		t.Error("a command of Do was intercepted")
	}
	s.Intercept(nil, nil)
	talk(t, c, "get k\r\n", "$1\r\nv\r\n")
}

func TestInterceptRuns(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	release := make(chan struct{})
	s.Intercept(func(string) bool { return true }, func(c *respserver.Call) {
		if c.Args[0] == "SLOW" {
			<-release
			c.Run("PING")
			c.Run("ECHO", strconv.Itoa(c.Protocol))
			return
		}
		c.Run(c.Args...)
	})
	c, other := attach(t, s.Dial), attach(t, s.Dial)
	talk(t, c, "SELECT 3\r\nMULTI\r\nSET k v\r\nEXEC\r\n", "+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n")
	fmt.Fprint(c, "SLOW\r\nGET k\r\n")
	talk(t, other, "PING\r\n", "+PONG\r\n") // other clients go on
	close(release)
	talk(t, c, "", "+PONG\r\n$1\r\n2\r\n$1\r\nv\r\n")

	// A blocking command blocks as always.
	fmt.Fprint(c, "BLPOP q 0\r\nPING\r\n")
	talk(t, other, "SELECT 3\r\nRPUSH q x\r\n", "+OK\r\n:1\r\n")
	talk(t, c, "", "*2\r\n$1\r\nq\r\n$1\r\nx\r\n+PONG\r\n")
}

func TestInterceptedClient(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	clients, gone := make(chan *respserver.CallClient, 1), make(chan struct{})
	s.Intercept(func(name string) bool { return name == "MEET" }, func(c *respserver.Call) {
		c.Client.OnClose(func() { close(gone) })
		clients <- c.Client
	})
	c := attach(t, s.Dial)
	talk(t, c, "CLIENT ID\r\nMEET\r\nPING\r\n", ":1\r\n+PONG\r\n")
	client := <-clients
	if client.ID() != 1 {
		t.Errorf("the id is %d", client.ID())
	}
	io.WriteString(client, "+by the way\r\n")
	talk(t, c, "", "+by the way\r\n")
	client.Close()
	if _, err := bufio.NewReader(c).ReadByte(); err != io.EOF {
		t.Errorf("after Close: %v", err)
	}
	<-gone
	if _, err := client.Write([]byte("x")); err != io.ErrClosedPipe {
		t.Errorf("after the end: %v", err)
	}
}

// TestInterceptedClientLeaves ends a connection, and a server, during a call.
func TestInterceptedClientLeaves(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	began, release, over := make(chan struct{}), make(chan struct{}), make(chan error)
	s.Intercept(func(string) bool { return true }, func(c *respserver.Call) {
		began <- struct{}{}
		<-release
		c.Run("SET", "k", "v")
		_, err := io.WriteString(c.Client, "+late\r\n")
		over <- err
	})
	c := attach(t, s.Dial)
	fmt.Fprint(c, "GO\r\n")
	<-began
	c.Close()
	d := attach(t, s.Dial)
	fmt.Fprint(d, "GO\r\n")
	<-began
	s.Close()
	close(release)
	for range 2 {
		if err := <-over; err != io.ErrClosedPipe {
			t.Errorf("the client is gone: %v", err)
		}
	}
}

func TestAttach(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, respserver.Options{Config: []string{"requirepass secret"}})
	s.Intercept(func(string) bool { return true }, func(c *respserver.Call) { io.WriteString(c.Client, "-ERR taken\r\n") })
	c := attach(t, s.Attach)
	talk(t, c, "SELECT 2\r\nSET k v\r\nSUBSCRIBE ch\r\n", "+OK\r\n+OK\r\n*3\r\n$9\r\nsubscribe\r\n$2\r\nch\r\n:1\r\n")
	s.Want(1, "PUBLISH", "ch", "hi")
	talk(t, c, "", "*3\r\n$7\r\nmessage\r\n$2\r\nch\r\n$2\r\nhi\r\n")
	if !strings.Contains(s.Must("INFO", "clients").Text(), "connected_clients:0\r\n") {
		t.Error("Attach counts as a client")
	}
	if reply, err := s.DoIn(t.Context(), 2, "GET", "k"); err != nil || reply.Text() != "v" {
		t.Errorf("got %v, %v", reply, err)
	}
	s.Close()
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is open after Close")
	}
	if _, err := s.Attach(t.Context()); err != respserver.ErrClosed {
		t.Errorf("after Close: %v", err)
	}
}

func TestInterceptScripts(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t)
	s.InterceptScripts(func(args []string, protocol int) (string, bool) {
		return fmt.Sprintf("*2\r\n+%s\r\n:%d\r\n", args[len(args)-1], protocol), args[0] == "mine"
	})
	c := attach(t, s.Dial)
	talk(t, c, "EVAL \"return redis.call('mine', 'x')\" 0\r\n", "*2\r\n+x\r\n:2\r\n")
	talk(t, c, "EVAL \"redis.setresp(3) return redis.call('mine')\" 0\r\n", "*2\r\n+mine\r\n:3\r\n")
	talk(t, c, "EVAL \"return redis.call('ECHO', 'x')\" 0\r\nmine\r\n", "$1\r\nx\r\n-ERR unknown command")
	s.InterceptScripts(nil)
	talk(t, attach(t, s.Dial), "EVAL \"return redis.call('mine')\" 0\r\n", "-ERR Unknown Redis command called from script")
}
