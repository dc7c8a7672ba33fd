package differential

import (
	"context"
	"flag"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/spec"
	"github.com/resp-server/resp-server/internal/transcript"
)

var (
	steps    = flag.Int("steps", 4000, "how many random commands to compare")
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
	for _, part := range strings.Split(real.Version(), ".") {
		n, _ := strconv.Atoi(part)
		m.version = append(m.version, n)
	}
	if *oursPath != "" {
		m.ours.server = transcript.StartForTest(t, *oursPath)
	} else {
		m.ours.server = ours{respserver.StartTest(t, respserver.Options{Config: []string{"enable-debug-command yes"}})}
	}
	t.Cleanup(func() {
		m.real.close()
		m.ours.close()
	})
	return m
}

// commands lists what both servers have and the comparison does not leave out.
func (m *match) commands(t *testing.T) (list []command) {
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
	add := func(c *spec.Command, parent string) {
		name := parent + c.Name
		chosen := *only == "" || slices.Contains(strings.Split(*only, ","), name) || slices.Contains(strings.Split(*only, ","), c.Group)
		if has[0][name] && has[1][name] && !m.leftOut(name) && chosen && len(c.Subcommands) == 0 {
			list = append(list, command{c, strings.Fields(strings.ToUpper(strings.ReplaceAll(name, "|", " "))), name})
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
	sent := 0
	for n := *seed; sent < *steps; n++ {
		g.seed(n)
		proto := "2"
		if g.chance(40) {
			proto = "3"
		}
		episode := g.episode(episodeSteps)
		sent += len(episode)
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
		if counts[d.name]++; counts[d.name] == 1 {
			if shown++; shown <= *maxShown {
				t.Errorf("seed %d\n%s", n, m.transcript(m.shrink(d)))
			} else {
				t.Fail()
			}
		}
	}
	t.Logf("compared %d replies of redis-server %s in %v; seeds from %d on; differences by command: %v",
		m.compared, sprint(m.version), time.Since(begin).Round(time.Millisecond), *seed, counts)
}

// surveyPath is what of a survey the last command needs: the database it looks into.
func surveyPath(steps [][]string) (path [][]string) {
	last := len(steps) - 1
	for _, s := range steps[:last] {
		if s[0] == "SELECT" {
			path = [][]string{s}
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
