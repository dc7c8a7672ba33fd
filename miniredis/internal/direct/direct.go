// Package direct runs commands for the test, not for a client.
package direct

import (
	"bufio"
	"context"
	"net"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/alicebob/miniredis/v2/proto"
	respserver "github.com/resp-server/resp-server"
)

// Server is the server behind a Miniredis. Commands that run by its methods are
// not among those that Processed counts.
type Server struct {
	*respserver.Server
	own     atomic.Int64
	started atomic.Bool
}

// Do runs a command in a database. With an error there is a null, not an error
// reply.
func (s *Server) Do(db int, args ...any) (respserver.Reply, error) {
	reply, err := s.DoIn(context.Background(), db, args...)
	if hasRun(db, err) {
		s.own.Add(1)
	}
	if err != nil {
		return respserver.Reply{}, err
	}
	return reply, nil
}

// databases is how many there are.
const databases = 16

// hasRun reports whether a command has run, by its error. Only what has is counted
// by the server.
func hasRun(db int, err error) bool {
	refused := err != nil && strings.HasPrefix(err.Error(), "ERR wrong number of arguments for ")
	return !refused && 0 <= db && db < databases
}

// Restarted reports whether it was called before.
func (s *Server) Restarted() bool { return s.started.Swap(true) }

// Processed returns how many commands clients have sent that ran.
func (s *Server) Processed() int {
	reply, _ := s.Do(0, "INFO", "stats")
	for line := range strings.SplitSeq(reply.Text(), "\r\n") {
		if n, ok := strings.CutPrefix(line, "total_commands_processed:"); ok {
			total, _ := strconv.Atoi(n)
			return total - int(s.own.Load()) + 1 // INFO itself is not among the total yet
		}
	}
	return 0
}

// Conn is a connection that keeps its state: database, transaction,
// subscriptions. Its commands are counted by Processed unless they are Own.
type Conn struct {
	Own bool

	s    *Server
	conn net.Conn
	in   *bufio.Reader
}

// Attach returns a new connection.
func (s *Server) Attach() (*Conn, error) {
	c, err := s.Server.Attach(context.Background())
	if err != nil {
		return nil, err
	}
	return &Conn{s: s, conn: c, in: bufio.NewReader(c)}, nil
}

// Send sends a command.
func (c *Conn) Send(args ...string) error {
	if c.Own {
		c.s.own.Add(1)
	}
	return proto.Write(c.conn, args)
}

// Read returns the next reply or message as it came.
func (c *Conn) Read() (string, error) { return proto.Read(c.in) }

// Close closes the connection.
func (c *Conn) Close() { c.conn.Close() }
