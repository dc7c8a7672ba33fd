package respserver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"time"

	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/inspector"
	"github.com/resp-server/resp-server/internal/pubsub"
	"github.com/resp-server/resp-server/internal/resp"
)

// InspectorURL returns the address of the inspector, with the token that it asks for,
// and "" without Options.Inspector. Whoever has it may see all data, and on a server
// with test controls change them.
func (s *Server) InspectorURL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inspector == nil {
		return ""
	}
	return s.inspector.URL()
}

// openInspector starts the inspector if the settings ask for one.
func (s *Server) openInspector() error {
	var addr string
	s.engine.Run(func(c *engine.Core) { addr = c.Config.Inspector })
	switch {
	case addr == "":
		return nil
	case s.options.Sentinel:
		return errors.New("respserver: a sentinel has no data that an inspector could show")
	case bubble() != "":
		return errBubble
	}
	addr, err := config.LoopbackAddr(addr)
	if err != nil {
		return fmt.Errorf("respserver: inspector: %w", err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("respserver: inspector: %w", err)
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		l.Close()
		return ErrClosed
	}
	s.inspector = inspector.Open(l, &inspected{s}, s.log)
	s.mu.Unlock()
	s.log.Info("Inspector: " + s.InspectorURL())
	return nil
}

func (s *Server) closeInspector() {
	s.mu.Lock()
	in := s.inspector
	s.mu.Unlock()
	if in != nil {
		in.Close()
	}
}

// inspected is a server as its inspector sees it.
type inspected struct{ *Server }

// Look implements inspector.Server.
func (s *inspected) Look(db int, args ...string) (resp.Reply, error) {
	words := make([][]byte, len(args))
	for i, a := range args {
		words[i] = []byte(a)
	}
	s.look.Lock()
	defer s.look.Unlock()
	if s.looking == nil {
		s.looking = s.engine.NewLookingSession(onlooker{})
	}
	out := s.looking.Look(db, words)
	if out == nil {
		return resp.Reply{}, ErrClosed
	}
	r, _, err := resp.ParseReply(out)
	return r, err
}

// onlooker is the connection of a session that looks.
type onlooker struct{}

func (onlooker) Wake()             {}
func (onlooker) Addr() string      { return "inspector:0" }
func (onlooker) LocalAddr() string { return "inspector:0" }
func (onlooker) FD() int           { return -1 }

// Do implements inspector.Server.
func (s *inspected) Do(ctx context.Context, db int, args ...string) (resp.Reply, error) {
	words := make([]any, len(args))
	for i, a := range args {
		words[i] = a
	}
	r, err := s.DoIn(ctx, db, words...)
	if r.Err() != nil {
		err = nil
	}
	return plain(r), err
}

// plain returns a reply as one of package resp.
func plain(r Reply) resp.Reply {
	p := resp.Reply{Kind: resp.Kind(r.Kind), Format: r.Format, Str: r.Str, Integer: r.Integer, Double: r.Double}
	for _, e := range r.Elems {
		p.Elems = append(p.Elems, plain(e))
	}
	return p
}

// Watch implements inspector.Server.
func (s *inspected) Watch(f func(*inspector.Command)) (stop func()) {
	var remove func(*engine.Core)
	s.engine.Run(func(c *engine.Core) {
		remove = c.Observe(&engine.Observer{After: func(c *engine.Ctx) {
			v := inspector.Command{
				At: c.NowMicro(), Took: c.Outcome.Took, DB: c.Session.DB(), Client: c.Session.ID, Addr: c.Session.Conn().Addr(), Name: c.Session.Name,
				Args: c.Shown(), Blocked: c.Outcome.Blocked, Script: c.InScript(), Program: c.Session.Internal(),
			}
			if err := c.Outcome.Err; err != nil && !v.Blocked {
				v.Error = err.Error()
			}
			f(&v)
		}})
	})
	return func() { s.engine.Run(remove) }
}

// Clients implements inspector.Server.
func (s *inspected) Clients() (all []inspector.Client) {
	s.engine.Run(func(c *engine.Core) {
		for client := range c.Sessions {
			v := inspector.Client{
				ID: client.ID, Channels: client.Subscribed(pubsub.Channel), Patterns: client.Subscribed(pubsub.Pattern), Shard: client.Subscribed(pubsub.Shard),
			}
			if on, ok := client.BlockedOn(); ok {
				v.Blocked, v.Deadline, v.Held = true, on.Deadline, on.Held
				v.Command, v.Keys = asStrings(on.Args), asStrings(on.Keys)
			}
			all = append(all, v)
		}
	})
	return all
}

func asStrings(list [][]byte) []string {
	all := make([]string, len(list))
	for i, b := range list {
		all[i] = string(b)
	}
	return all
}

// Scripts implements inspector.Server.
func (s *inspected) Scripts() (all []inspector.Script) {
	s.engine.Run(func(c *engine.Core) {
		for script := range c.Scripts.All() {
			all = append(all, inspector.Script{SHA: script.SHA, Source: script.Source})
		}
	})
	return all
}

// Clock implements inspector.Server.
func (s *inspected) Clock() (now time.Time, frozen bool) { return s.clock.Now(), s.clock.Frozen() }

// Testing implements inspector.Server.
func (s *inspected) Testing() (on bool) {
	s.engine.Run(func(c *engine.Core) { on = c.Config.EnableTestingCommand != "no" })
	return on
}

// Snapshots implements inspector.Server.
func (s *inspected) Snapshots() []string {
	s.host.mu.Lock()
	defer s.host.mu.Unlock()
	return slices.Sorted(maps.Keys(s.host.snapshots))
}

// Forks implements inspector.Server.
func (s *inspected) Forks() []string {
	s.host.mu.Lock()
	defer s.host.mu.Unlock()
	return append([]string{}, slices.Sorted(maps.Keys(s.host.forks))...)
}

// Spaces implements inspector.Server.
func (s *inspected) Spaces() []string { return s.SpaceNames() }

// Space implements inspector.Server.
func (s *inspected) Space(name string) (inspector.Server, bool) {
	if !slices.Contains(s.SpaceNames(), name) {
		return nil, false
	}
	space, err := s.Server.Space(name)
	if err != nil {
		return nil, false
	}
	return &inspected{space}, true
}

// OwnSettings implements inspector.Server.
func (s *inspected) OwnSettings() (names []string) {
	for p := range config.All {
		if p.From == "ours" {
			names = append(names, p.Name)
		}
	}
	return names
}

// Secret implements inspector.Server.
func (s *inspected) Secret(setting string) bool {
	p, ok := config.Find(setting)
	return ok && p.Secret
}

// Version implements inspector.Server.
func (s *inspected) Version() string { return Version }
