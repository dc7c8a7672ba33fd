package respserver

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/linediff"
)

var newYear = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// eventLog is what servers log, with the time of their clock if it is known.
type eventLog struct {
	clock *ManualClock

	mu    sync.Mutex
	lines []string
}

func (l *eventLog) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			if l.clock == nil {
				return slog.Attr{}
			}
			return slog.String(slog.TimeKey, l.clock.Now().Sub(newYear).String())
		}
		return a
	}}))
}

func (l *eventLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, string(bytes.TrimSpace(line)))
	return len(line), nil
}

// take returns what was logged since the last call.
func (l *eventLog) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() { l.lines = nil }()
	return strings.Join(l.lines, "\n")
}

// startManual returns a cluster on a network, and its clock.
func startManual(t *testing.T, o ClusterOptions) (*TestCluster, *ManualClock) {
	t.Helper()
	clock := NewManualClock(newYear)
	o.Options.Clock, o.Options.NoListen = clock, true
	return StartTestCluster(t, o), clock
}

// clusterStory is all that may happen to a cluster. It returns what the nodes log and
// know meanwhile.
func clusterStory(t *testing.T, seed uint64) []string {
	clock := NewManualClock(newYear)
	log := &eventLog{clock: clock}
	c := StartTestCluster(t, ClusterOptions{Masters: 3, Replicas: 2, Options: Options{Seed: seed, Clock: clock, NoListen: true, Logger: log.logger()}})
	var story []string
	note := func(what string) {
		var views []string
		for i := range c.Len() {
			if !c.Server(i).isClosed() {
				views = append(views, c.Node(i).Must("CLUSTER", "NODES").Text(), c.Node(i).Must("CLUSTER", "INFO").Text())
			}
		}
		story = append(story, fmt.Sprintf("== %s\n%s\n%s", what, log.take(), strings.Join(views, "\n")))
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	must(c.Wait(ctx))
	note("start")
	for i := range 50 {
		key := fmt.Sprint("key", i)
		c.Node(c.MasterOf(key)).Must("SET", key, i)
	}
	c.Node(1).Must("PUBLISH", "news", "all")
	clock.Advance(10 * time.Second)
	note("data")
	must(c.Failover(ctx, 3))
	note("failover")
	c.Partition([]int{1, 4})
	clock.Advance(10 * time.Second)
	note("partition")
	c.Heal()
	must(c.Wait(ctx))
	note("heal")
	move, err := c.MoveSlot(ctx, c.Slot("key1"), 2)
	must(err)
	must(move.Finish(ctx))
	note("a slot moves")
	c.Kill(2)
	clock.Advance(20 * time.Second)
	must(c.Wait(ctx))
	note("a master dies")
	for i := range 50 {
		key := fmt.Sprint("key", i)
		if got := c.Node(c.MasterOf(key)).Must("GET", key).Text(); got != fmt.Sprint(i) {
			t.Errorf("%s is %q", key, got)
		}
	}
	for i := range c.Len() {
		must(c.Server(i).Check())
	}
	return story
}

// TestClusterRepeats: with a clock that is moved by hand and a seed, everything
// happens in the same way each time.
func TestClusterRepeats(t *testing.T) {
	t.Parallel()
	first, second := clusterStory(t, 5), clusterStory(t, 5)
	for i := range first {
		if first[i] != second[i] {
			t.Fatalf("the same seed, but\n%s", linediff.Show(strings.Split(first[i], "\n"), strings.Split(second[i], "\n")))
		}
	}
	if slices.Equal(first, clusterStory(t, 6)) {
		t.Error("another seed changes nothing")
	}
}

func BenchmarkStartCluster(b *testing.B) {
	for b.Loop() {
		c, err := StartCluster(ClusterOptions{Replicas: 1, Options: Options{Clock: NewManualClock(newYear), NoListen: true}})
		if err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}
