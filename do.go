package respserver

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
)

// Do runs one command without a socket, as a client of its own would, and returns
// its RESP3 reply. Arguments are strings, byte slices, integers and floats;
// anything else is formatted as by fmt.Sprint. An error reply is returned twice: as
// the Reply and as an Error. A blocking command ends when ctx does. Changes to the
// connection (SELECT, MULTI, SUBSCRIBE) end with the call. A command without a
// reply, such as CLIENT REPLY OFF or SKIP, returns the zero Reply, which is null.
//
// Do acts for the program, not for a user: it needs no password, has all
// permissions whatever the access control list says, does not count as a client,
// and ignores CLIENT PAUSE. To run a command with the permissions of a user,
// connect with Dial or a socket.
func (s *Server) Do(ctx context.Context, args ...any) (Reply, error) {
	return s.DoIn(ctx, 0, args...)
}

// DoIn is Do in the given database instead of database 0.
func (s *Server) DoIn(ctx context.Context, db int, args ...any) (Reply, error) {
	if len(args) == 0 {
		return Reply{}, Error("ERR no command")
	}
	d := s.spare.get(s.engine)
	if s.scheduled.Load() {
		d.caller = goroutine()
	}
	if s.engine.IsStrict() {
		d.origin = origin()
	}
	for _, a := range args {
		d.add(a)
	}
	d.db = db
	reply, err := s.run(ctx, d)
	if s.member != nil {
		s.options.Network.Settle()
	}
	if err != nil {
		d.session.Close()
		return Reply{}, err
	}
	s.spare.put(d)
	return reply, reply.Err()
}

// run runs the command of d.
func (s *Server) run(ctx context.Context, d *direct) (Reply, error) {
	done := s.begun(d)
	out := d.session.Output(nil)
	for out == nil {
		if d.session.Finished() {
			return Reply{}, ErrClosed
		}
		if done {
			return Reply{}, nil
		}
		select {
		case <-d.wake:
		case <-ctx.Done():
			return Reply{}, ctx.Err()
		case <-s.done:
			return Reply{}, ErrClosed
		}
		out = d.session.Output(nil)
	}
	reply, _, err := resp.ParseReplyAs[Reply](out)
	for out != nil {
		out = d.session.Output(out)
	}
	return reply, err
}

// begun runs the command of d as far as it does not wait. On a network it does so when
// everything has arrived, and holds back what it causes.
func (s *Server) begun(d *direct) (done bool) {
	if s.member == nil {
		return d.do()
	}
	n := s.options.Network
	n.Settle()
	n.lan.Hold()
	defer n.lan.Release()
	return d.do()
}

// direct is a session for Do.
type direct struct {
	session *engine.Session
	caller  string // names the caller for a Schedule; "" without one
	origin  string // file and line of the caller for strict mode; "" without it
	wake    chan struct{}
	db      int // 0: the current one
	args    [][]byte
	text    []byte
}

func (d *direct) do() (done bool) {
	if d.db == 0 {
		return d.session.Do(d.args)
	}
	return d.session.DoIn(d.db, d.args)
}

func (d *direct) Wake() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *direct) Addr() string {
	if d.caller != "" {
		return d.caller
	}
	return "do:0"
}
func (d *direct) LocalAddr() string { return "do:0" }
func (d *direct) FD() int           { return -1 }
func (d *direct) Origin() string    { return d.origin }

func (d *direct) add(a any) {
	from := len(d.text)
	switch a := a.(type) {
	case string:
		d.text = append(d.text, a...)
	case []byte:
		d.args = append(d.args, a)
		return
	case int:
		d.text = strconv.AppendInt(d.text, int64(a), 10)
	case int64:
		d.text = strconv.AppendInt(d.text, a, 10)
	case float64:
		d.text = strconv.AppendFloat(d.text, a, 'g', -1, 64)
	default:
		d.text = fmt.Append(d.text, a)
	}
	d.args = append(d.args, d.text[from:])
}

// clear prepares d for another command.
func (d *direct) clear() {
	clear(d.args)
	d.args, d.text = d.args[:0], d.text[:0]
	if cap(d.text) > 64<<10 {
		d.text = nil
	}
}

// spareSessions keeps sessions for the next Do.
type spareSessions struct {
	mu   sync.Mutex
	list []*direct
}

func (p *spareSessions) get(e *engine.Engine) *direct {
	p.mu.Lock()
	if n := len(p.list); n > 0 {
		d := p.list[n-1]
		p.list = p.list[:n-1]
		p.mu.Unlock()
		return d
	}
	p.mu.Unlock()
	d := &direct{wake: make(chan struct{}, 1)}
	d.session = e.NewInternalSession(d)
	return d
}

func (p *spareSessions) put(d *direct) {
	if !d.session.Reusable() {
		d.session.Close()
		return
	}
	d.caller, d.origin, d.db = "", "", 0
	d.clear()
	p.mu.Lock()
	p.list = append(p.list, d)
	p.mu.Unlock()
}
