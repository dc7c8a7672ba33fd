// Package oracle runs and queries a real server, for tests that compare with it or
// record its replies. Only tests import it.
package oracle

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Program returns the path of a Redis program such as redis-server. If it is not on
// PATH, the test is skipped, or fails if RESPSERVER_NEED_REDIS is set.
func Program(tb testing.TB, name string) string {
	tb.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path
	case os.Getenv("RESPSERVER_NEED_REDIS") != "":
		tb.Fatal(err)
	}
	tb.Skipf("skipped: no %s on PATH", name)
	return ""
}

// Start runs a server with its files in dir until the test ends, and returns its
// Unix socket when it is ready. The options follow those that Start sets.
func Start(tb testing.TB, program, dir string, options ...string) (socket string) {
	tb.Helper()
	socket = filepath.Join(dir, "s")
	cmd := exec.Command(program, append([]string{"--port", "0", "--unixsocket", socket, "--dir", dir}, options...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	var log strings.Builder
	for scan := bufio.NewScanner(out); scan.Scan(); {
		log.WriteString(scan.Text() + "\n")
		if strings.Contains(scan.Text(), "eady to accept connections") {
			go io.Copy(io.Discard, out)
			return socket
		}
	}
	tb.Fatalf("%s did not start: %s", program, &log)
	return ""
}

// Conn is a connection to a server. It is not safe for concurrent use.
type Conn struct {
	c net.Conn
	r *bufio.Reader
}

// Dial connects to the server at addr.
func Dial(addr string) (*Conn, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &Conn{c, bufio.NewReader(c)}, nil
}

// DialUnix connects to the server at a Unix socket.
func DialUnix(path string) (*Conn, error) {
	c, err := net.Dial("unix", path)
	if err != nil {
		return nil, err
	}
	return &Conn{c, bufio.NewReader(c)}, nil
}

// Close closes the connection.
func (c *Conn) Close() error { return c.c.Close() }

// Do sends a command and reads the reply: a string, which starts with "-" for an
// error reply and is "(nil)" for nil, or a []any of replies.
func (c *Conn) Do(args ...string) (any, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	if _, err := io.WriteString(c.c, b.String()); err != nil {
		return nil, err
	}
	return c.reply()
}

func (c *Conn) reply() (any, error) {
	line, err := c.r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	line = strings.TrimSuffix(line, "\r\n")
	if line == "" || !strings.Contains("$*", line[:1]) {
		return strings.TrimPrefix(strings.TrimPrefix(line, "+"), ":"), nil
	}
	n, err := strconv.Atoi(line[1:])
	switch {
	case err != nil:
		return nil, err
	case n < 0:
		return "(nil)", nil
	case line[0] == '$':
		b := make([]byte, n+2)
		if _, err := io.ReadFull(c.r, b); err != nil {
			return nil, err
		}
		return string(b[:n]), nil
	}
	a := make([]any, n)
	for i := range a {
		if a[i], err = c.reply(); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// Unquote parses a line of quoted words, as in a file of recorded replies.
func Unquote(line string) (words []string, err error) {
	for line != "" {
		q, err := strconv.QuotedPrefix(line)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		word, err := strconv.Unquote(q)
		if err != nil {
			return nil, err
		}
		words = append(words, word)
		line = strings.TrimPrefix(line[len(q):], " ")
	}
	return words, nil
}
