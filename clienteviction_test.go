package respserver_test

import (
	"fmt"
	"net"
	"strings"
	"testing"

	respserver "github.com/resp-server/resp-server"
)

func pipeTo(t *testing.T, s *respserver.TestServer) net.Conn {
	t.Helper()
	c, err := s.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// wantEnd waits for the end of a connection.
func wantEnd(t *testing.T, c net.Conn) {
	t.Helper()
	for buf := make([]byte, 1<<16); ; {
		if _, err := c.Read(buf); err != nil {
			return
		}
	}
}

// TestClientEvictionPercent: maxmemory-clients may be a percentage of maxmemory,
// but is never less than 128 KB.
func TestClientEvictionPercent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		maxmemory, percent string
		stays, goes        int
	}{
		{"6mb", "7%", 200_000, 440_500},
		{"1mb", "1%", 60_000, 131_100},
		{"0", "1%", 1_000_000, 0},
	} {
		s := respserver.StartTest(t, respserver.Options{Config: []string{"maxmemory " + c.maxmemory, "maxmemory-clients " + c.percent}})
		send := func(n int) net.Conn {
			conn := pipeTo(t, s)
			fmt.Fprintf(conn, "PING\r\n*1\r\n$%d\r\n", n)
			if _, err := conn.Read(make([]byte, 7)); err != nil {
				t.Fatal(err)
			}
			go conn.Write([]byte(strings.Repeat("v", n)))
			return conn
		}
		held := func(n int) bool {
			for _, line := range strings.Split(s.Must("CLIENT", "LIST").Text(), "\n") {
				var qbuf int
				if _, rest, ok := strings.Cut(line, " qbuf="); ok {
					fmt.Sscan(rest, &qbuf)
				}
				if qbuf >= n {
					return true
				}
			}
			return false
		}
		small := send(c.stays)
		for !held(c.stays) {
			if infoField(t, s, "evicted_clients") != "0" {
				t.Fatalf("%+v: the small client is evicted", c)
			}
		}
		small.Close()
		if c.goes == 0 {
			continue
		}
		wantEnd(t, send(c.goes))
		if n := infoField(t, s, "evicted_clients"); n != "1" {
			t.Errorf("%+v: %s clients are evicted", c, n)
		}
	}
}

// TestBothClientLimits: a client over its output limit is closed for that reason,
// so client eviction evicts neither another client instead, nor this one again.
func TestBothClientLimits(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, respserver.Options{Config: []string{"maxmemory-clients 4mb", "client-output-buffer-limit normal 2mb 0 0"}})
	s.Must("SETRANGE", "k", 3<<20, "v")
	large := pipeTo(t, s)
	fmt.Fprint(large, "PING\r\n*1\r\n$6000000\r\n")
	if _, err := large.Read(make([]byte, 7)); err != nil {
		t.Fatal(err)
	}
	if _, err := large.Write([]byte(strings.Repeat("v", 1_500_000))); err != nil {
		t.Fatal(err)
	}
	for _, pipeline := range []string{"GET k\r\n", "GET k\r\nPING\r\nPING\r\n"} {
		reader := pipeTo(t, s)
		fmt.Fprint(reader, pipeline)
		wantEnd(t, reader)
	}
	if n := infoField(t, s, "evicted_clients"); n != "0" {
		t.Errorf("%s clients are evicted", n)
	}
	if n := infoField(t, s, "client_output_buffer_limit_disconnections"); n != "2" {
		t.Errorf("%s clients are closed for their output", n)
	}
	if n := len(strings.Split(strings.TrimSpace(s.Must("CLIENT", "LIST").Text()), "\n")); n != 1 {
		t.Errorf("%d clients are left, want 1", n)
	}
}
