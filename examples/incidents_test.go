package examples

import (
	"strings"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
)

// start returns a cluster of three masters, each with a replica, and the clock that
// its nodes follow: nothing takes real time, and each run is like the last.
func start(t *testing.T) (*respserver.TestCluster, *respserver.ManualClock) {
	clock := respserver.NewManualClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	return respserver.StartTestCluster(t, respserver.ClusterOptions{
		Replicas: 1, Options: respserver.Options{Clock: clock, Seed: 1},
	}), clock
}

// A master dies: its replica takes over when the others agree.
func TestMasterDies(t *testing.T) {
	c, clock := start(t)
	master := c.MasterOf("order:1")
	c.Node(master).Must("SET", "order:1", "paid")
	c.Kill(master)
	clock.Advance(time.Second) // less than ClusterOptions.NodeTimeout
	if now := c.MasterOf("order:1"); now != master {
		t.Fatalf("node %d has taken over already", now)
	}
	clock.Advance(5 * time.Second)
	now := c.MasterOf("order:1")
	if got := c.Node(now).Must("GET", "order:1").Text(); now == master || got != "paid" {
		t.Errorf("node %d has %q", now, got)
	}
}

// The network is cut: the smaller side stops, and what it wrote last is lost.
func TestNetworkIsCut(t *testing.T) {
	c, clock := start(t)
	master := c.MasterOf("order:1")
	c.Partition([]int{master})
	c.Node(master).Must("SET", "order:1", "lost") // clients of the smaller side write still
	clock.Advance(5 * time.Second)
	if info := c.Node(master).Must("CLUSTER", "INFO").Text(); !strings.HasPrefix(info, "cluster_state:fail") {
		t.Errorf("the smaller side serves: %s", info)
	}
	c.Heal()
	if err := c.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := c.MasterOf("order:1")
	if got := c.Node(now).Must("GET", "order:1"); now == master || !got.IsNull() {
		t.Errorf("node %d has %v", now, got)
	}
}

// A replica is stale: readers see old data until it has its master again.
func TestStaleReplica(t *testing.T) {
	c, clock := start(t)
	master := c.MasterOf("order:1")
	replica := master + 3
	c.Node(master).Must("SET", "order:1", "new")
	c.Partition([]int{replica})
	c.Node(master).Must("SET", "order:1", "paid")
	if got := c.Node(replica).Must("GET", "order:1").Text(); got != "new" {
		t.Errorf("cut off: %q", got)
	}
	c.Heal()
	clock.Advance(2 * time.Second) // a replica connects again each second
	if got := c.Node(replica).Must("GET", "order:1").Text(); got != "paid" {
		t.Errorf("healed: %q", got)
	}
}

// A replica was away for so long that the backlog does not reach back: it copies
// all data anew, and clients that it serves meanwhile see the old ones.
func TestFullResync(t *testing.T) {
	c, clock := start(t)
	master := c.MasterOf("order:1")
	replica := master + 3
	c.Node(master).Must("CONFIG", "SET", "repl-backlog-size", "16kb")
	c.Partition([]int{replica})
	for range 100 {
		c.Node(master).Must("SET", "order:1", make([]byte, 1000))
	}
	c.Heal()
	clock.Advance(2 * time.Second)
	if stats := c.Node(master).Must("INFO", "stats").Text(); !strings.Contains(stats, "\nsync_full:2\r\n") {
		t.Errorf("there was no second full copy:\n%s", stats)
	}
	if n := len(c.Node(replica).Must("GET", "order:1").Text()); n != 1000 {
		t.Errorf("the replica has %d bytes", n)
	}
}
