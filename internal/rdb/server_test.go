package rdb

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/oracle"
)

// server is a real server with a directory of its own.
type server struct {
	t    *testing.T
	dir  string
	conn net.Conn
	r    *bufio.Reader
}

// startServer starts the program at path, with dir/dump.rdb as its data.
func startServer(t *testing.T, path, dir string, options ...string) *server {
	t.Helper()
	conn, err := net.Dial("unix", oracle.Start(t, path, dir, options...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &server{t: t, dir: dir, conn: conn, r: bufio.NewReader(conn)}
}

// try sends a command and returns its reply: nil, string, int64, error or []any.
func (s *server) try(args ...string) any {
	s.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	if _, err := io.WriteString(s.conn, b.String()); err != nil {
		s.t.Fatal(err)
	}
	return s.reply()
}

func (s *server) reply() any {
	s.t.Helper()
	line, err := s.r.ReadString('\n')
	if err != nil {
		s.t.Fatal(err)
	}
	line = strings.TrimSuffix(line, "\r\n")
	n, _ := strconv.ParseInt(line[1:], 10, 64)
	switch line[0] {
	case '+':
		return line[1:]
	case '-':
		return fmt.Errorf("%s", line[1:])
	case ':':
		return n
	case '$':
		if n < 0 {
			return nil
		}
		p := make([]byte, n+2)
		if _, err := io.ReadFull(s.r, p); err != nil {
			s.t.Fatal(err)
		}
		return string(p[:n])
	}
	if n < 0 {
		return nil
	}
	list := make([]any, n)
	for i := range list {
		list[i] = s.reply()
	}
	return list
}

// do is try for commands that must succeed.
func (s *server) do(args ...string) any {
	s.t.Helper()
	reply := s.try(args...)
	if err, ok := reply.(error); ok {
		s.t.Fatalf("%q: %v", args, err)
	}
	return reply
}

func (s *server) strings(args ...string) []string {
	s.t.Helper()
	var list []string
	for _, v := range s.do(args...).([]any) {
		list = append(list, fmt.Sprint(v))
	}
	return list
}
