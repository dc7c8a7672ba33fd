package engine

import (
	"errors"
	"fmt"

	"github.com/resp-server/resp-server/internal/journal"
)

// Journal receives the effects of units as commands that have the same effect
// on a copy of the data at any later time. A journal.Stream is one. It is called
// under the engine's lock and must not keep the arguments.
type Journal interface {
	// Append is called once for each unit that has effects, with the time in
	// seconds since 1970. It returns the end of the journal.
	Append(unit []journal.Op, now int64) journal.Position
}

// journaling is where the effects of units go: to a stream, which encodes them
// once for all that follow it, and to the Journal of the program around the
// engine. While nobody wants effects, none are collected.
type journaling struct {
	on        bool // somebody wants effects
	outside   Journal
	stream    *journal.Stream // nil: nobody has followed yet
	followers []*follower
	appended  bool // since the followers were called last
}

func (j *journaling) check() error {
	switch {
	case j.on != (len(j.followers) > 0 || j.outside != nil):
		return fmt.Errorf("effects are collected: %v, for %d followers", j.on, len(j.followers))
	case j.appended:
		return errors.New("followers were not told of what was appended")
	case j.stream == nil && len(j.followers) > 0:
		return errors.New("there are followers of nothing")
	case j.stream == nil:
		return nil
	}
	return j.stream.Check()
}

// follower reads the stream: the append-only file, replicas.
type follower struct {
	// appended is called at the end of each entry in which something was
	// appended, before any output is handed over.
	appended func()
}

// effectStream returns the stream of effects. Nothing is appended to it while
// nobody follows.
func (e *Core) effectStream() *journal.Stream {
	j := &e.journal
	if j.stream == nil {
		j.stream = journal.New(0)
	}
	return j.stream
}

// follow has effects appended to the stream from now on. A follower that is
// there already changes nothing.
func (e *Core) follow(f *follower) {
	if e.follows(f) {
		return
	}
	e.finishUnit() // what was done before is not for f
	e.effectStream()
	e.journal.followers = append(e.journal.followers, f)
	e.journal.on = true
}

// unfollow is the end of follow.
func (e *Core) unfollow(f *follower) {
	e.finishUnit()
	j := &e.journal
	for i, other := range j.followers {
		if other == f {
			j.followers = append(j.followers[:i:i], j.followers[i+1:]...)
		}
	}
	j.on = len(j.followers) > 0 || j.outside != nil
}

// follows reports whether f has effects appended to the stream.
func (e *Core) follows(f *follower) bool {
	for _, other := range e.journal.followers {
		if other == f {
			return true
		}
	}
	return false
}

// record appends the effects of a unit.
func (e *Core) record(unit []journal.Op) {
	j := &e.journal
	if j.outside != nil {
		j.outside.Append(unit, e.now/1e6)
	}
	if len(j.followers) > 0 {
		began := j.stream.End().Replicas
		end := j.stream.Append(unit, e.now/1e6)
		j.appended = true
		if n := len(e.repl.replicas); n > 0 && e.slotStats.net && e.executing != nil && e.cluster.slot >= 0 {
			e.slotStats.of(e.cluster.slot).Out += uint64(end.Replicas-began) * uint64(n)
		}
		if s := e.executing; s != nil {
			s.wrote = end
		}
	}
}

// published calls the followers if something was appended.
func (e *Core) published() {
	if !e.journal.appended {
		return
	}
	e.journal.appended = false
	for _, f := range e.journal.followers {
		f.appended()
	}
}

// Journaling reports whether somebody wants to know effects; handlers that go
// to some length to name them may ask first.
func (e *Core) Journaling() bool { return e.journal.on }
