package respserver_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
)

// onSockets runs a test over the transports for TCP.
func onSockets(t *testing.T, f func(t *testing.T, s *respserver.TestServer)) {
	for _, name := range []string{"tcp", "eventloop"} {
		if u, ok := transports[name]; ok {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f(t, u.start(t, respserver.Options{}))
			})
		}
	}
}

// client is a connection whose replies must come within a minute.
type client struct {
	*net.TCPConn
	in *bufio.Reader
}

func connect(t *testing.T, s *respserver.TestServer) client {
	t.Helper()
	c, err := dial(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func dial(s *respserver.TestServer) (client, error) {
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		return client{}, err
	}
	c.SetDeadline(time.Now().Add(time.Minute))
	c.(*net.TCPConn).SetLinger(0) // closed connections do not use up the ports
	return client{c.(*net.TCPConn), bufio.NewReader(c)}, nil
}

// line sends a command and returns the first line of the reply.
func (c client) line(command string) (string, error) {
	if _, err := fmt.Fprint(c, command, "\r\n"); err != nil {
		return "", err
	}
	line, err := c.in.ReadString('\n')
	return strings.TrimSuffix(line, "\r\n"), err
}

func (c client) expect(t *testing.T, command, want string) {
	t.Helper()
	if got, err := c.line(command); got != want {
		t.Fatalf("%.50s: %.50q, %v", command, got, err)
	}
}

// expectBulk reads a bulk string reply.
func (c client) expectBulk(t *testing.T, want []byte) {
	t.Helper()
	head := make([]byte, len(fmt.Sprintf("$%d\r\n", len(want))))
	got := make([]byte, len(want)+2)
	if _, err := io.ReadFull(c.in, head); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c.in, got); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got[:len(want)], want) {
		t.Fatalf("the value after %q differs from what was stored", head)
	}
}

// expectEnd waits for the server to close the connection.
func (c client) expectEnd(t *testing.T) {
	t.Helper()
	if n, err := io.Copy(io.Discard, c.in); n > 0 || isTimeout(err) {
		t.Fatalf("%d more bytes, %v", n, err)
	}
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// store stores n bytes under a key and returns them.
func (c client) store(t *testing.T, key string, n int) []byte {
	t.Helper()
	value := bytes.Repeat([]byte("prime to sizes of buffers: 47 bytes is not 2^n."), n/47+1)[:n]
	fmt.Fprintf(c, "*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n", len(key), key, n)
	if _, err := c.Write(value); err != nil {
		t.Fatal(err)
	}
	c.expect(t, "", "+OK") // with the line end of the command
	return value
}

// alone waits until the server has no other clients.
func (c client) alone(t *testing.T) {
	t.Helper()
	for begin := time.Now(); ; runtime.Gosched() {
		fmt.Fprint(c, "CLIENT LIST\r\n")
		var n int
		if _, err := fmt.Fscanf(c.in, "$%d\r\n", &n); err != nil {
			t.Fatal(err)
		}
		list := make([]byte, n+2)
		if _, err := io.ReadFull(c.in, list); err != nil {
			t.Fatal(err)
		}
		if bytes.Count(list, []byte("\n")) == 2 {
			return
		}
		if time.Since(begin) > 30*time.Second {
			t.Fatalf("clients are still connected:\n%s", list)
		}
	}
}

func TestLargeReplies(t *testing.T) {
	t.Parallel()
	onSockets(t, func(t *testing.T, s *respserver.TestServer) {
		c := connect(t, s)
		value := c.store(t, "big", 16<<20) // more than sockets take
		fmt.Fprint(c, "GET big\r\nPING\r\n")
		c.expectBulk(t, value)
		c.expect(t, "", "+PONG")
	})
}

// TestSlowReader makes a client send commands without reading, while others are
// served. Then it reads all replies.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	const times = 100
	onSockets(t, func(t *testing.T, s *respserver.TestServer) {
		slow, other := connect(t, s), connect(t, s)
		value := other.store(t, "k", 500_000)
		for range times {
			fmt.Fprint(slow, "GET k\r\n")
			other.expect(t, "PING", "+PONG")
		}
		fmt.Fprint(slow, "INCR served\r\n")
		for range times {
			slow.expectBulk(t, value)
		}
		slow.expect(t, "", ":1")
	})
}

// TestSlowSender sends a command byte by byte.
func TestSlowSender(t *testing.T) {
	onSockets(t, func(t *testing.T, s *respserver.TestServer) {
		slow, other := connect(t, s), connect(t, s)
		for _, b := range []byte("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\n") {
			slow.Write([]byte{b})
			other.expect(t, "PING", "+PONG")
		}
		slow.expect(t, "GET k", "+OK")
	})
}

func TestHalfClosed(t *testing.T) {
	t.Parallel()
	onSockets(t, func(t *testing.T, s *respserver.TestServer) {
		other := connect(t, s)
		value := other.store(t, "k", 500_000)
		t.Run("reader", func(t *testing.T) {
			const times = 100
			c := connect(t, s)
			c.Write(bytes.Repeat([]byte("GET k\r\n"), times))
			c.CloseWrite()
			for range times {
				c.expectBulk(t, value)
			}
			c.expectEnd(t)
			other.alone(t)
		})
		t.Run("waiting", func(t *testing.T) {
			c := connect(t, s)
			fmt.Fprint(c, "BLPOP nosuch 0\r\n")
			c.CloseWrite()
			c.expectEnd(t)
			other.alone(t)
			other.expect(t, "RPUSH nosuch x", ":1")
		})
		t.Run("killed", func(t *testing.T) {
			c := connect(t, s)
			c.expect(t, "CLIENT SETNAME dead", "+OK")
			c.Write(bytes.Repeat([]byte("GET k\r\n"), 100))
			c.CloseWrite()
			other.expect(t, "CLIENT KILL TYPE normal SKIPME yes", ":1")
			other.alone(t)
		})
	})
}

// TestConnectionStorm makes many clients connect and leave at once, some in the
// middle of a command or without reading the reply.
func TestConnectionStorm(t *testing.T) {
	t.Parallel()
	const workers, times = 40, 25
	onSockets(t, func(t *testing.T, s *respserver.TestServer) {
		var all sync.WaitGroup
		for w := range workers {
			all.Go(func() {
				for i := range times {
					c, err := dial(s)
					if err != nil {
						t.Error(err)
						return
					}
					switch (w + i) % 4 {
					case 0:
						fmt.Fprint(c, "SET k ")
					case 1:
						fmt.Fprint(c, "BLPOP nosuch 0\r\n")
					case 2:
						fmt.Fprint(c, "PING\r\nPING\r\nPING\r\n")
					case 3:
						if got, err := c.line("PING"); got != "+PONG" {
							t.Error(got, err)
						}
					}
					c.Close()
				}
			})
		}
		all.Wait()
		connect(t, s).alone(t)
	})
}

// TestCloseWhileBusy closes a server with all kinds of clients.
func TestCloseWhileBusy(t *testing.T) {
	t.Parallel()
	onSockets(t, func(t *testing.T, s *respserver.TestServer) {
		var all sync.WaitGroup
		connect(t, s).store(t, "k", 500_000)
		for range 2 { // two clients that do not read
			for _, half := range []bool{false, true} {
				c := connect(t, s)
				c.Write(bytes.Repeat([]byte("GET k\r\n"), 40))
				if half {
					c.CloseWrite()
				}
			}
		}
		busy := make(chan struct{}, 8)
		for range cap(busy) {
			c := connect(t, s)
			all.Go(func() {
				for i := 0; ; i++ {
					if _, err := c.line("INCR n"); err != nil {
						if isTimeout(err) {
							t.Error(err)
						}
						return
					}
					if i == 10 {
						busy <- struct{}{}
					}
				}
			})
		}
		for range cap(busy) {
			<-busy
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		all.Wait()
	})
}
