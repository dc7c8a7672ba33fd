package cluster

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
)

// A simulation is a whole cluster in one goroutine: time goes in ticks, and
// messages arrive in the order in which they were sent, after a tick.
type simulation struct {
	t     testing.TB
	now   int64
	rand  *rand.Rand
	nodes []*simulated
	queue []func()
	// cut says which nodes can't reach each other.
	cut func(a, b *simulated) bool
}

// side is the server around a node, as the node sees it.
type side struct{ *simulated }

// simulated is a node and the server around it.
type simulated struct {
	*Cluster
	s        *simulation
	settings Settings
	down     bool
	keys     map[int]int
	master   string // address that it follows, or ""
	offset   int64
	silence  int64
	paused   bool
	file     []byte
	heard    []string
	emptied  int
}

func simulate(t testing.TB, n int) *simulation {
	s := &simulation{t: t, now: 1_700_000_000_000, rand: rand.New(rand.NewPCG(1, 2))}
	for range n {
		s.add()
	}
	return s
}

func (s *simulation) add() *simulated {
	n := &simulated{s: s, keys: map[int]int{}}
	n.settings = Settings{
		NodeTimeout: 2000, RequireFullCoverage: true, AllowReplicaMigration: true, MigrationBarrier: 1, ReplicaValidityFactor: 10,
		ReplicaPingPeriod: 10000, Port: 7000 + len(s.nodes), BusPort: 17000 + len(s.nodes),
	}
	s.nodes = append(s.nodes, n)
	n.Cluster = New(side{n}, slog.New(slog.DiscardHandler))
	n.Settle()
	return n
}

func (n side) Now() int64           { return n.s.now }
func (n side) IntN(m int) int       { return n.s.rand.IntN(m) }
func (n side) Settings() *Settings  { return &n.settings }
func (n side) Keys(slot int) int    { return n.keys[slot] }
func (n side) DropKeys(slot int)    { delete(n.keys, slot) }
func (n side) DropChannels(int)     {}
func (n side) Follow(string, int)   { n.master = fmt.Sprint(n.Me.Master.Port) }
func (n side) Lead()                { n.master = "" }
func (n side) Empty()               { n.emptied++ }
func (n side) Offset() int64        { return n.offset }
func (n side) MasterSilence() int64 { return n.silence }
func (n side) PauseWrites(int64)    { n.paused = true }
func (n side) ResumeWrites()        { n.paused = false }
func (n side) Publish(channel, text []byte, sharded bool) {
	n.heard = append(n.heard, fmt.Sprintf("%s %s %t", channel, text, sharded))
}
func (n side) Save(text []byte, _ bool) error {
	n.file = text
	return nil
}
func (n side) NewID() string {
	return fmt.Sprintf("%016x%016x%08x", n.s.rand.Uint64(), n.s.rand.Uint64(), n.s.rand.Uint32())
}

func (s *simulation) reach(a, b *simulated) bool {
	return !a.down && !b.down && (s.cut == nil || !s.cut(a, b))
}

// wire is one end of a connection.
type wire struct {
	from, to *simulated
	link     *Link // of to
	other    *wire
	gone     bool
}

func (w *wire) LocalIP() string { return "127.0.0.1" }
func (w *wire) PeerIP() string  { return "127.0.0.1" }
func (w *wire) Waiting() int    { return 0 }
func (w *wire) Close() {
	if w.gone {
		return
	}
	w.gone = true
	if o := w.other; !o.gone {
		o.gone = true
		w.from.s.later(func() { w.to.Closed(w.link) })
	}
}
func (w *wire) Send(b []byte) {
	if w.gone {
		return
	}
	b = slices.Clone(b)
	w.from.s.later(func() {
		if !w.gone && w.from.s.reach(w.from, w.to) {
			w.to.Receive(w.link, b)
		}
	})
}

func (s *simulation) later(f func()) { s.queue = append(s.queue, f) }

func (n side) Dial(l *Link, _ string, port int) {
	n.s.later(func() {
		i := slices.IndexFunc(n.s.nodes, func(o *simulated) bool { return o.settings.BusPort == port })
		if i < 0 || !n.s.reach(n.simulated, n.s.nodes[i]) {
			n.Closed(l)
			return
		}
		o := n.s.nodes[i]
		out, in := &wire{from: n.simulated, to: o}, &wire{from: o, to: n.simulated, link: l}
		out.other, in.other = in, out
		out.link = o.Accept(in)
		n.Opened(l, out)
	})
}

// run lets time pass.
func (s *simulation) run(ms int64) {
	for end := s.now + ms; s.now < end; s.now += 100 {
		queue := s.queue
		s.queue = nil
		for _, f := range queue {
			f()
		}
		for _, n := range s.nodes {
			if !n.down {
				n.Tick()
			}
		}
	}
}

// await lets time pass until something is so.
func (s *simulation) await(what string, so func() bool) {
	s.t.Helper()
	for range 600 {
		if so() {
			return
		}
		s.run(100)
	}
	for _, n := range s.nodes {
		s.t.Logf("%d: %s", n.settings.Port, n.Text())
	}
	s.t.Fatalf("never: %s", what)
}

// all reports whether something is so for all nodes that run.
func (s *simulation) all(so func(n *simulated) bool) func() bool {
	return func() bool {
		for _, n := range s.nodes {
			if !n.down && !so(n) {
				return false
			}
		}
		return true
	}
}

// form makes a cluster of masters, with the others as their replicas in turn.
func (s *simulation) form(masters int) {
	s.t.Helper()
	for i, n := range s.nodes {
		if i < masters {
			for slot := i * Slots / masters; slot < (i+1)*Slots/masters; slot++ {
				n.AddSlot(slot)
			}
			n.SetConfigEpoch(uint64(i + 1))
		}
		n.Settle()
		if i > 0 && !n.Meet("127.0.0.1", 7000, 17000) {
			s.t.Fatal("no address")
		}
	}
	s.await("all know each other", s.all(func(n *simulated) bool {
		return len(n.nodes) == len(s.nodes) && !slices.ContainsFunc(n.nodes, func(m *Node) bool { return m.Is(Handshake) })
	}))
	for i, n := range s.nodes[masters:] {
		n.Follow(n.Node(s.nodes[i%masters].Me.ID))
		n.Settle()
	}
	s.await("all serve", s.all(func(n *simulated) bool { return n.Up() && n.size == masters }))
	s.await("all know the replicas", s.all(func(n *simulated) bool {
		replicas := 0
		for _, m := range n.nodes {
			if m.Is(Replica) && m.Master != nil {
				replicas++
			}
		}
		return replicas == len(s.nodes)-masters
	}))
}

func TestForm(t *testing.T) {
	s := simulate(t, 6)
	s.form(3)
	for _, n := range s.nodes {
		for slot, want := range map[int]int{0: 0, 5460: 0, 5461: 1, 10921: 1, 10922: 2, 16383: 2} {
			if owner := n.Owner(slot); owner.ID != s.nodes[want].Me.ID {
				t.Errorf("slot %d is with %s, want node %d", slot, owner.ID, want)
			}
		}
		if shards := n.Shards(); len(shards) != 3 {
			t.Errorf("%d shards", len(shards))
		}
	}
}

func TestFailover(t *testing.T) {
	s := simulate(t, 6)
	s.form(3)
	dead, heir := s.nodes[0], s.nodes[3]
	dead.down = true
	s.await("its replica takes over", func() bool { return heir.Me.Is(Master) && heir.Me.NumSlots() > 0 })
	s.await("all agree", s.all(func(n *simulated) bool {
		return n.Up() && n.Owner(0).ID == heir.Me.ID && n.Node(dead.Me.ID).Is(Fail)
	}))
	if heir.master != "" {
		t.Error("it still follows its master")
	}
	dead.down = false
	s.await("the old master becomes its replica", func() bool {
		return dead.Me.Is(Replica) && dead.Me.Master.ID == heir.Me.ID && dead.master == "7003"
	})
	s.await("nobody fails any more", s.all(func(n *simulated) bool {
		return !slices.ContainsFunc(n.nodes, func(m *Node) bool { return m.Is(PFail | Fail) })
	}))
}

// TestNewestReplica: of two replicas the one with more data takes over.
func TestNewestReplica(t *testing.T) {
	s := simulate(t, 5)
	s.form(3)
	other := s.add()
	other.Meet("127.0.0.1", 7001, 17001)
	s.await("the new one is known", s.all(func(n *simulated) bool { return len(n.nodes) == 6 && n.Node(other.Me.ID) != nil }))
	other.Follow(other.Node(s.nodes[0].Me.ID))
	other.Settle()
	s.nodes[3].offset, other.offset = 100, 200
	s.run(3000)
	s.nodes[0].down = true
	s.await("a replica takes over", func() bool { return s.nodes[3].Me.Is(Master) || other.Me.Is(Master) })
	s.run(5000)
	if !other.Me.Is(Master) {
		t.Error("the replica with old data has taken over")
	}
	if s.nodes[3].Me.Master.ID != other.Me.ID {
		t.Error("the other one does not follow it")
	}
}

func TestManualFailover(t *testing.T) {
	s := simulate(t, 6)
	s.form(3)
	master, replica := s.nodes[0], s.nodes[3]
	master.offset, replica.offset = 500, 400
	replica.Failover(false, false)
	replica.Settle()
	s.await("the master holds back writes", func() bool { return master.paused })
	s.run(1000)
	if replica.Me.Is(Master) {
		t.Fatal("it took over before it had everything")
	}
	replica.offset = 500
	s.await("it takes over", func() bool { return replica.Me.Is(Master) })
	s.await("the old master follows it", func() bool { return master.Me.Is(Replica) && !master.paused })
}

func TestTakeover(t *testing.T) {
	s := simulate(t, 6)
	s.form(3)
	for _, n := range s.nodes[:3] {
		n.down = true // nobody can vote
	}
	s.run(10000)
	if s.nodes[3].Me.Is(Master) {
		t.Fatal("a replica took over without a majority")
	}
	if s.nodes[3].Up() {
		t.Error("a cluster without its masters serves")
	}
	s.nodes[3].Failover(true, true)
	s.nodes[3].Settle()
	if !s.nodes[3].Me.Is(Master) {
		t.Error("a takeover needs nobody")
	}
}

// TestPartition: the side with most masters goes on, the other stops, and they
// agree again when the network is whole.
func TestPartition(t *testing.T) {
	s := simulate(t, 6)
	s.form(3)
	small := map[*simulated]bool{s.nodes[0]: true}
	s.cut = func(a, b *simulated) bool { return small[a] != small[b] }
	s.await("the minority stops", func() bool { return !s.nodes[0].Up() })
	s.await("the majority goes on", func() bool { return s.nodes[3].Me.Is(Master) && s.nodes[1].Up() })
	s.cut = nil
	s.await("one owner of slot 0", s.all(func(n *simulated) bool { return n.Up() && n.Owner(0).ID == s.nodes[3].Me.ID }))
	if !s.nodes[0].Me.Is(Replica) {
		t.Error("the old master is one still")
	}
}

func TestMoveSlot(t *testing.T) {
	s := simulate(t, 3)
	s.form(3)
	from, to := s.nodes[0], s.nodes[1]
	to.Import(5, to.Node(from.Me.ID))
	from.Migrate(5, from.Node(to.Me.ID))
	if n, v := from.Route(Access{Slot: 5, Missing: 1}, WhenDown{}); v != Ask || n.ID != to.Me.ID {
		t.Errorf("a missing key: %v", v)
	}
	if _, v := from.Route(Access{Slot: 5, Existing: 1}, WhenDown{}); v != Here {
		t.Errorf("a key that is here: %v", v)
	}
	if _, v := from.Route(Access{Slot: 5, Existing: 1, Missing: 1}, WhenDown{}); v != TryAgain {
		t.Errorf("one of two keys: %v", v)
	}
	if n, v := to.Route(Access{Slot: 5, Missing: 1}, WhenDown{}); v != Moved || n.ID != from.Me.ID {
		t.Errorf("without asking: %v", v)
	}
	if _, v := to.Route(Access{Slot: 5, Asking: true, Missing: 1}, WhenDown{}); v != Here {
		t.Errorf("asking: %v", v)
	}
	if _, v := to.Route(Access{Slot: 5, Asking: true, Missing: 1, Existing: 1, Several: true}, WhenDown{}); v != TryAgain {
		t.Errorf("asking for two keys of which one is here: %v", v)
	}
	to.Assign(5, to.Me)
	to.Settle()
	from.Assign(5, from.Node(to.Me.ID))
	from.Settle()
	s.await("all know the new owner", s.all(func(n *simulated) bool { return n.Owner(5).ID == to.Me.ID }))
	if from.Open(5) || to.Open(5) {
		t.Error("the slot is open still")
	}
}

// TestReplicaMigration: a master without replicas gets one of those who have two.
func TestReplicaMigration(t *testing.T) {
	s := simulate(t, 7)
	s.form(3)
	s.nodes[4].down = true // the only replica of the second master
	s.await("another one comes", func() bool {
		return slices.ContainsFunc([]*simulated{s.nodes[3], s.nodes[6]}, func(n *simulated) bool { return n.Me.Master.ID == s.nodes[1].Me.ID })
	})
}

func TestForget(t *testing.T) {
	s := simulate(t, 4)
	s.form(3)
	gone := s.nodes[3]
	gone.down = true
	s.nodes[0].Forget(s.nodes[0].Node(gone.Me.ID))
	s.nodes[0].Settle()
	s.await("all forget it", s.all(func(n *simulated) bool { return n.Node(gone.Me.ID) == nil }))
	if !s.nodes[1].Forgotten(gone.Me.ID) {
		t.Error("nobody remembers that it is forgotten")
	}
	s.run(20000)
	if s.nodes[2].Node(gone.Me.ID) != nil {
		t.Error("gossip brought it back")
	}
}

func TestPublish(t *testing.T) {
	s := simulate(t, 6)
	s.form(3)
	s.nodes[0].Publish([]byte("news"), []byte("all"), false)
	s.nodes[0].Publish([]byte("shard"), []byte("some"), true)
	s.run(300)
	for i, n := range s.nodes[1:] {
		want := []string{"news all false"}
		if i+1 == 3 {
			want = append(want, "shard some true")
		}
		if !slices.Equal(n.heard, want) {
			t.Errorf("node %d heard %q", i+1, n.heard)
		}
	}
}

// TestEpochCollision: masters that begin with the same epoch end with different
// ones.
func TestEpochCollision(t *testing.T) {
	s := simulate(t, 3)
	s.form(3)
	for _, n := range s.nodes {
		n.Me.ConfigEpoch = 9
	}
	s.await("epochs differ", func() bool {
		a, b, c := s.nodes[0].Me.ConfigEpoch, s.nodes[1].Me.ConfigEpoch, s.nodes[2].Me.ConfigEpoch
		return a != b && b != c && a != c
	})
}

func TestReset(t *testing.T) {
	s := simulate(t, 4)
	s.form(3)
	n := s.nodes[3]
	id := n.Me.ID
	n.Reset(false)
	n.Settle()
	if len(n.nodes) != 1 || !n.Me.Is(Master) || n.emptied != 1 || n.Me.ID != id {
		t.Errorf("after a soft reset: %s", n.Text())
	}
	n.Reset(true)
	n.Settle()
	if n.Me.ID == id || n.CurrentEpoch != 0 {
		t.Errorf("after a hard reset: %s", n.Text())
	}
}

// TestFile: a node that restarts from its file is what it was.
func TestFile(t *testing.T) {
	s := simulate(t, 6)
	s.form(3)
	s.nodes[0].settings.Hostname, s.nodes[0].settings.Name = "one.example", "one"
	s.nodes[0].Migrate(7, s.nodes[0].Node(s.nodes[1].Me.ID))
	s.nodes[0].Settle()
	s.run(3000)
	for _, n := range s.nodes {
		again, err := Load(side{n}, slog.New(slog.DiscardHandler), n.Text())
		if err != nil {
			t.Fatal(err)
		}
		if got, want := nodeLines(again), nodeLines(n.Cluster); !slices.Equal(got, want) {
			t.Errorf("got\n%q\nwant\n%q", got, want)
		}
	}
	for _, bad := range []string{"x", "vars a", s.nodes[0].Me.ID + " 127.0.0.1:1@2 myself,master - 0 0 1 connected 16384", "vars currentEpoch 1 lastVoteEpoch 0\n"} {
		if _, err := Load(side{s.nodes[0]}, slog.New(slog.DiscardHandler), []byte(bad)); err == nil {
			t.Errorf("%q is a nodes' file", bad)
		}
	}
}

// nodeLines are the lines of the file in order of their ids, without times.
func nodeLines(c *Cluster) (lines []string) {
	for _, n := range c.nodes {
		m := *n
		m.PingSent, m.PongReceived, m.To = 0, 0, nil
		if n == c.Me {
			lines = append(lines, c.describe(n, false, true))
			continue
		}
		lines = append(lines, c.describe(&m, false, true))
	}
	slices.Sort(lines)
	return lines
}
