package engine

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/resp-server/resp-server/internal/resp"
)

// A script runs as one unit, in the goroutine that feeds its session, under the
// engine's lock. A script that takes longer than the setting busy-reply-threshold is
// busy: from then on it releases the lock for a moment each time that its interpreter
// asks whether to stop. Other sessions enter then, and the engine replies BUSY to all
// but a few commands that do not look at the data. So there is still one unit at a
// time, and a script that is not busy costs nothing.

// scripting holds the script or function that runs. busy is the same one once it lets
// others in, nil before. Between two entries both are nil.
type scripting struct {
	script *scriptRun
	busy   *scriptRun
	oneRun scriptRun // memory for script
	behind int       // sessions that wait for the end of busy in the middle of a command
}

func (r *scripting) check() error {
	if r.script != nil || r.busy != nil {
		return errors.New("one runs, but nothing else does")
	}
	return nil
}

// Detacher is a Conn whose transport serves several connections in the goroutine that
// calls Feed.
type Detacher interface {
	// Detach announces that Feed will take long. The transport has another goroutine
	// serve the other connections from now on. It is called within Feed.
	Detach()
}

var (
	errBusyScript   resp.Error = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
	errBusyFunction resp.Error = "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE."
)

// errKilled ends a script.
var errKilled = errors.New("Script killed by user with SCRIPT KILL...")

// Interrupt returns an error if the script has to stop. A busy script lets others in.
func (r *scriptRun) Interrupt() error {
	e := r.c.Core
	if e.busy == nil && r.isBusy() {
		r.becomeBusy()
	}
	if e.busy != nil {
		r.letOthersIn()
	}
	if r.killed || e.stopping.Load() {
		return errKilled
	}
	return nil
}

var errStopping resp.Error = "ERR The server is shutting down"

// Interrupted is for handlers that may take long and have changed nothing so far: they
// call it from time to time and return its error. There is one if the server stops,
// or if somebody killed the script that calls the command. A busy script lets others
// in here as well.
func (e *Core) Interrupted() error {
	switch {
	case e.script != nil:
		if err := e.script.Interrupt(); err != nil {
			return resp.Error("ERR " + err.Error())
		}
	case e.stopping.Load():
		return errStopping
	}
	return nil
}

func (r *scriptRun) isBusy() bool {
	threshold := r.c.Config.BusyReplyThreshold
	return threshold > 0 && r.duration().Milliseconds() >= threshold
}

// duration returns how long the script has run.
func (r *scriptRun) duration() time.Duration { return r.c.clock.Monotonic() - r.began }

func (r *scriptRun) becomeBusy() {
	e := r.c.Core
	kill := "FUNCTION KILL"
	if r.eval {
		kill = "SCRIPT KILL"
	}
	e.Log.Warn(fmt.Sprintf("Slow script detected: still in execution after %d milliseconds. You can try killing the script using the %s command. Script name is: %s.",
		r.duration().Milliseconds(), kill, r.name))
	e.busy, r.time = r, e.now
	e.setGates()
	if s := e.current; s != nil {
		e.fed = slices.DeleteFunc(e.fed, func(o *Session) bool { return o == s })
		e.dismiss() // letOthersIn hands over their replies
		e.fed = append(e.fed, s)
		if d, ok := s.conn.(Detacher); ok {
			d.Detach()
		}
	}
}

// letOthersIn releases the lock for a moment. It puts the state of this turn aside,
// and hands over messages from the script to others.
func (r *scriptRun) letOthersIn() {
	e := r.c.Core
	r.aside, e.turn = e.turn, turn{}
	waiting := r.aside.dirty
	r.aside.dirty = r.aside.dirty[:0]
	for _, s := range waiting {
		if s == r.c.Session || s == r.aside.current {
			r.aside.dirty = append(r.aside.dirty, s) // its reply is not complete
		} else {
			s.handOver()
		}
	}
	e.engine.mu.Unlock()
	runtime.Gosched() // else goroutines that wait may find the lock taken again
	e.engine.mu.Lock()
	e.turn = r.aside
	e.Keyspace.Access = e.newAccess()
	r.time = e.clock.Now().UnixMicro()
}

// Wall returns the time of the unit in microseconds since 1970, but while a script is
// busy it returns the time of the clock, so that waits with a deadline end. Keys
// expire by ExpiryMilli all the same.
func (e *Core) Wall() int64 {
	if e.busy != nil && e.times.shown == 0 {
		return e.busy.time
	}
	return e.ShownMicro()
}

// mayRunBusy decides whether a command that a busy script keeps out may run after all.
// It may if somebody has killed the script: then it waits for the end of the script,
// which is soon, so that nobody gets BUSY because of a killed script.
func (e *Core) mayRunBusy() bool {
	if !e.busy.killed {
		return false
	}
	mine := e.turn
	e.turn = turn{}
	e.behind++
	for e.busy != nil && e.busy.killed {
		e.engine.idle.Wait()
	}
	e.behind--
	e.turn = mine
	e.Keyspace.Access = e.newAccess()
	return e.busy == nil && !e.closed
}

// endBusy lets everybody in again after a script.
func (r *scriptRun) endBusy() {
	if e := r.c.Core; e.busy == r {
		e.busy, r.aside = nil, turn{}
		e.setGates()
		e.engine.idle.Broadcast()
	}
}

// errBusy is the error for commands that a busy script keeps out.
func (e *Core) errBusy() error {
	if e.busy.eval {
		return errBusyScript
	}
	return errBusyFunction
}

// Running is a script or a function that runs.
type Running struct {
	// Name is the name of the function, or the SHA-1 of the script.
	Name string
	// Command is the command that called it. It is valid until the handler returns.
	Command  [][]byte
	Duration time.Duration
}

// RunningFunction returns the busy function, nil without one. It fails if a script is
// busy.
func (e *Core) RunningFunction() (*Running, error) {
	switch r := e.busy; {
	case r == nil:
		return nil, nil
	case r.eval:
		return nil, errBusyScript
	default:
		return &Running{r.name, r.c.Args, r.duration()}, nil
	}
}

// KillScript ends the busy script, or with eval false the busy function. It refuses if
// the script has written: half of its changes must not stay.
func (e *Core) KillScript(eval bool) error {
	switch r := e.busy; {
	case r == nil:
		return resp.Error("NOTBUSY No scripts in execution right now.")
	case r.wrote:
		return resp.Error("UNKILLABLE Sorry the script already executed write commands against the dataset. " +
			"You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.")
	case r.eval != eval:
		return e.errBusy()
	default:
		r.killed = true
		return nil
	}
}
