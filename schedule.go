package respserver

import (
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/resp-server/resp-server/internal/engine"
)

// Schedule lets a test choose which of the commands that clients have sent runs
// next. Most tests want package explore, which tries all choices.
type Schedule struct {
	s       *Server
	arrived chan struct{}
	end     sync.Once
}

// HeldCommand is a command that waits to be chosen.
type HeldCommand struct {
	// Client is the client id, as CLIENT ID replies it.
	Client uint64
	// Caller names the sender: the client, or the goroutine that called Do. The
	// name is the same for all commands of the sender.
	Caller string
	Args   []string
}

// Schedule makes all commands that touch data wait until they are chosen, those of
// Do too. Commands that only prepare others (MULTI and the commands it queues,
// HELLO) run at once. A server has one Schedule at a time.
func (s *Server) Schedule() *Schedule {
	x := &Schedule{s: s, arrived: make(chan struct{}, 1)}
	s.scheduled.Store(true)
	s.engine.Run(func(c *engine.Core) {
		c.HoldCommands(func() {
			select {
			case x.arrived <- struct{}{}:
			default:
			}
		})
	})
	return x
}

// Arrived returns a channel that receives a value when commands have arrived since
// the last value.
func (x *Schedule) Arrived() <-chan struct{} { return x.arrived }

// Held returns the waiting commands in the order of arrival.
func (x *Schedule) Held() (held []HeldCommand) {
	x.s.engine.Run(func(c *engine.Core) {
		for _, w := range c.Held() {
			h := HeldCommand{Client: w.Client, Caller: caller(w), Args: make([]string, len(w.Args))}
			for i, a := range w.Args {
				h.Args[i] = string(a)
			}
			held = append(held, h)
		}
	})
	return held
}

// caller returns the name of the goroutine that called Do, or of the client.
func caller(w engine.Waiting) string {
	if number, ok := strings.CutPrefix(w.Addr, goroutineAddr); ok {
		return "goroutine " + number
	}
	if w.Name != "" {
		return w.Name
	}
	return "client " + strconv.FormatUint(w.Client, 10)
}

// goroutineAddr is the prefix of the client address of a goroutine in Do.
const goroutineAddr = "goroutine:"

// goroutine returns the client address for the calling goroutine.
func goroutine() string {
	var trace [64]byte
	number, _, _ := strings.Cut(strings.TrimPrefix(string(trace[:runtime.Stack(trace[:], false)]), "goroutine "), " ")
	return goroutineAddr + number
}

// Choose lets the command of a client run. It returns after the command has run, or
// has blocked, as BLPOP does.
func (x *Schedule) Choose(client uint64) {
	x.s.engine.Run(func(c *engine.Core) { c.Choose(client) })
}

// End lets all commands run as they arrive, the waiting ones first.
func (x *Schedule) End() {
	x.end.Do(func() {
		x.s.scheduled.Store(false)
		x.s.engine.Run(func(c *engine.Core) { c.HoldCommands(nil) })
	})
}
