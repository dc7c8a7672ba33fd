package record

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/notation"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
)

// Replay is a run of a transcript against a server.
type Replay struct {
	Dial func(context.Context) (net.Conn, error)
	// Patience is the longest time of a reply.
	Patience time.Duration

	ctx     context.Context
	clients map[string]*player
	control map[string]*player // by space
	blocked map[string]int     // number of clients known to be blocked, by space
	proto   map[string]string
	space   map[string]string // first spaces of clients
	result  Result
}

// Result is the result of a replay.
type Result struct {
	Commands    int
	Differences []Difference
	// Varied are replies that differ, but that also vary on one server.
	Varied []Difference
}

// Difference is a reply that differs from the transcript.
type Difference struct {
	Line      int
	Command   string
	Want, Got string
}

// player is a client of the replay.
type player struct {
	conn    net.Conn
	replies chan *notation.Node
	sent    []*step // still without their replies
	out     []byte
	blocked bool
	space   string
}

type step struct {
	line  int
	words []string
}

// Run plays a transcript. Differences are in the Result. It returns an error if there is
// no server, or if the transcript can't be played.
func (r *Replay) Run(ctx context.Context, text string) (Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.ctx, r.clients, r.proto = ctx, map[string]*player{}, map[string]string{}
	r.control, r.blocked, r.space = map[string]*player{}, map[string]int{}, map[string]string{}
	if r.Patience == 0 {
		r.Patience = 5 * time.Second
	}
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); {
		at := i + 1
		line := strings.TrimSuffix(lines[i], "\r")
		i++
		var err error
		switch notation.Classify(line) {
		case notation.ReplyLine:
			err = fmt.Errorf("%q is no reply to a command that waits for one", line)
		case notation.DirectiveLine:
			err = r.directive(line)
		case notation.CommandLine:
			m := notation.CommandRE.FindStringSubmatch(line)
			from := i
			if m[2] != ">>" {
				for i < len(lines) && notation.Classify(lines[i]) == notation.ReplyLine {
					i++
				}
			}
			err = r.step(at, m, lines[from:i])
		}
		if err != nil {
			return r.result, fmt.Errorf("line %d: %w", at, err)
		}
	}
	for _, p := range r.clients {
		p.flush()
	}
	return r.result, nil
}

func (r *Replay) directive(line string) error {
	words, err := notation.SplitWords(line)
	if err != nil {
		return err
	}
	if words[0] == notation.Space && len(words) == 3 {
		r.space[words[2]] = words[1]
		if p := r.clients[words[2]]; p != nil {
			return r.enter(p, words[1])
		}
		return nil
	}
	if words[0] != "@resp" || len(words) < 2 || len(words) > 3 || words[1] != "2" && words[1] != "3" {
		return fmt.Errorf("%s is for transcripts that are tests; a replay knows @resp and %s", line, notation.Space)
	}
	name := ""
	if len(words) == 3 {
		name = words[2]
	}
	r.proto[name] = words[1]
	for of, p := range r.clients {
		if name == "" || name == of {
			if err := r.hello(p, words[1]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Replay) hello(p *player, proto string) error {
	got, err := r.ask(p, "HELLO", proto)
	if err == nil && strings.HasPrefix(got.Text, "(error)") {
		err = errors.New("HELLO: " + got.Text)
	}
	return err
}

// enter brings a client into a space.
func (r *Replay) enter(p *player, space string) error {
	got, err := r.ask(p, "AUTH", "space:"+space, "x")
	if err == nil && strings.HasPrefix(got.Text, "(error)") {
		err = fmt.Errorf("the server has no space %s (it needs --spaces yes): %s", notation.Join([]string{space}), got.Text)
	}
	p.space = space
	return err
}

// entered returns the space to which a command brings a client, "" without one.
func entered(words []string) string {
	at := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, "auth") })
	switch {
	case len(words) == 3 && strings.EqualFold(words[0], "testing") && strings.EqualFold(words[1], "space"):
		return words[2]
	case at != 0 && (at != 2 || !strings.EqualFold(words[0], "hello")) || len(words) < at+3:
		return ""
	case words[at+1] == "space":
		name, _, _ := strings.Cut(words[at+2], ":")
		return name
	}
	name, ok := strings.CutPrefix(words[at+1], "space:")
	if !ok {
		return ""
	}
	return name
}

func (r *Replay) client(name string) (*player, error) {
	if p := r.clients[name]; p != nil {
		return p, nil
	}
	p, err := r.dial()
	if err != nil {
		return nil, err
	}
	r.clients[name] = p
	if space := r.space[name]; space != "" {
		delete(r.space, name) // when it connects again it is a new client
		if err := r.enter(p, space); err != nil {
			return nil, err
		}
	}
	proto := r.proto[name]
	if proto == "" {
		proto = r.proto[""]
	}
	if proto == "3" {
		return p, r.hello(p, proto)
	}
	return p, nil
}

func (r *Replay) dial() (*player, error) {
	conn, err := r.Dial(r.ctx)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(r.ctx, func() { conn.Close() })
	p := &player{conn: conn, replies: make(chan *notation.Node, 1024)}
	go func() {
		d := notation.NewDecoder(conn)
		for {
			n, err := d.Reply()
			switch {
			case errors.Is(err, notation.ErrProtocol):
				n = notation.Text("(invalid) " + notation.Quote(d.Wire))
			case err != nil:
				n = notation.Text(notation.Closed)
			}
			select {
			case p.replies <- n:
			case <-r.ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return p, nil
}

func (p *player) flush() {
	if len(p.out) > 0 {
		p.conn.Write(p.out) // an error shows as (closed)
		p.out = p.out[:0]
	}
}

// step is one command line of the transcript and the reply below it.
func (r *Replay) step(line int, m []string, expected []string) error {
	name := m[1]
	if name == "" {
		name = "a"
	}
	if strings.HasPrefix(name, "raw") {
		return errors.New("raw clients are for transcripts that are tests")
	}
	p, err := r.client(name)
	if err != nil {
		return err
	}
	if m[2] != "" {
		st := &step{line: line}
		if st.words, err = notation.SplitWords(m[3]); err != nil {
			return err
		}
		if len(st.words) == 0 {
			return errors.New("there is no command")
		}
		r.result.Commands++
		p.out = resp.AppendCommand(p.out, st.words...)
		p.sent = append(p.sent, st)
		if m[2] == ">>" {
			return nil
		}
	}
	p.flush()
	if len(expected) == 0 {
		return errors.New("there is no reply")
	}
	want, err := notation.ParseReply(expected)
	if err != nil {
		return err
	}
	got, err := r.read(p, want.Is(notation.Blocked))
	if err != nil {
		return err
	}
	st := &step{line: line}
	if len(p.sent) > 0 {
		st = p.sent[0]
		if !got.Is(notation.Blocked) && !got.Push {
			p.sent = p.sent[1:]
		}
	}
	if space := entered(st.words); space != "" && !strings.HasPrefix(got.Text, "(error)") {
		p.space = space
	}
	r.compare(line, st, want, got)
	if got.Is(notation.Closed) {
		delete(r.clients, name)
	}
	return nil
}

// read returns the next reply or message to a client.
func (r *Replay) read(p *player, expectBlocked bool) (*notation.Node, error) {
	if expectBlocked {
		return r.readBlocked(p)
	}
	if p.blocked {
		p.blocked = false
		r.blocked[p.space]--
	}
	late := make(chan struct{})
	timer := clock.Real{}.AfterFunc(r.Patience, func() { close(late) })
	defer timer.Stop()
	select {
	case n := <-p.replies:
		return n, nil
	case <-late:
		return notation.Text(notation.NoReply), nil
	case <-r.ctx.Done():
		return nil, r.ctx.Err()
	}
}

var blockedRE = regexp.MustCompile(`blocked_clients:([0-9]+)`)

// readBlocked waits until the server counts the client as blocked, if it counts them.
func (r *Replay) readBlocked(p *player) (*notation.Node, error) {
	control := r.control[p.space]
	if control == nil {
		var err error
		if control, err = r.dial(); err != nil {
			return nil, err
		}
		r.control[p.space] = control
		if p.space != "" {
			if err := r.enter(control, p.space); err != nil {
				return nil, err
			}
		}
	}
	const pause = 2 * time.Millisecond
	for waited := time.Duration(0); waited < r.Patience; waited += pause {
		next := make(chan struct{})
		clock.Real{}.AfterFunc(pause, func() { close(next) })
		select {
		case n := <-p.replies:
			return n, nil
		case <-next:
		case <-r.ctx.Done():
			return nil, r.ctx.Err()
		}
		info, err := r.ask(control, "INFO", "clients")
		if err != nil {
			return nil, err
		}
		m := blockedRE.FindStringSubmatch(info.Text)
		if m == nil {
			break // the server does not count; the pause has to do
		}
		if n, _ := strconv.Atoi(m[1]); n > r.blocked[p.space] {
			break
		}
	}
	p.blocked = true
	r.blocked[p.space]++
	return notation.Text(notation.Blocked), nil
}

func (r *Replay) ask(p *player, words ...string) (*notation.Node, error) {
	p.out = resp.AppendCommand(p.out, words...)
	p.flush()
	return r.read(p, false)
}

func (r *Replay) compare(line int, st *step, want, got *notation.Node) {
	tips := tipsOf(st.words)
	if slices.Contains(tips, "nondeterministic_output_order") && len(want.Kids) > 0 {
		want.Unordered = true
	}
	if want.Matches(got) {
		return
	}
	d := Difference{Line: line, Command: Line(st.words), Want: want.String(), Got: got.String()}
	if slices.Contains(tips, "nondeterministic_output") && !strings.HasPrefix(got.Text, "(error)") && got.Kind == want.Kind {
		r.result.Varied = append(r.result.Varied, d)
		return
	}
	r.result.Differences = append(r.result.Differences, d)
}

// tipsOf returns the tips of the command table about the replies to a command.
func tipsOf(words []string) []string {
	if len(words) == 0 {
		return nil
	}
	cmd := spec.Find(words[0])
	if cmd != nil && len(cmd.Subcommands) > 0 && len(words) > 1 {
		if sub := cmd.Subcommand(words[1]); sub != nil {
			cmd = sub
		}
	}
	switch {
	case cmd == nil:
		return nil
	case cmd.Name == "hello", cmd.Name == "id" && strings.EqualFold(words[0], "client"), cmd.Name == "time":
		return []string{"nondeterministic_output"} // the number of the client
	}
	return cmd.Tips
}
