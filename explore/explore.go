// Package explore finds the interleavings that break code which uses Redis.
//
// A program with several clients is right if it is right whatever their commands
// do between each other's. Run runs a test again and again in a testing/synctest
// bubble; each time the commands of its goroutines come in another order, until
// all orders within the bounds were tried, or one fails. Lost updates, locks that
// are released twice and lost wake-ups are found in milliseconds, and repeat:
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
// It is a package of its own because it imports testing/synctest, which a server
// should not carry.
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

// Options bound an exploration. The zero value works.
type Options struct {
	// Server says how to start the server of each run.
	Server respserver.Options
	// Preemptions is how often at most a goroutine is interrupted between two of
	// its commands, 2 by default: nearly all mistakes need no more. Orders with
	// fewer come first, so that the one which is reported is a simple one.
	Preemptions int
	// Runs is how many orders are tried at most, 2000 by default.
	Runs int
	// Seed, if it is not 0, has orders drawn at random instead of all in turn: for
	// programs that are too large for that.
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
// Do and Must. Each run has a server and a bubble of its own. body must not call
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

// order is one way of choosing.
type order struct {
	choices     []int // at each choice: which of the commands; what is missing is 0
	options     []int // how many there were
	rng         *rand.Rand
	preemptions int // that are left; -1: any number
	bound       int
	log         []string
}

// play chooses until the run is over. A command is chosen when all goroutines of
// the bubble wait: then every command that could come has come.
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
		// Commands come in any order, but clients and goroutines are made in one.
		slices.SortStableFunc(held, func(a, b respserver.HeldCommand) int {
			return cmp.Or(cmp.Compare(len(a.Caller), len(b.Caller)), cmp.Compare(a.Caller, b.Caller))
		})
		// The client that ran last comes first: to go on with it interrupts nobody.
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
		options = 1 // to choose another one would interrupt it
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

// successor returns the next order of a search in depth, nil at its end.
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

// String returns the choices as the environment variable has them.
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
