package respserver

import (
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/resp-server/resp-server/internal/engine"
)

// Schedule lets a test choose which command runs next, of those that clients have
// sent. Package explore tries all choices; most tests want that.
type Schedule struct {
	s       *Server
	arrived chan struct{}
	end     sync.Once
}

// HeldCommand is a command that waits to be chosen.
type HeldCommand struct {
	// Client is the id of the client, as CLIENT ID answers it.
	Client uint64
	// Caller says who sent it, in words that are the same for all commands of a
	// client, or of a goroutine that calls Do.
	Caller string
	Args   []string
}

// Schedule has all commands that look at data wait until they are chosen, those
// of Do too. Commands that prepare others (MULTI and what it queues, HELLO) run
// at once. A server has one Schedule at a time.
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

// Arrived returns a channel that receives a value when a command has come since
// it did so last.
func (x *Schedule) Arrived() <-chan struct{} { return x.arrived }

// Held returns the commands that wait, in the order in which they came.
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

// caller names the goroutine that called Do, or the client.
func caller(w engine.Waiting) string {
	if number, ok := strings.CutPrefix(w.Addr, goroutineAddr); ok {
		return "goroutine " + number
	}
	if w.Name != "" {
		return w.Name
	}
	return "client " + strconv.FormatUint(w.Client, 10)
}

// goroutineAddr is how the address of a client begins that is a goroutine in Do.
const goroutineAddr = "goroutine:"

// goroutine returns the address for the goroutine that calls it.
func goroutine() string {
	var trace [64]byte
	number, _, _ := strings.Cut(strings.TrimPrefix(string(trace[:runtime.Stack(trace[:], false)]), "goroutine "), " ")
	return goroutineAddr + number
}

// Choose lets the command of a client run. It returns when that has run, or
// blocks as BLPOP does.
func (x *Schedule) Choose(client uint64) {
	x.s.engine.Run(func(c *engine.Core) { c.Choose(client) })
}

// End lets all commands run as they come, also those that wait.
func (x *Schedule) End() {
	x.end.Do(func() {
		x.s.scheduled.Store(false)
		x.s.engine.Run(func(c *engine.Core) { c.HoldCommands(nil) })
	})
}
