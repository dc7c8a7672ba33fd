package engine

import (
	"fmt"
	"slices"

	"github.com/resp-server/resp-server/internal/spec"
)

// pause is the pause for CLIENT PAUSE, a failover, and a shutdown that waits for
// replicas. A command that comes meanwhile is parked as data, like a blocked one, and
// runs when the pause is over.
type pause struct {
	by     [pausers]onePause
	until  int64 // ms, the latest of all; 0: there is none
	all    bool  // not only commands that write
	parked []*wait
}

// Pauser is a reason to hold back commands. The pauses for different reasons begin and
// end independently.
type Pauser uint8

// The reasons.
const (
	PauseByClient Pauser = iota
	PauseByFailover
	PauseByShutdown
	pausers
)

// onePause is the pause for one reason.
type onePause struct {
	until int64 // ms; 0: there is none
	all   bool
}

func (p *pause) check(e *Core) error {
	for s := range e.all {
		if w := s.wait; w != nil && w.parked && w.Deadline == 0 && !slices.Contains(p.parked, w) && (e.schedule == nil || !slices.Contains(e.schedule.waiting, w)) {
			return fmt.Errorf("client %d waits for what never ends", s.ID)
		}
	}
	if len(p.parked) > 0 && p.until == 0 {
		return fmt.Errorf("%d commands are held back, but there is no pause", len(p.parked))
	}
	return nil
}

// Pause holds back the commands of all clients, or only those that may write, until a
// time in milliseconds since 1970. Keys do not expire meanwhile. If there is a pause for
// this reason already, it gets no shorter and no less strict.
func (e *Core) Pause(by Pauser, until int64, all bool) {
	p := &e.pause.by[by]
	if p.until <= e.NowMilli() {
		p.all = false
	}
	p.all = p.all || all
	p.until = max(p.until, until)
	e.pause.update()
}

// Unpause ends a pause. Commands that no other pause holds back run after the present
// unit, in the order in which they came.
func (e *Core) Unpause(by Pauser) {
	all := e.pause.all
	e.pause.by[by] = onePause{}
	e.pause.update()
	if e.pause.until == 0 || all && !e.pause.all {
		e.resumeParked()
	}
}

// endPauses ends the pauses whose time is up.
func (e *Core) endPauses(now int64) {
	for by, p := range e.pause.by {
		if p.until != 0 && p.until <= now {
			e.Unpause(Pauser(by))
		}
	}
}

// update combines the pauses for all reasons.
func (p *pause) update() {
	p.until, p.all = 0, false
	for _, one := range p.by {
		p.until = max(p.until, one.until)
		p.all = p.all || one.all
	}
}

func (e *Core) resumeParked() {
	for _, w := range e.pause.parked {
		if w.s.wait == w { // else its client is gone
			e.resume = append(e.resume, w.s)
		}
	}
	e.pause.parked = nil
}

func (e *Core) isPaused() bool { return e.pause.until > e.NowMilli() }

// holdsBack reports whether the pause holds back a command.
func (e *Core) holdsBack(s *Session, cmd *Command, args [][]byte) bool {
	if !e.isPaused() || s.internal || s.monitor {
		return false
	}
	return e.pause.all || s.flags(cmd, args)&(spec.Write|spec.MayReplicate) != 0
}

// park keeps a command for the end of the pause.
func (e *Core) park(s *Session, cmd *Command, args [][]byte) {
	e.hold(&wait{s: s, cmd: cmd, args: copyArgs(args), parked: true})
	e.pause.parked = append(e.pause.parked, s.wait)
}

// goOn goes on with a session that waited: with the command that a pause held back, if
// that was the reason, and then with the input.
func (s *Session) goOn() {
	if w := s.wait; w != nil && w.parked && w.Deadline == 0 {
		s.e.cancel(w)
		if s.master != nil {
			s.e.obey(s, w.args)
		} else {
			s.e.proceed(s, w.args)
		}
	}
	if s.master != nil {
		s.runMaster()
		return
	}
	s.run()
}
