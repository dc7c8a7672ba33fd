// Package rediscli is the part of redis-cli that scripts and health checks use: one command from the command line, or
// one a line from standard input. It prints replies like redis-cli. It has no prompt, and of the modes only --scan
// and --eval.
package rediscli

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/resp-server/resp-server/internal/resp"
)

// Server is the address of a server. TLS is nil for a plain connection.
type Server struct {
	Network, Addr string
	TLS           *tls.Config
}

func (s Server) dial(ctx context.Context) (net.Conn, error) {
	if s.TLS != nil {
		return (&tls.Dialer{Config: s.TLS}).DialContext(ctx, s.Network, s.Addr)
	}
	return new(net.Dialer).DialContext(ctx, s.Network, s.Addr)
}

// Ping sends PING to a server and returns the text of the reply. The error is nil if the server serves clients, even
// if it requires a password first.
func Ping(ctx context.Context, s Server) (string, error) {
	conn, err := s.dial(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if _, err := conn.Write(resp.AppendCommand(nil, "PING")); err != nil {
		return "", err
	}
	reply, err := resp.ReadReply(bufio.NewReader(conn))
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return "", err
	}
	if err, is := reply.Err().(resp.Error); is && err.Code() != "NOAUTH" {
		return "", err
	}
	return reply.Str, nil
}

// Connect connects to a server given by options of redis-cli, such as "-u" and
// "redis://user:password@host:6379/2", logs in and selects the database.
func Connect(ctx context.Context, options []string) (net.Conn, error) {
	o, err := parse(options, "", false)
	if err != nil {
		return nil, err
	}
	conn, err := o.server.dial(ctx)
	if err != nil {
		return nil, err
	}
	replies := bufio.NewReader(conn)
	for _, command := range o.introduction() {
		if _, err = conn.Write(resp.AppendCommand(nil, command...)); err == nil {
			var reply resp.Reply
			if reply, err = resp.ReadReply(replies); err == nil {
				err = reply.Err()
			}
		}
		if err != nil {
			conn.Close()
			return nil, fmt.Errorf("%s: %w", command[0], err)
		}
	}
	return conn, nil
}

// client is a run of the program.
type client struct {
	*options
	stdin          io.Reader
	stdout, stderr io.Writer

	conn    net.Conn // nil: not connected
	replies *bufio.Reader
}

// errFailed ends a run whose error has been printed.
var errFailed = errors.New("failed")

// Run runs redis-cli with arguments, and returns the exit code. Replies are raw unless stdout is a terminal.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parse(args, os.Getenv("REDISCLI_AUTH"), isTerminal(stdout))
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	if o.help {
		io.WriteString(stdout, usage)
		return 0
	}
	if o.warn {
		io.WriteString(stderr, "Warning: Using a password with '-a' or '-u' option on the command line interface may not be safe.\n")
	}
	c := &client{options: o, stdin: stdin, stdout: stdout, stderr: stderr}
	defer c.disconnect()
	if o.scan {
		return c.scanKeys()
	}
	if o.eval != "" {
		if err := o.takeScript(); err != nil {
			fmt.Fprintf(stderr, "Can't open file '%s': %s\n", o.eval, reason(err))
			return 1
		}
	}
	if len(o.command) == 0 {
		if isTerminal(stdin) {
			io.WriteString(stderr, "This redis-cli has no prompt: write a command after the options, or commands to the standard input. See redis-cli --help.\n")
			return 1
		}
		return c.lines()
	}
	if o.lastFromStdin {
		last, err := io.ReadAll(stdin)
		if err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
		o.command = append(o.command, string(last))
	}
	for range o.repeat {
		if err := c.call(o.command); err != nil {
			return 1
		}
	}
	return 0
}

// lines runs the commands of standard input, one a line. It continues after an
// error.
func (c *client) lines() int {
	in := bufio.NewReader(c.stdin)
	for {
		line, err := in.ReadString('\n')
		words, ok := resp.SplitWords(line)
		switch {
		case !ok:
			io.WriteString(c.stdout, "Invalid argument(s)\n")
		case len(words) == 0:
		case strings.EqualFold(words[0], "quit"), strings.EqualFold(words[0], "exit"):
			return 0
		default:
			c.call(words)
		}
		if err != nil {
			return 0
		}
	}
}

// call sends a command and prints its reply, and after a command such as SUBSCRIBE or MONITOR everything that follows.
// It connects first if necessary. It prints errors; the returned one only says that there was one.
func (c *client) call(command []string) error {
	if c.conn == nil {
		if err := c.connect(); err != nil {
			return err
		}
	}
	if _, err := c.conn.Write(resp.AppendCommand(nil, command...)); err != nil {
		return c.lost(err)
	}
	name := strings.ToLower(command[0])
	for {
		reply, err := resp.ReadReply(c.replies)
		if err == io.EOF && name == "shutdown" {
			c.disconnect()
			return nil
		}
		if err != nil {
			return c.lost(err)
		}
		if c.cluster {
			if asking, moved := c.redirect(reply); moved {
				return c.callElsewhere(command, asking)
			}
		}
		if err := reply.Err(); err != nil && c.failOnError && len(c.command) > 0 {
			fmt.Fprintln(c.stderr, err)
			return errFailed
		}
		switch {
		case isText(command):
			io.WriteString(c.stdout, raw(reply))
		case c.raw:
			io.WriteString(c.stdout, raw(reply)+"\n")
		default:
			io.WriteString(c.stdout, formatted(reply, ""))
		}
		switch name {
		case "subscribe", "psubscribe", "ssubscribe", "monitor":
			if reply.Err() == nil {
				continue
			}
		}
		return nil
	}
}

// redirect takes the server's address from a cluster redirection. asking means that the slot is moving there, so
// ASKING must precede the command.
func (c *client) redirect(reply resp.Reply) (asking, moved bool) {
	if reply.Kind != resp.ErrorReply {
		return false, false
	}
	words := strings.Fields(reply.Str) // for example MOVED 3999 127.0.0.1:6381
	if len(words) != 3 || words[0] != "MOVED" && words[0] != "ASK" {
		return false, false
	}
	colon := strings.LastIndexByte(words[2], ':')
	if colon < 0 {
		return false, false
	}
	host, port := words[2][:colon], words[2][colon+1:]
	if host == "" { // the node does not know its own name
		host, _, _ = net.SplitHostPort(c.server.Addr)
	}
	c.server.Network, c.server.Addr = "tcp", net.JoinHostPort(host, port)
	if len(c.command) == 0 {
		fmt.Fprintf(c.stdout, "-> Redirected to slot [%s] located at %s:%s\n", words[1], host, port)
	}
	return words[0] == "ASK", true
}

// callElsewhere sends a command to the node of a redirection.
func (c *client) callElsewhere(command []string, asking bool) error {
	c.disconnect()
	if asking {
		if err := c.connect(); err != nil {
			return err
		}
		if err := c.prepare("ASKING", []string{"ASKING"}); err != nil {
			return errFailed
		}
	}
	return c.call(command)
}

// takeScript turns the command into one that runs the script of a file.
func (o *options) takeScript() error {
	script, err := os.ReadFile(o.eval)
	if err != nil {
		return err
	}
	keys, arguments := o.command, []string(nil)
	if comma := slices.Index(o.command, ","); comma >= 0 {
		keys, arguments = o.command[:comma], o.command[comma+1:]
	}
	o.command = slices.Concat([]string{"EVAL", string(script), strconv.Itoa(len(keys))}, keys, arguments)
	return nil
}

// scanKeys prints the names of all keys of the database, and returns the exit code.
func (c *client) scanKeys() int {
	if err := c.connect(); err != nil {
		return 1
	}
	var more []string
	if c.pattern != "" {
		more = append(more, "MATCH", c.pattern)
	}
	if c.count != "" {
		more = append(more, "COUNT", c.count)
	}
	for cursor := "0"; ; {
		_, err := c.conn.Write(resp.AppendCommand(nil, append([]string{"SCAN", cursor}, more...)...))
		var reply resp.Reply
		if err == nil {
			reply, err = resp.ReadReply(c.replies)
		}
		if err != nil {
			c.lost(err)
			return 1
		}
		if reply.Err() != nil || len(reply.Elems) != 2 {
			fmt.Fprintf(c.stderr, "SCAN error: %s\n", reply.Str)
			return 1
		}
		for _, key := range reply.Elems[1].Elems {
			name := key.Str
			if !c.raw {
				name = quote(name)
			}
			io.WriteString(c.stdout, name+"\n")
		}
		if cursor = reply.Elems[0].Str; cursor == "0" {
			return 0
		}
	}
}

// connect connects, authenticates, and selects the database and the protocol. If a selection fails, the command is
// sent all the same.
func (c *client) connect() error {
	conn, err := c.server.dial(context.Background())
	if err != nil {
		fmt.Fprintf(c.stderr, "Could not connect to Redis at %s: %s\n", c.server.Addr, reason(err))
		return errFailed
	}
	c.conn, c.replies = conn, bufio.NewReader(conn)
	for _, command := range c.introduction() {
		title := command[0]
		if title == "SELECT" {
			title += " " + c.database
		}
		if err := c.prepare(title, command); err != nil {
			return nil
		}
	}
	if c.resp3 {
		c.prepare("HELLO 3", []string{"HELLO", "3"})
	}
	return nil
}

// prepare sends a command of which only an error matters.
func (c *client) prepare(title string, command []string) error {
	if _, err := c.conn.Write(resp.AppendCommand(nil, command...)); err != nil {
		return err // the command will meet it too
	}
	reply, err := resp.ReadReply(c.replies)
	if err != nil {
		return err
	}
	if err := reply.Err(); err != nil {
		fmt.Fprintf(c.stderr, "%s failed: %s\n", title, err)
		return err
	}
	return nil
}

// lost prints why a connection ended.
func (c *client) lost(err error) error {
	text := reason(err)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		text = "Server closed the connection"
	}
	fmt.Fprintf(c.stderr, "Error: %s\n", text)
	c.disconnect()
	return errFailed
}

func (c *client) disconnect() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// reason returns a network error in the words of C programs.
func reason(err error) string {
	var number syscall.Errno
	var unknown *net.DNSError
	switch {
	case errors.As(err, &number):
		text := number.Error()
		return strings.ToUpper(text[:1]) + text[1:]
	case errors.As(err, &unknown) && unknown.IsNotFound:
		return "Name or service not known"
	}
	return err.Error()
}

// isTerminal reports whether a stream is a terminal, or another device except the
// null device.
func isTerminal(stream any) bool {
	f, is := stream.(*os.File)
	if !is {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
