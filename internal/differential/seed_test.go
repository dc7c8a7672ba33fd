package differential

import (
	"bytes"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/spec"
)

// TestSeed runs random commands on two of our servers with the same seed and clock:
// each reply must be the same, byte for byte, shuffled or not.
func TestSeed(t *testing.T) {
	t.Parallel()
	for _, shuffle := range []bool{false, true} {
		serve := func(seed uint64) side {
			return side{server: ours{respserver.StartTest(t, respserver.Options{
				Seed: seed, Shuffle: shuffle, Clock: respserver.NewManualClock(time.UnixMilli(1_900_000_000_000)),
			})}}
		}
		m := &match{real: serve(7), ours: serve(7), version: []int{99}}
		defer m.real.close()
		defer m.ours.close()
		g := newGenerator(commands(func(c command) bool {
			return !m.leftOut(c.name) && c.Flags&spec.Blocking == 0 // the clock stands still
		}), m.version)
		g.seed(*seed)
		n := 0
		for range 15 {
			episode := append([][]string{{"DISCARD"}, {"FLUSHALL"}}, g.episode(episodeSteps)...)
			err := m.exchange(episode, func(i int, _, _ *reply, first, second []byte) bool {
				n++
				if !bytes.Equal(first, second) {
					t.Errorf("%q:\n%q\n%q", episode[i], first, second)
				}
				return !t.Failed()
			})
			if err != nil {
				t.Fatal(err)
			}
			if t.Failed() {
				return
			}
		}
		if n < 1000 {
			t.Errorf("only %d replies were compared", n)
		}
	}
}
