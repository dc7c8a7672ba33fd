package sentinel

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/resp"
)

// A simulation is servers and the sentinels that watch them in one goroutine: time
// goes in steps of a millisecond, and what is sent arrives a step later.
type simulation struct {
	t         testing.TB
	now       int64
	rand      *rand.Rand
	servers   []*server
	sentinels []*guard
	queue     []func()
	// cut says which can't reach each other, by their ports.
	cut func(a, b int) bool
}

// server is a Redis, as a sentinel sees it.
type server struct {
	s           *simulation
	port        int
	runID       string
	master      int // the port, or 0
	priority    int
	offset      int
	down, mute  bool // mute: it accepts connections and answers nothing
	ping        string
	commands    []string // all but those that are sent from time to time
	subscribers []*wire
}

// guard is a sentinel and the server around it.
type guard struct {
	*Sentinel
	s        *simulation
	port     int
	down     bool
	next     int64
	events   []string
	saved    []Kept
	saveErr  error
	started  []*Script
	killed   []*Script
	runErr   error
	missing  map[string]bool // scripts
	hosts    map[string]string
	password string
	crashed  int
	wires    []*wire
}

// host is a guard as its sentinel sees it.
type host struct{ *guard }

func (h host) Now() int64       { return h.s.now }
func (h host) IntN(n int) int   { return h.s.rand.IntN(n) }
func (h host) NewID() string    { return h.s.newID() }
func (h host) Port() int        { return h.port }
func (h host) Password() string { return h.password }
func (h host) Publish(event, message string) {
	h.events = append(h.events, event+" "+message)
}
func (h host) Save() error {
	if h.saveErr == nil {
		h.saved = h.Kept()
	}
	return h.saveErr
}
func (h host) Executable(path string) bool { return !h.missing[path] }
func (h host) Run(j *Script) (int, error) {
	h.started = append(h.started, j)
	return 100 + len(h.started), h.runErr
}
func (h host) Kill(j *Script) { h.killed = append(h.killed, j) }
func (h host) Crash()         { h.crashed++; h.down = true }
func (h host) Resolve(name string) (string, bool) {
	ip, ok := h.hosts[name]
	return ip, ok
}

func (s *simulation) newID() string {
	return fmt.Sprintf("%016x%016x%08x", s.rand.Uint64(), s.rand.Uint64(), s.rand.Uint32())
}

const (
	firstServer   = 6001
	firstSentinel = 5001
)

// simulate returns a master with replicas and sentinels that watch it.
func simulate(t testing.TB, replicas, sentinels, quorum int) *simulation {
	s := &simulation{t: t, now: 1_700_000_000_000, rand: rand.New(rand.NewPCG(1, 2))}
	for range 1 + replicas {
		s.addServer(firstServer)
	}
	s.servers[0].master = 0
	for range sentinels {
		g := s.addSentinel(
			fmt.Sprintf("monitor m 127.0.0.1 %d %d", firstServer, quorum), "down-after-milliseconds m 5000", "failover-timeout m 20000")
		g.Begin()
	}
	return s
}

func (s *simulation) addServer(master int) *server {
	n := &server{s: s, port: firstServer + len(s.servers), runID: s.newID(), master: master, priority: 100, ping: "PONG"}
	s.servers = append(s.servers, n)
	return n
}

func (s *simulation) addSentinel(lines ...string) *guard {
	g := &guard{s: s, port: firstSentinel + len(s.sentinels), next: s.now}
	g.Sentinel = New(host{g}, slog.New(slog.DiscardHandler))
	var words [][]string
	for _, l := range lines {
		words = append(words, strings.Fields(l))
	}
	if i, err := g.Configure(words); err != nil {
		s.t.Fatalf("%s: %v", lines[i], err)
	}
	s.sentinels = append(s.sentinels, g)
	return g
}

func (s *simulation) later(f func()) { s.queue = append(s.queue, f) }

// run lets time pass.
func (s *simulation) run(ms int64) {
	for end := s.now + ms; s.now < end; {
		s.now++
		queue := s.queue
		s.queue = nil
		for _, f := range queue {
			f()
		}
		for _, g := range s.sentinels {
			if !g.down && s.now >= g.next {
				g.next = s.now + g.Tick()
			}
		}
	}
}

// await lets time pass until something is so.
func (s *simulation) await(what string, is func() bool) {
	s.t.Helper()
	for range 600 {
		if is() {
			return
		}
		s.run(200)
	}
	s.t.Fatalf("never: %s; events:\n%s", what, strings.Join(s.sentinels[0].events, "\n"))
}

func (s *simulation) reach(a, b int) bool {
	for _, p := range []int{a, b} {
		for _, n := range s.servers {
			if n.port == p && n.down {
				return false
			}
		}
		for _, g := range s.sentinels {
			if g.port == p && g.down {
				return false
			}
		}
	}
	return s.cut == nil || !s.cut(a, b)
}

// wire is the connection of a sentinel to a server or to another one.
type wire struct {
	g      *guard
	c      *Conn
	port   int // of the other end
	closed bool
}

func (h host) Dial(c *Conn, _ string, port int) {
	w := &wire{g: h.guard, c: c, port: port}
	h.s.later(func() {
		if !h.s.reach(h.port, port) || h.s.answerer(port) == nil {
			if !h.down && !h.s.partitioned(h.port, port) {
				h.Closed(c)
			}
			return
		}
		h.wires = append(h.wires, w)
		h.Opened(c, w)
	})
}

// partitioned reports whether a packet would be lost, so that not even a refusal
// comes back.
func (s *simulation) partitioned(a, b int) bool { return s.cut != nil && s.cut(a, b) }

func (s *simulation) answerer(port int) func(w *wire, words []string) {
	for _, n := range s.servers {
		if n.port == port {
			return n.run
		}
	}
	for _, g := range s.sentinels {
		if g.port == port {
			return g.answer
		}
	}
	return nil
}

func (w *wire) LocalIP() string { return "127.0.0.1" }
func (w *wire) Close()          { w.closed = true }
func (w *wire) Send(b []byte) {
	b = slices.Clone(b)
	w.g.s.later(func() {
		for len(b) > 0 && !w.closed && w.g.s.reach(w.g.port, w.port) {
			r, rest, err := resp.ParseReply(b)
			if err != nil {
				w.g.s.t.Fatal(err)
			}
			b = rest
			var words []string
			for _, e := range r.Elems {
				words = append(words, e.Str)
			}
			w.g.s.answerer(w.port)(w, words)
		}
	})
}

func (w *wire) reply(r resp.Reply) {
	w.g.s.later(func() {
		if !w.closed && w.g.s.reach(w.g.port, w.port) {
			w.g.Receive(w.c, r)
		}
	})
}

// kill stops a server: who is connected notices.
func (n *server) kill() {
	n.down = true
	n.subscribers = nil
	for _, g := range n.s.sentinels {
		for _, w := range g.wires {
			if w.port == n.port && !w.closed {
				w.closed = true
				n.s.later(func() { g.Closed(w.c) })
			}
		}
	}
}

func (n *server) restart() { n.down, n.runID = false, n.s.newID() }

var ok = resp.Reply{Kind: resp.SimpleString, Str: "OK"}

func (n *server) run(w *wire, words []string) {
	if n.mute {
		return
	}
	switch words[0] {
	case "PING":
		if strings.HasPrefix(n.ping, "PONG") {
			w.reply(resp.Reply{Kind: resp.SimpleString, Str: n.ping})
		} else {
			w.reply(resp.Reply{Kind: resp.ErrorReply, Str: n.ping})
		}
	case "INFO":
		w.reply(resp.Reply{Kind: resp.Bulk, Str: n.info()})
	case "SUBSCRIBE":
		n.subscribers = append(n.subscribers, w)
		w.reply(resp.Reply{Kind: resp.Array, Elems: []resp.Reply{bulk("subscribe"), bulk(words[1]), {Kind: resp.Integer, Integer: 1}}})
	case "PUBLISH":
		n.publish(words[1], words[2])
		w.reply(resp.Reply{Kind: resp.Integer, Integer: 1})
	case "SLAVEOF":
		n.commands = append(n.commands, strings.Join(words, " "))
		n.master, _ = strconv.Atoi(words[2])
		w.reply(ok)
	case "EXEC":
		w.reply(resp.Reply{Kind: resp.Array})
	default:
		n.commands = append(n.commands, strings.Join(words, " "))
		w.reply(ok)
	}
}

// publish hands a message to who subscribes here and at the replicas.
func (n *server) publish(channel, text string) {
	message := resp.Reply{Kind: resp.Array, Elems: []resp.Reply{bulk("message"), bulk(channel), bulk(text)}}
	for _, w := range n.subscribers {
		w.reply(message)
	}
	for _, r := range n.s.servers {
		if r != n && r.master == n.port && n.s.reach(n.port, r.port) {
			r.publish(channel, text)
		}
	}
}

func bulk(text string) resp.Reply { return resp.Reply{Kind: resp.Bulk, Str: text} }

func (n *server) info() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("run_id:%s", n.runID)
	if n.master == 0 {
		line("role:master")
		i := 0
		for _, r := range n.s.servers {
			if r.master == n.port && n.s.reach(n.port, r.port) {
				line("slave%d:ip=127.0.0.1,port=%d,state=online,offset=%d,lag=0", i, r.port, r.offset)
				i++
			}
		}
		return b.String()
	}
	line("role:slave")
	line("master_host:127.0.0.1")
	line("master_port:%d", n.master)
	if n.s.reach(n.port, n.master) {
		line("master_link_status:up")
	} else {
		line("master_link_status:down")
		line("master_link_down_since_seconds:1")
	}
	line("slave_priority:%d", n.priority)
	line("slave_repl_offset:%d", n.offset)
	line("replica_announced:1")
	return b.String()
}

// answer is what another sentinel answers.
func (g *guard) answer(w *wire, words []string) {
	switch words[0] {
	case "PING":
		w.reply(resp.Reply{Kind: resp.SimpleString, Str: "PONG"})
	case "PUBLISH":
		g.Hello(words[2])
		w.reply(resp.Reply{Kind: resp.Integer, Integer: 1})
	case "SENTINEL":
		v := g.MasterDown(words[2], atoi(words[3]), atou(words[4]), words[5])
		down, leader := int64(0), "*"
		if v.Down {
			down = 1
		}
		if v.Leader != "" {
			leader = v.Leader
		}
		w.reply(resp.Reply{Kind: resp.Array, Elems: []resp.Reply{
			{Kind: resp.Integer, Integer: down}, bulk(leader), {Kind: resp.Integer, Integer: int64(v.Epoch)}}})
	default:
		w.reply(ok)
	}
}

// heard returns the events of some kinds.
func (g *guard) heard(kinds ...string) (events []string) {
	for _, e := range g.events {
		if kind, _, _ := strings.Cut(e, " "); slices.Contains(kinds, kind) {
			events = append(events, e)
		}
	}
	return events
}

// masterPort is where a sentinel sends clients.
func (g *guard) masterPort() int {
	_, port := g.MasterAddr(g.Master("m"))
	return port
}

// settle waits until all sentinels know each other and all replicas.
func (s *simulation) settle() {
	s.t.Helper()
	s.await("all know each other", func() bool {
		for _, g := range s.sentinels {
			m := g.Master("m")
			if len(m.replicas) != len(s.servers)-1 || len(m.sentinels) != len(s.sentinels)-1 {
				return false
			}
			for _, r := range m.replicas {
				if r.infoAt == 0 {
					return false
				}
			}
		}
		return true
	})
}

func (s *simulation) agreedOn(port int) func() bool {
	return func() bool {
		for _, g := range s.sentinels {
			if !g.down && g.masterPort() != port {
				return false
			}
		}
		return true
	}
}

func TestDiscovery(t *testing.T) {
	s := simulate(t, 2, 3, 2)
	s.settle()
	g := s.sentinels[0]
	if len(g.heard("+slave")) != 2 || len(g.heard("+sentinel")) != 2 {
		t.Errorf("events: %q", g.events)
	}
	if q := g.CheckQuorum(g.Master("m")); q != (Quorum{3, true, true}) {
		t.Errorf("the quorum: %+v", q)
	}
	if want := "name=m,status=ok,address=127.0.0.1:6001,slaves=2,sentinels=3"; g.Summary(g.Master("m")) != want {
		t.Errorf("got %s", g.Summary(g.Master("m")))
	}
	if named := slices.ContainsFunc(s.servers[0].commands, func(c string) bool { return c == "CLIENT SETNAME sentinel-"+g.ID()[:8]+"-cmd" }); !named {
		t.Errorf("the master was sent %q", s.servers[0].commands)
	}
}

// TestFailover kills a master: one sentinel leads, the replica with most data takes
// over, the others follow it, all sentinels agree, and the old master becomes a
// replica when it comes back.
func TestFailover(t *testing.T) {
	s := simulate(t, 3, 3, 2)
	s.servers[1].offset, s.servers[2].offset, s.servers[3].offset = 10, 30, 20
	s.settle()
	s.servers[0].kill()
	s.await("all agree on the new master", s.agreedOn(6003))
	s.await("the others follow it", func() bool { return s.servers[1].master == 6003 && s.servers[3].master == 6003 })
	s.await("the failover ends", func() bool {
		return !slices.ContainsFunc(s.sentinels, func(g *guard) bool { return len(g.heard("+switch-master")) == 0 })
	})
	leaders := 0
	for _, g := range s.sentinels {
		if len(g.heard("+switch-master")) != 1 || g.heard("+switch-master")[0] != "+switch-master m 127.0.0.1 6001 127.0.0.1 6003" {
			t.Errorf("events: %q", g.heard("+switch-master"))
		}
		if len(g.heard("+elected-leader")) == 0 {
			continue
		}
		leaders++
		var kinds []string
		for _, e := range g.events {
			kind, _, _ := strings.Cut(e, " ")
			kinds = append(kinds, kind)
		}
		at := 0
		for _, want := range []string{"+sdown", "+odown", "+new-epoch", "+try-failover", "+vote-for-leader", "+elected-leader",
			"+failover-state-select-slave", "+selected-slave", "+failover-state-send-slaveof-noone", "+failover-state-wait-promotion",
			"+promoted-slave", "+failover-state-reconf-slaves", "+slave-reconf-sent", "+slave-reconf-inprog", "+slave-reconf-done",
			"+failover-end", "+switch-master", "+slave"} {
			i := slices.Index(kinds[at:], want)
			if i < 0 {
				t.Fatalf("%s is missing or comes too early in %q", want, kinds)
			}
			at += i
		}
	}
	if leaders != 1 {
		t.Errorf("%d sentinels led", leaders)
	}
	if want := "MULTI,SLAVEOF NO ONE,CONFIG REWRITE,CLIENT KILL TYPE normal,CLIENT KILL TYPE pubsub"; !strings.Contains(strings.Join(s.servers[2].commands, ","), want) {
		t.Errorf("the new master was sent %q", s.servers[2].commands)
	}
	s.servers[0].restart()
	s.await("the old master follows", func() bool { return s.servers[0].master == 6003 })
	if len(slices.Concat(s.sentinels[0].heard("+convert-to-slave"), s.sentinels[1].heard("+convert-to-slave"), s.sentinels[2].heard("+convert-to-slave"))) == 0 {
		t.Error("nobody said +convert-to-slave")
	}
}

// TestDeterminism: the same seed makes the same course.
func TestDeterminism(t *testing.T) {
	course := func() (all []string) {
		s := simulate(t, 2, 3, 2)
		s.settle()
		s.servers[0].kill()
		s.run(60000)
		for _, g := range s.sentinels {
			all = append(all, g.events...)
		}
		return all
	}
	if a, b := course(), course(); !slices.Equal(a, b) {
		t.Errorf("first\n%q\nthen\n%q", a, b)
	}
}

// TestNoMajority: a quorum finds the master down, and nobody may lead.
func TestNoMajority(t *testing.T) {
	s := simulate(t, 1, 5, 2)
	s.settle()
	for _, g := range s.sentinels[2:] {
		g.down = true
	}
	s.servers[0].kill()
	s.run(60000)
	g := s.sentinels[0]
	if len(g.heard("+odown")) == 0 {
		t.Error("the quorum was not reached")
	}
	if len(g.heard("-failover-abort-not-elected")) == 0 && len(s.sentinels[1].heard("-failover-abort-not-elected")) == 0 {
		t.Error("nobody gave up")
	}
	if g.masterPort() != 6001 {
		t.Error("a minority has failed over")
	}
	if q := g.CheckQuorum(g.Master("m")); q != (Quorum{2, true, false}) {
		t.Errorf("the quorum: %+v", q)
	}
	for _, g := range s.sentinels[2:] {
		g.down = false
	}
	s.await("they fail over together", s.agreedOn(6002))
}

// TestNoQuorum: one sentinel alone finds the master down.
func TestNoQuorum(t *testing.T) {
	s := simulate(t, 1, 3, 2)
	s.settle()
	s.cut = func(a, b int) bool { return a == 5001 && b == 6001 || a == 6001 && b == 5001 }
	s.run(60000)
	if g := s.sentinels[0]; len(g.heard("+sdown")) == 0 || len(g.heard("+odown")) != 0 {
		t.Errorf("events: %q", g.events)
	}
	s.cut = nil
	s.await("it is up again", func() bool { return len(s.sentinels[0].heard("-sdown")) == 1 })
}

// TestPartition: the old master is alone with one sentinel. The majority fails over,
// and the minority hears of it when the network is whole.
func TestPartition(t *testing.T) {
	s := simulate(t, 2, 3, 2)
	s.settle()
	small := map[int]bool{6001: true, 5001: true}
	s.cut = func(a, b int) bool { return small[a] != small[b] }
	s.await("the majority fails over", func() bool { return s.sentinels[1].masterPort() != 6001 && s.sentinels[2].masterPort() != 6001 })
	if s.sentinels[0].masterPort() != 6001 {
		t.Error("the minority knows of it")
	}
	next := s.sentinels[1].masterPort()
	s.cut = nil
	s.await("the minority hears of it", s.agreedOn(next))
	if len(s.sentinels[0].heard("+config-update-from")) != 1 {
		t.Errorf("events: %q", s.sentinels[0].events)
	}
	s.await("the old master follows", func() bool { return s.servers[0].master == next })
}

func TestManualFailover(t *testing.T) {
	s := simulate(t, 2, 1, 1)
	g := s.sentinels[0]
	if g.Failover(g.Master("m")) {
		t.Error("there is no replica yet")
	}
	s.settle()
	s.servers[1].priority = 0
	s.run(11000)
	if !g.Failover(g.Master("m")) {
		t.Fatal("no replica is fit")
	}
	s.run(50)
	if f := g.Describe(g.Master("m")); !slices.ContainsFunc(f, func(f Field) bool { return f.Name == "failover-state" }) || !g.Master("m").FailingOver() {
		t.Errorf("in a failover: %v", f)
	}
	s.await("the replica with a priority leads", s.agreedOn(6003))
	s.await("the old master follows", func() bool { return s.servers[0].master == 6003 && s.servers[1].master == 6003 })
}

// TestReconfiguration: the sentinels send a replica back to its master.
func TestReconfiguration(t *testing.T) {
	s := simulate(t, 2, 1, 1)
	s.settle()
	s.servers[1].master = 6003
	s.await("it follows the master", func() bool { return s.servers[1].master == 6001 })
	if len(s.sentinels[0].heard("+fix-slave-config")) == 0 {
		t.Errorf("events: %q", s.sentinels[0].events)
	}
}

func TestMuteServer(t *testing.T) {
	s := simulate(t, 1, 1, 1)
	s.settle()
	s.servers[0].mute = true
	s.await("the replica leads", s.agreedOn(6002))
}

// TestBusyServer: a script is ended that keeps a server from answering.
func TestBusyServer(t *testing.T) {
	s := simulate(t, 1, 3, 3)
	s.settle()
	s.cut = func(a, b int) bool { return a/1000 == 5 && b/1000 == 5 } // so that no quorum is reached
	s.servers[0].ping = "BUSY Redis is busy running a script."
	s.await("the script is ended", func() bool { return slices.Contains(s.servers[0].commands, "SCRIPT KILL") })
	s.servers[0].ping = "PONG"
	s.await("it is up again", func() bool { return !s.sentinels[0].Master("m").Is(SDown) })
	s.servers[0].ping = "LOADING Redis is loading the dataset in memory"
	s.run(20000)
	if s.sentinels[0].Master("m").Is(SDown) {
		t.Error("a server that loads is down")
	}
}

func TestReboot(t *testing.T) {
	s := simulate(t, 1, 1, 1)
	g := s.sentinels[0]
	s.settle()
	if err := g.Set(g.Master("m"), []string{"master-reboot-down-after-period", "3000"}); err != nil {
		t.Fatal(err)
	}
	s.servers[0].runID = s.newID()
	s.servers[0].ping = "LOADING Redis is loading the dataset in memory"
	s.await("+reboot", func() bool { return len(g.heard("+reboot")) == 1 })
	s.await("it counts as down, since its data are gone", s.agreedOn(6002))
}

func TestTilt(t *testing.T) {
	s := simulate(t, 1, 1, 1)
	s.settle()
	g := s.sentinels[0]
	s.now += 60000
	s.run(1000)
	if len(g.heard("+tilt")) != 1 || len(g.heard("+sdown")) != 0 || !g.State().Tilt {
		t.Errorf("events: %q", g.events)
	}
	s.run(35000)
	if len(g.heard("-tilt")) != 1 || g.State().Tilt {
		t.Errorf("events: %q", g.events)
	}
}

func TestCrashes(t *testing.T) {
	for _, f := range []Failure{CrashAfterElection, CrashAfterPromotion} {
		s := simulate(t, 1, 3, 2)
		s.settle()
		for _, g := range s.sentinels {
			g.SimulateFailure(f)
		}
		s.servers[0].kill()
		crashed := func() bool { return slices.ContainsFunc(s.sentinels, func(g *guard) bool { return g.crashed == 1 }) }
		s.await("one crashes", crashed)
		for _, g := range s.sentinels {
			g.SimulateFailure(0)
		}
		s.await("the others fail over", s.agreedOn(6002))
	}
}

// TestScripts: what administrators want to be run is run, tried again, and ended if
// it takes too long.
func TestScripts(t *testing.T) {
	s := simulate(t, 1, 1, 1)
	s.settle()
	g := s.sentinels[0]
	m := g.Master("m")
	if err := g.Set(m, []string{"notification-script", "/bin/notify"}); err != errDenied {
		t.Errorf("a client names a script: %v", err)
	}
	g.missing = map[string]bool{"/bin/none": true}
	if _, err := g.Configure([][]string{{"notification-script", "m", "/bin/none"}}); err == nil {
		t.Error("the script is not there")
	}
	if _, err := g.Configure([][]string{{"notification-script", "m", "/bin/notify"}, {"client-reconfig-script", "m", "/bin/tell"}}); err != nil {
		t.Fatal(err)
	}
	s.servers[0].kill()
	s.await("the replica leads", s.agreedOn(6002))
	s.run(500)
	var told, notified bool
	for _, j := range g.started {
		told = told || slices.Equal(j.Args, []string{"/bin/tell", "m", "leader", "start", "127.0.0.1", "6001", "127.0.0.1", "6002"})
		notified = notified || slices.Equal(j.Args, []string{"/bin/notify", "+sdown", "master m 127.0.0.1 6001"})
	}
	if !told || !notified {
		t.Fatalf("started: %v", g.started)
	}
	for _, j := range g.started[1:] {
		g.ScriptEnded(j, 0, 0)
	}
	s.run(500)
	for len(g.Scripts()) > 1 {
		if j := g.Scripts()[1]; j.Running {
			g.ScriptEnded(j, 0, 0)
		}
		s.run(500)
	}
	first := g.started[0]
	g.ScriptEnded(first, 1, 0)
	if first.Running || first.At != s.now+30000 {
		t.Errorf("the first is to be tried again: %+v", first)
	}
	s.await("it is", func() bool { return first.Running })
	s.await("it takes too long", func() bool { return slices.Contains(g.killed, first) })
	for first.Tries < 10 {
		g.ScriptEnded(first, 0, 9)
		first.At = 0
		s.run(200)
	}
	g.ScriptEnded(first, 0, 9)
	if want := "-script-error /bin/notify 9 0"; g.heard("-script-error")[0] != want {
		t.Errorf("events: %q", g.heard("-script-error"))
	}
	if slices.Contains(g.Scripts(), first) {
		t.Error("it is tried for ever")
	}
	for _, j := range slices.Clone(g.Scripts()) {
		g.ScriptEnded(j, 0, 0)
	}
	g.runErr = errors.New("no")
	g.Set(m, []string{"quorum", "1"})
	s.run(200)
	if len(g.heard("-script-error")) != 2 || g.State().RunningScripts != 0 {
		t.Errorf("a script that can't be started: %q, %+v", g.heard("-script-error"), g.State())
	}
	for range 300 {
		g.schedule("/bin/x")
	}
	if len(g.Scripts()) != mostQueuedScripts {
		t.Errorf("%d scripts wait", len(g.Scripts()))
	}
}

// TestFile: a sentinel that restarts from its file is what it was.
func TestFile(t *testing.T) {
	s := simulate(t, 2, 3, 2)
	g := s.sentinels[0]
	if err := g.Monitor("other", "::1", 6390, 1); err != nil {
		t.Fatal(err)
	}
	if err := g.Set(g.Master("m"), []string{"rename-command", "CONFIG", "cfg", "auth-user", "u", "auth-pass", "p", "parallel-syncs", "2"}); err != nil {
		t.Fatal(err)
	}
	if err := g.SetConfig([]string{"announce-ip", "127.0.0.2", "announce-port", "5", "sentinel-user", "u", "sentinel-pass", "p", "resolve-hostnames", "yes"}, LogLevel{}); err != nil {
		t.Fatal(err)
	}
	s.settle()
	s.servers[0].kill()
	s.await("a failover", func() bool { return g.masterPort() != 6001 && g.Master("m").state == idle })
	lines := func(kept []Kept) (all [][]string, texts []string) {
		for _, k := range kept {
			texts = append(texts, k.Text)
			words, _ := resp.SplitWords(k.Text)
			all = append(all, words[1:])
		}
		return all, texts
	}
	words, want := lines(g.saved)
	again := &guard{s: s, port: 5999}
	again.Sentinel = New(host{again}, slog.New(slog.DiscardHandler))
	slices.Reverse(words)
	if i, err := again.Configure(words); err != nil {
		t.Fatalf("%q: %v", words[i], err)
	}
	_, got := lines(again.Kept())
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, bad := range []string{"x", "monitor a", "monitor a 127.0.0.1 1 0", "monitor a ::1 70000 1", "monitor m 127.0.0.1 1 1", "quorum m 1",
		"down-after-milliseconds m 0", "down-after-milliseconds none 1", "myid short", "resolve-hostnames maybe", "failover-timeout m -1"} {
		if _, err := g.Configure([][]string{strings.Fields(bad)}); err == nil {
			t.Errorf("%q is a line of a file", bad)
		}
	}
	g.saveErr = errors.New("disk full")
	if g.Flush() == nil {
		t.Error("a file that can't be written is no error")
	}
}

// TestRemoveAndReset: what is forgotten is not asked, and found anew.
func TestRemoveAndReset(t *testing.T) {
	s := simulate(t, 2, 3, 2)
	s.settle()
	g := s.sentinels[0]
	if n := g.Reset([]byte("n*")); n != 0 {
		t.Errorf("%d masters match", n)
	}
	if n := g.Reset([]byte("*")); n != 1 || len(g.Master("m").replicas)+len(g.Master("m").sentinels) != 0 {
		t.Errorf("%d masters were reset", n)
	}
	s.settle()
	m := g.Master("m")
	if err := g.Remove(m); err != nil || g.Master("m") != nil {
		t.Errorf("the master is there still: %v", err)
	}
	s.run(3000)
	if v := g.MasterDown("127.0.0.1", 6001, 99, "x"); v != (Vote{}) {
		t.Errorf("it votes for a master that it does not know: %+v", v)
	}
	for _, w := range g.wires {
		if !w.closed {
			t.Errorf("a connection to %d is open still", w.port)
		}
	}
}

// TestSharedLinks: sentinels that watch two masters together have one connection.
func TestSharedLinks(t *testing.T) {
	s := simulate(t, 0, 3, 2)
	other := s.addServer(0)
	for _, g := range s.sentinels {
		if err := g.Monitor("n", "127.0.0.1", other.port, 2); err != nil {
			t.Fatal(err)
		}
	}
	s.await("all know each other", func() bool {
		for _, g := range s.sentinels {
			if len(g.Master("m").sentinels) != 2 || len(g.Master("n").sentinels) != 2 {
				return false
			}
		}
		return true
	})
	o := s.sentinels[0].Master("n").sentinels[0]
	if o.link != s.sentinels[0].Master("m").sentinels.find(o.runID, nil).link || o.link.users != 2 {
		t.Error("each master has a link of its own to the sentinel")
	}
	moved := s.sentinels[1]
	for _, n := range s.sentinels {
		n.Hello(fmt.Sprintf("127.0.0.9,%d,%s,0,m,127.0.0.1,6001,0", moved.port, moved.ID()))
	}
	for _, name := range []string{"m", "n"} {
		if at := s.sentinels[0].Master(name).sentinels.find(moved.ID(), nil).addr; at.ip != "127.0.0.9" {
			t.Errorf("for %s it is at %v", name, at)
		}
	}
	if g := s.sentinels[0]; len(g.heard("+sentinel-address-switch")) != 1 || len(g.heard("+sentinel-address-update")) != 1 {
		t.Errorf("events: %q", g.events)
	}
	g := s.sentinels[0]
	before := g.Master("m").sentinels.find(s.sentinels[2].ID(), nil)
	g.Hello(fmt.Sprintf("127.0.0.1,%d,%s,0,m,127.0.0.1,6001,0", s.sentinels[2].port, strings.Repeat("a", 40)))
	if !before.gone || len(g.heard("+sentinel-invalid-addr")) != 1 {
		t.Errorf("another sentinel at the same address: %q", g.events)
	}
}

func TestHostnames(t *testing.T) {
	s := &simulation{t: t, now: 1_700_000_000_000, rand: rand.New(rand.NewPCG(1, 2))}
	s.addServer(0).master = 0
	g := &guard{s: s, port: firstSentinel, next: s.now, hosts: map[string]string{"db.example": "127.0.0.1"}}
	g.Sentinel = New(host{g}, slog.New(slog.DiscardHandler))
	s.sentinels = append(s.sentinels, g)
	if err := g.Monitor("m", "db.example", firstServer, 1); err != errUnresolved {
		t.Errorf("names are not looked up: %v", err)
	}
	if _, err := g.Configure([][]string{{"monitor", "m", "db.example", "6001", "1"}, {"announce-hostnames", "yes"}, {"resolve-hostnames", "yes"}}); err != nil {
		t.Fatal(err)
	}
	g.Begin()
	s.await("it is found", func() bool { return g.Master("m").infoAt != 0 })
	if host, _ := g.MasterAddr(g.Master("m")); host != "db.example" {
		t.Errorf("clients get %s", host)
	}
	if g.events[0] != "+monitor master m db.example 6001 quorum 1" {
		t.Errorf("events: %q", g.events)
	}
}

func TestPasswords(t *testing.T) {
	s := simulate(t, 0, 1, 1)
	g := s.sentinels[0]
	s.run(500)
	if err := g.Set(g.Master("m"), []string{"auth-pass", "secret", "auth-user", "u"}); err != nil {
		t.Fatal(err)
	}
	s.await("it logs in", func() bool { return slices.Contains(s.servers[0].commands, "AUTH u secret") })
	if sets := g.heard("+set"); !slices.Equal(sets, []string{"+set master m 127.0.0.1 6001 auth-pass ******", "+set master m 127.0.0.1 6001 auth-user u"}) {
		t.Errorf("events: %q", sets)
	}
}

func TestSetErrors(t *testing.T) {
	s := simulate(t, 0, 1, 1)
	g := s.sentinels[0]
	for words, want := range map[string]string{
		"quorum x":              "Invalid argument 'x' for SENTINEL SET 'quorum'",
		"quorum":                "Unknown option or number of arguments for SENTINEL SET 'quorum'",
		"what x":                "Unknown option or number of arguments for SENTINEL SET 'what'",
		"rename-command CONFIG": "Unknown option or number of arguments for SENTINEL SET 'rename-command'",
	} {
		if err := g.Set(g.Master("m"), strings.Fields(words)); err == nil || err.Error() != want {
			t.Errorf("%s: %v", words, err)
		}
	}
	for words, want := range map[string]string{
		"ping-period 0":  "Invalid argument '0' for SENTINEL DEBUG 'ping-period'",
		"ping-period":    "Unknown option or number of arguments for SENTINEL DEBUG 'ping-period'",
		"info-period 50": "",
	} {
		if err := g.SetTimes(strings.Fields(words)); err == nil && want != "" || err != nil && err.Error() != want {
			t.Errorf("%s: %v", words, err)
		}
	}
	if f := g.Times(); f[0] != (Field{"INFO-PERIOD", "50"}) || len(f) != 13 {
		t.Errorf("times: %v", f)
	}
	level := LogLevel{Valid: func(v string) bool { return v == "notice" }, Get: func() string { return "notice" }, Set: func(string) {}}
	for words, want := range map[string]string{
		"what x":                            "Invalid argument 'what' to SENTINEL CONFIG SET",
		"announce-ip 1.2.3.4 announce-ip x": "Duplicate argument 'announce-ip' to SENTINEL CONFIG SET",
		"announce-ip":                       "Missing argument 'announce-ip' value",
		"announce-port 70000":               "Invalid value '70000' to SENTINEL CONFIG SET 'announce-port'",
		"loglevel loud":                     "Invalid value 'loud' to SENTINEL CONFIG SET 'loglevel'",
	} {
		if err := g.SetConfig(strings.Fields(words), level); err == nil || err.Error() != want {
			t.Errorf("%s: %v", words, err)
		}
	}
	if f := g.Config([][]byte{[]byte("*")}, level); len(f) != 7 || f[6] != (Field{"loglevel", "notice"}) {
		t.Errorf("settings: %v", f)
	}
}
