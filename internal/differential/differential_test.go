package differential

import (
	"context"
	"flag"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/effort"
	"github.com/resp-server/resp-server/internal/spec"
	"github.com/resp-server/resp-server/internal/transcript"
)

var (
	replies  = flag.Int("replies", 15_000, "how many replies to compare, at least, if tests are neither -short nor long")
	seed     = flag.Uint64("seed", 1, "of the first episode; the next ones count up")
	realPath = flag.String("redis-server", os.Getenv("RESPSERVER_DIFF_REDIS"), "the real server's binary (default: redis-server on PATH)")
	oursPath = flag.String("other", "", "another real server in the place of ours, to see what two of them disagree about")
	only     = flag.String("only", "", "compare only these commands or groups, separated by commas")
	maxShown = flag.Int("show", 5, "how many commands that differ to show")
)

const episodeSteps = 150

// ours is our server as a dialer.
type ours struct{ *respserver.TestServer }

func (s ours) Dial(ctx context.Context) (net.Conn, error) { return s.TestServer.Dial(ctx) }

func start(t *testing.T) *match {
	t.Helper()
	real := transcript.StartForTest(t, *realPath)
	m := &match{real: side{server: real}}
	m.version, m.own = numbers(real.Version()), numbers(respserver.RedisVersion)
	if *oursPath != "" {
		other := transcript.StartForTest(t, *oursPath)
		m.ours.server, m.own = other, numbers(other.Version())
	} else {
		m.ours.server = ours{respserver.StartTest(t, respserver.Options{Config: []string{"enable-debug-command yes"}})}
	}
	t.Cleanup(func() {
		m.real.close()
		m.ours.close()
		for _, s := range m.listening {
			if s != nil {
				s.close()
			}
		}
	})
	return m
}

// numbers takes a version apart.
func numbers(version string) (v []int) {
	for part := range strings.SplitSeq(version, ".") {
		n, _ := strconv.Atoi(part)
		v = append(v, n)
	}
	return v
}

// commands returns the commands that both servers have and no exception leaves out.
func (m *match) commands(t *testing.T) []command {
	has := [2]map[string]bool{{}, {}}
	err := m.exchange([][]string{{"COMMAND", "LIST"}}, func(_ int, a, b *reply, _, _ []byte) bool {
		for i, r := range []*reply{a, b} {
			for _, kid := range r.kids {
				has[i][kid.text] = true
			}
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	chosen := strings.Split(*only, ",")
	return commands(func(c command) bool {
		return has[0][c.name] && has[1][c.name] && !m.leftOut(c.name) &&
			(*only == "" || slices.Contains(chosen, c.name) || slices.Contains(chosen, c.Group))
	})
}

// commands returns the rows of the table for which keep is true.
func commands(keep func(command) bool) (list []command) {
	add := func(c *spec.Command, parent string) {
		name := parent + c.Name
		row := command{c, strings.Fields(strings.ToUpper(strings.ReplaceAll(name, "|", " "))), name}
		if keep(row) {
			list = append(list, row)
		}
	}
	for _, group := range spec.Groups() {
		for i := range group {
			c := &group[i]
			add(c, "")
			for j := range c.Subcommands {
				sub := c.Subcommands[j]
				sub.Group = c.Group
				add(&sub, c.Name+"|")
			}
		}
	}
	return list
}

// TestCommands compares commands of one client.
func TestCommands(t *testing.T) {
	m := start(t)
	g := newGenerator(m.commands(t), m.version)
	counts := map[string]int{}
	shown := 0
	begin := time.Now()
	for n := *seed; m.compared < effort.Of(*replies); n++ {
		g.seed(n)
		proto := "2"
		if g.chance(40) {
			proto = "3"
		}
		episode := g.episode(episodeSteps)
		d, err := m.play(proto, episode)
		if d == nil && err == nil {
			var all [][]string
			if all, err = m.survey(); err == nil {
				if d, err = m.run(proto, all); d != nil {
					d.steps = slices.Concat(episode, [][]string{{"DISCARD"}}, surveyPath(d.steps))
				}
			}
		}
		if err != nil {
			t.Fatalf("seed %d: %v", n, err)
		}
		if d == nil {
			continue
		}
		d.seed = n
		if d.args == nil && shown < *maxShown { // an effect: which command causes it shows when few are left
			d = m.shrink(d)
			if n := len(d.steps); n > 0 {
				d.name += " after " + strings.ToLower(called(d.steps[n-1])[0])
			}
			if counts[d.name] == 0 {
				shown++
				t.Errorf("seed %d\n%s", n, m.transcript(d))
			}
			counts[d.name]++
			continue
		}
		if counts[d.name]++; counts[d.name] == 1 {
			if shown++; shown <= *maxShown {
				t.Errorf("seed %d\n%s", n, m.transcript(m.shrink(d)))
			} else {
				t.Fail()
			}
		}
	}
	m.report(t, time.Since(begin), counts)
}

// report prints how many replies were compared and how many differences are left,
// by command. After a long run it also prints the commands that only ever replied
// with errors, because the comparison shows little about them.
func (m *match) report(t *testing.T, took time.Duration, counts map[string]int) {
	differences := 0
	for _, n := range counts {
		differences += n
	}
	t.Logf("compared %d replies of redis-server %s in %v, seeds from %d on: %d differences are left %v",
		m.compared, sprint(m.version), took.Round(time.Millisecond), *seed, differences, counts)
	if m.compared < 200_000 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(m.calls)) {
		if c := m.calls[name]; c.fine == 0 {
			t.Logf("%s: %d replies, all of them errors", name, c.errors)
		}
	}
}

// surveyPath returns the steps of a survey that the last command needs: it selects
// the database and reads the key.
func surveyPath(steps [][]string) (path [][]string) {
	last := len(steps) - 1
	for _, s := range steps[:last] {
		switch {
		case s[0] == "SELECT":
			path = [][]string{s}
		case s[0] == "RESTORE" && slices.Contains(steps[last], restored):
			path = append(path[:1:1], s)
		}
	}
	return append(path, steps[last])
}

func sprint(v []int) string {
	var parts []string
	for _, n := range v {
		parts = append(parts, strconv.Itoa(n))
	}
	return strings.Join(parts, ".")
}
