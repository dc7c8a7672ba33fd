package engine

import (
	"fmt"
	"slices"

	"github.com/resp-server/resp-server/internal/spec"
)

// pause is what CLIENT PAUSE asked for. A command that comes meanwhile is
// parked as data, like a blocked one, and runs when the pause is over.
type pause struct {
	until  int64 // ms; 0: there is none
	all    bool  // not only commands that write
	parked []*wait
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

// Pause holds back the commands of all clients, or only those that may write,
// until a time in milliseconds since 1970. Keys do not expire meanwhile. A pause
// that there is already gets no shorter, and its kind counts as long as it
// is the stricter one.
func (e *Core) Pause(until int64, all bool) {
	if !e.isPaused() {
		e.pause.all = false
	}
	e.pause.all = e.pause.all || all
	e.pause.until = max(e.pause.until, until)
}

// Unpause ends a pause; the commands that it held back run after the present
// unit, in the order in which they came.
func (e *Core) Unpause() {
	e.pause.until = 0
	for _, w := range e.pause.parked {
		if w.s.wait == w { // else its client is gone
			e.resume = append(e.resume, w.s)
		}
	}
	e.pause.parked = nil
}

func (e *Core) isPaused() bool { return e.pause.until > e.NowMilli() }

// holdsBack reports whether the pause is one for a command.
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

// goOn runs the input of a session that waited, after the command that a pause
// held back, if it was that.
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
