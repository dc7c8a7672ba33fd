// Package explore finds the interleavings that break code which uses Redis.
//
// A program with several clients is right if it works whatever the order of their
// commands. Run runs a test again and again in a testing/synctest bubble, each time
// with another order of the commands of its goroutines, until all orders within the
// bounds were tried, or one fails. It finds lost updates, locks that are released
// twice and lost wake-ups in milliseconds, and can repeat them:
//
//	explore.Run(t, func(t *testing.T, srv *respserver.TestServer) {
//		var wg sync.WaitGroup
//		for range 2 {
//			wg.Go(func() { // GET, add one, SET: not atomic
//				n := srv.Must("GET", "n").Int()
//				srv.Must("SET", "n", n+1)
//			})
//		}
//		wg.Wait()
//		if n := srv.Must("GET", "n").Int(); n != 2 {
//			t.Errorf("n is %d", n) // reached, with the order that leads here
//		}
//	})
//
// The package is separate because it imports testing/synctest, which should not be
// part of every server.
package explore

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	respserver "github.com/resp-server/resp-server"
)

// Options limit an exploration. The zero value is valid.
type Options struct {
	// Server configures the server of each run.
	Server respserver.Options
	// Preemptions limits how often a goroutine is interrupted between two of its
	// commands. The default is 2: nearly all mistakes need no more. Orders with
	// fewer interruptions come first, so the reported one is simple.
	Preemptions int
	// Runs limits the number of orders. The default is 2000.
	Runs int
	// Seed, if it is not 0, makes Run draw orders at random instead of trying all
	// in turn, for programs with too many orders.
	Seed uint64
}

// variable names the environment variable that repeats one order.
const variable = "RESPSERVER_EXPLORE"

// Run explores with the default Options.
func Run(t *testing.T, body func(t *testing.T, srv *respserver.TestServer)) {
	t.Helper()
	Options{}.Run(t, body)
}

// Run runs body with each order of the commands that arrive over Dial, DialContext,
// Do and Must. Each run has its own server and bubble. body must not call
// synctest.Wait. The first run that fails ends the exploration; it logs the order
// and the value of RESPSERVER_EXPLORE that repeats it.
func (o Options) Run(t *testing.T, body func(t *testing.T, srv *respserver.TestServer)) {
	t.Helper()
	if o.Runs == 0 {
		o.Runs = 2000
	}
	if o.Preemptions == 0 {
		o.Preemptions = 2
	}
	if text := os.Getenv(variable); text != "" {
		choices, err := parse(text)
		if err != nil {
			t.Fatalf("%s: %v", variable, err)
		}
		o.once(t, &order{choices: choices, preemptions: -1}, body)
		return
	}
	if o.Seed != 0 {
		rng := rand.New(rand.NewPCG(o.Seed, 0))
		for range o.Runs {
			if !o.once(t, &order{rng: rng, preemptions: -1}, body) {
				return
			}
		}
		return
	}
	runs := 0
	for bound := 0; bound <= o.Preemptions; bound++ {
		for next := (&order{preemptions: bound}); next != nil; next = next.successor() {
			if runs == o.Runs {
				t.Logf("explored %d orders; there are more", runs)
				return
			}
			runs++
			if !o.once(t, next, body) {
				return
			}
		}
	}
	t.Logf("explored %d orders", runs)
}

// once runs body with one order, and reports whether it passed.
func (o Options) once(t *testing.T, x *order, body func(*testing.T, *respserver.TestServer)) bool {
	t.Helper()
	return t.Run("order", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			srv := respserver.StartTest(t, o.Server)
			schedule := srv.Schedule()
			over, ended := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(ended)
				x.play(schedule, over)
			}()
			defer func() {
				close(over)
				<-ended
				schedule.End()
				if t.Failed() {
					t.Logf("this order of commands fails (%s=%s repeats it):\n%s", variable, x, strings.Join(x.log, "\n"))
				}
			}()
			body(t, srv)
		})
	})
}

// order is a sequence of choices.
type order struct {
	choices     []int // index of the chosen command at each choice; 0 for missing ones
	options     []int // number of commands at each choice
	rng         *rand.Rand
	preemptions int // the rest of the limit; -1: no limit
	bound       int
	log         []string
}

// play chooses commands until the run is over. It chooses when all goroutines of
// the bubble wait: then no other command can arrive.
func (x *order) play(s *respserver.Schedule, over <-chan struct{}) {
	x.bound = x.preemptions
	last := ""
	for n := 0; ; {
		synctest.Wait()
		held := s.Held()
		if len(held) == 0 {
			select {
			case <-s.Arrived():
				continue
			case <-over:
				return
			}
		}
		// The order of arrival varies, but clients and goroutines are always
		// created in the same order.
		slices.SortStableFunc(held, func(a, b respserver.HeldCommand) int {
			return cmp.Or(cmp.Compare(len(a.Caller), len(b.Caller)), cmp.Compare(a.Caller, b.Caller))
		})
		// The client that ran last comes first: going on with it is no
		// interruption.
		for i, h := range held {
			if h.Caller == last {
				copy(held[1:i+1], held[:i])
				held[0] = h
			}
		}
		i := 0
		if len(held) > 1 {
			i = x.choose(n, held, last)
			n++
		}
		x.log = append(x.log, describe(held[i]))
		last = held[i].Caller
		s.Choose(held[i].Client)
	}
}

// choose makes the nth choice.
func (x *order) choose(n int, held []respserver.HeldCommand, last string) int {
	options := len(held)
	if held[0].Caller == last && x.bound == 0 {
		options = 1 // another choice would interrupt the client
	}
	i := 0
	switch {
	case x.rng != nil:
		i = x.rng.IntN(options)
	case n < len(x.choices):
		i = min(x.choices[n], options-1)
	}
	if n >= len(x.choices) {
		x.choices = append(x.choices, i)
	}
	x.options = append(x.options, options)
	if i > 0 && held[0].Caller == last && x.bound > 0 {
		x.bound--
	}
	return i
}

// successor returns the next order of a depth-first search, nil at its end.
func (x *order) successor() *order {
	for n := min(len(x.choices), len(x.options)) - 1; n >= 0; n-- {
		if x.choices[n]+1 < x.options[n] {
			choices := append([]int(nil), x.choices[:n+1]...)
			choices[n]++
			return &order{choices: choices, preemptions: x.preemptions}
		}
	}
	return nil
}

func describe(h respserver.HeldCommand) string {
	return fmt.Sprintf("\t%s: %.200s", h.Caller, strings.Join(h.Args, " "))
}

// String returns the choices in the format of the environment variable.
func (x *order) String() string {
	words := make([]string, len(x.choices))
	for i, c := range x.choices {
		words[i] = strconv.Itoa(c)
	}
	return strings.Join(append(words, ""), ".")
}

func parse(text string) (choices []int, err error) {
	for _, w := range strings.Split(strings.TrimSuffix(text, "."), ".") {
		if w == "" {
			continue
		}
		c, err := strconv.Atoi(w)
		if err != nil || c < 0 {
			return nil, fmt.Errorf("%q is no order", text)
		}
		choices = append(choices, c)
	}
	return choices, nil
}
