package engine

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"path/filepath"
	"slices"

	"github.com/resp-server/resp-server/internal/cluster"
	"github.com/resp-server/resp-server/internal/pubsub"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/slot"
	"github.com/resp-server/resp-server/internal/spec"
	"github.com/resp-server/resp-server/internal/vfs"
)

// clustering is the server's part in a cluster. The node is nil if it has none:
// then the gate is off, and the rest is not used.
type clustering struct {
	node     *cluster.Cluster
	bus      Bus
	settings cluster.Settings // as the node sees them
	ports    ClusterPorts
	next     int64 // when the node ticks, in ms
	fileless bool  // the node keeps no file
	// changed is closed when what the node knows may have changed; nil: nobody waits
	// for it.
	changed chan struct{}

	// Of the command that runs: whether its client was sent by ASK, and the slot
	// of its keys, or -1. Scripts ask for them.
	asked bool
	slot  int
	keys  []spec.KeyPos // room for those of a command
}

func (c *clustering) check(e *Core) error {
	if c.node == nil {
		return nil
	}
	db, indexed := e.Keyspace.DB(0), 0
	for n := range slot.Count {
		indexed += db.InSlot(n)
	}
	if indexed != db.Len() {
		return fmt.Errorf("%d keys are known by their slots, of %d", indexed, db.Len())
	}
	return nil
}

// Bus connects the node to others, and ends when the server does.
type Bus interface {
	Dial(l *cluster.Link, ip string, port int)
}

// ClusterPorts are the ports that a node is reached by; 0 is none.
type ClusterPorts struct{ Client, TLS, Bus int }

// clusterPeriod is how often the node ticks, in ms.
const clusterPeriod = 100

// Cluster returns the node that the server is, or nil.
func (e *Core) Cluster() *cluster.Cluster { return e.cluster.node }

// JoinCluster makes the server a node of a cluster: the one that its file
// remembers, or a new one. It is called once, after the data were loaded.
func (e *Core) JoinCluster(bus Bus) error {
	c := &e.cluster
	c.bus, c.slot = bus, -1
	e.Keyspace.IndexSlots()
	e.configureCluster()
	host := clusterHost{e}
	text, err := e.readNodes()
	if err != nil {
		return err
	}
	if len(text) == 0 {
		c.node = cluster.New(host, e.Log)
		e.Log.Info("No cluster configuration found, I'm " + c.node.Me.ID)
	} else if c.node, err = cluster.Load(host, e.Log, text); err != nil {
		return fmt.Errorf("Unrecoverable error: corrupted cluster config file %q: %w", e.Config.Cluster.File, err)
	}
	c.node.Adopt()
	c.node.Resume()
	c.node.Settle()
	c.next = e.NowMilli() + clusterPeriod
	e.setGates()
	return nil
}

// EmulateCluster makes the node, which keeps no file, serve all slots by itself. It is
// reached by ports that are open, at an address unless the settings announce
// another one; "" is that to which a client is connected.
func (e *Core) EmulateCluster(ip string, p ClusterPorts) error {
	e.SetClusterPorts(p)
	me := e.cluster.node.Me
	if me.IP == "" {
		me.IP = ip
	}
	return e.SetClusterNodes(fmt.Appendf(nil, "%s %s:%d@%d,,shard-id=%s myself,master - 0 0 1 connected 0-%d\nvars currentEpoch 1 lastVoteEpoch 0\n",
		me.ID, me.IP, max(p.Client, p.TLS), p.Bus, me.ShardID, slot.Count-1))
}

// JoinFileless is JoinCluster for a node that keeps no file.
func (e *Core) JoinFileless(bus Bus) error {
	e.cluster.fileless = true
	return e.JoinCluster(bus)
}

// SetClusterNodes makes the server the node that a nodes' file, which was made for
// it, says. It serves at once.
func (e *Core) SetClusterNodes(text []byte) error {
	node, err := cluster.Load(clusterHost{e}, e.Log, text)
	if err != nil {
		return err
	}
	e.cluster.node = node
	node.Trust()
	node.Resume()
	node.Tick()
	return nil
}

// SetClusterPorts says by which ports the node is reached, once they are open.
func (e *Core) SetClusterPorts(p ClusterPorts) {
	e.cluster.ports = p
	e.configureCluster()
	e.cluster.node.Refresh()
	e.cluster.node.Settle()
}

// configureCluster takes over the settings of the node.
func (e *Core) configureCluster() {
	c := &e.cluster
	if !e.Config.Cluster.Enabled {
		return
	}
	s, p := &e.Config.Cluster, c.ports
	c.settings = cluster.Settings{
		NodeTimeout:           s.NodeTimeout,
		PingInterval:          s.PingInterval,
		RequireFullCoverage:   s.RequireFullCoverage,
		AllowReplicaMigration: s.AllowReplicaMigration,
		MigrationBarrier:      int(s.MigrationBarrier),
		ReplicaNoFailover:     s.NoFailover,
		ReplicaValidityFactor: s.ValidityFactor,
		ReplicaPingPeriod:     e.Config.Replication.PingPeriod * 1000,
		LinkSendLimit:         int(s.LinkSendLimit),
		TLS:                   s.TLS,
		IP:                    s.AnnounceIP,
		Port:                  orDefault(s.AnnouncePort, p.Client),
		TLSPort:               orDefault(s.AnnounceTLSPort, p.TLS),
		BusPort:               orDefault(s.AnnounceBusPort, p.Bus),
		Hostname:              s.AnnounceHostname,
		Name:                  s.AnnounceName,
	}
	if c.node != nil {
		c.node.Refresh()
		c.node.Settle()
	}
}

func orDefault(announced int64, port int) int {
	if announced != 0 {
		return int(announced)
	}
	return port
}

// readNodes returns the nodes' file, nothing if there is none.
func (e *Core) readNodes() ([]byte, error) {
	if e.Config.Dir == "" || e.cluster.fileless {
		return nil, nil
	}
	f, err := e.files.Open(e.nodesFile())
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

func (e *Core) nodesFile() string {
	if filepath.IsAbs(e.Config.Cluster.File) {
		return e.Config.Cluster.File
	}
	return filepath.Join(e.Config.Dir, e.Config.Cluster.File)
}

// tickCluster lets the node do what is due, and sends away those who wait for
// keys that are not here any more.
func (e *Core) tickCluster(now int64) {
	c := &e.cluster
	if c.node == nil || now < c.next {
		return
	}
	c.next = now + clusterPeriod
	c.node.Tick()
	c.noteChange()
	for _, s := range e.sessions {
		if w := s.wait; w != nil && !w.parked && len(w.links) > 0 {
			e.sendAway(w)
		}
	}
}

// ClusterChange returns a channel that is closed when what the node knows of the
// cluster may have changed.
func (e *Core) ClusterChange() <-chan struct{} {
	if e.cluster.changed == nil {
		e.cluster.changed = make(chan struct{})
	}
	return e.cluster.changed
}

func (c *clustering) noteChange() {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// sendAway ends the wait of a command whose keys another node serves now.
func (e *Core) sendAway(w *wait) {
	key := []byte(w.links[0].q.key.key)
	n := slot.Of(key)
	to, verdict := e.cluster.node.Waits(n, w.s.readOnly && w.cmd.Flags&spec.Write == 0)
	if verdict == cluster.Here {
		return
	}
	mark := len(w.s.out.Buf)
	e.fail(w, e.redirection(w.s, n, to, verdict))
	e.answered(w, mark)
}

// Asking lets the next command use a slot that this node imports.
func (s *Session) Asking() { s.asking = true }

// SetReadOnly says whether the client is content with what a replica has.
func (s *Session) SetReadOnly(on bool) { s.readOnly = on }

// footprint is what a command, or a transaction, is about.
type footprint struct {
	cluster.Access
	first           []byte // its first key; nil: it has none
	cross, unserved bool
}

// routed reports whether a command has keys, or channels that are routed like
// keys.
func routed(cmd *Command) bool { return len(cmd.Keys) > 0 || cmd.KeyCode != nil }

// add adds the keys of a command. It stops at the first that decides all.
func (f *footprint) add(e *Core, cmd *Command, args [][]byte) {
	if !routed(cmd) || f.cross || f.unserved {
		return
	}
	if cmd.Command.Channels == spec.PublishesTo || cmd.Command.Channels == spec.SubscribesTo {
		f.Sharded = true
	}
	node := e.cluster.node
	keys, _ := cmd.RoutingPositions(e.cluster.keys[:0], args)
	e.cluster.keys = keys
	for _, p := range keys {
		key := args[p.Index]
		n := slot.Of(key)
		switch {
		case f.first == nil:
			f.first, f.Slot = key, n
			if node.Owner(n) == nil {
				f.unserved = true
				return
			}
		case n != f.Slot:
			f.cross = true
			return
		case string(key) != string(f.first):
			f.Several = true
		}
		if node.Open(n) && !f.Sharded {
			if k, ok := e.Keyspace.DB(0).Get(key); ok && !e.isExpired(k) {
				f.Existing++
			} else {
				f.Missing++
			}
		}
	}
}

const errCrossSlot resp.Error = "CROSSSLOT Keys in request don't hash to the same slot"

// route says where a command is to run: here if the error is nil. The slot is
// that of its keys, -1 if it has none.
func (e *Core) route(s *Session, cmd *Command, args [][]byte) (n int, err error) {
	f := footprint{Access: cluster.Access{Slot: -1}}
	if cmd.traits&spec.RunsQueued == 0 {
		f.add(e, cmd, args)
	} else if s.multi != nil {
		for _, q := range s.multi.queue {
			f.add(e, q.cmd, q.args)
		}
	}
	switch {
	case f.first == nil:
		return -1, nil
	case f.unserved:
		return -1, errUnserved
	case f.cross:
		return -1, errCrossSlot
	}
	flags := s.flags(cmd, args)
	f.Write = flags&spec.Write != 0
	f.Asking = e.cluster.asked || cmd.Flags&spec.Asking != 0
	f.ReadOnly = s.readOnly
	f.Migrate = cmd.traits&spec.MovesKeys != 0
	c := &e.Config.Cluster
	to, verdict := e.cluster.node.Route(f.Access, cluster.WhenDown{Reads: c.ReadsWhenDown, Shards: c.ShardsWhenDown})
	if verdict == cluster.Here {
		return f.Slot, nil
	}
	return f.Slot, e.redirection(s, f.Slot, to, verdict)
}

const (
	errUnserved     resp.Error = "CLUSTERDOWN Hash slot not served"
	errClusterDown  resp.Error = "CLUSTERDOWN The cluster is down"
	errClusterReads resp.Error = "CLUSTERDOWN The cluster is down and only accepts read commands"
	errTryAgain     resp.Error = "TRYAGAIN Multiple keys request during rehashing of slot"
)

// redirection returns the error that a verdict is for a client.
func (e *Core) redirection(s *Session, n int, to *cluster.Node, v cluster.Verdict) resp.Error {
	switch v {
	case cluster.Unserved:
		return errUnserved
	case cluster.Down:
		return errClusterDown
	case cluster.DownReadOnly:
		return errClusterReads
	case cluster.TryAgain:
		return errTryAgain
	}
	word := "MOVED"
	if v == cluster.Ask {
		word = "ASK"
	}
	return resp.Errorf("%s %d %s:%d", word, n, e.Endpoint(to), to.ClientPort(s.OverTLS()))
}

// Endpoint returns the name of a node that clients are to use.
func (e *Core) Endpoint(n *cluster.Node) string {
	switch e.Config.Cluster.PreferredEndpoint {
	case "hostname":
		if n.Hostname == "" {
			return "?"
		}
		return n.Hostname
	case "unknown-endpoint":
		return ""
	}
	return n.IP
}

// OverTLS reports whether the client has come to the port for TLS.
func (s *Session) OverTLS() bool {
	port := s.e.cluster.ports.TLS
	if port == 0 {
		return false
	}
	to, err := netip.ParseAddrPort(s.conn.LocalAddr())
	return err == nil && int(to.Port()) == port
}

// gateCluster sends clients to the nodes that serve their keys.
func (e *Core) gateCluster(s *Session, cmd *Command, args [][]byte) error {
	c := &e.cluster
	c.asked, c.slot = s.asking, -1
	// ASKING is for the next command, or for all of a transaction.
	if s.multi == nil && cmd.traits&spec.KeepsAsking == 0 {
		s.asking = false
	}
	if s.internal || !routed(cmd) && cmd.traits&spec.RunsQueued == 0 {
		return nil
	}
	var err error
	if c.slot, err = e.route(s, cmd, args); err == nil {
		return nil
	}
	// The error of an EXEC is that of the redirection alone.
	if cmd.traits&spec.RunsQueued != 0 {
		s.Discard()
	} else if s.multi != nil {
		s.multi.aborted = true
	}
	r := err.(resp.Error)
	e.countError(r)
	e.Stats.command(cmd).Rejected++
	s.out.Error(r)
	return errHandled
}

// gateCluster says whether a script may run a command on this node.
func (r *scriptRun) gateCluster(cmd *Command, args [][]byte) error {
	e := r.c.Core
	if e.cluster.node == nil || r.c.Session.internal || !routed(cmd) {
		return nil
	}
	asked, s := e.cluster.asked, r.c.Session
	e.cluster.asked = r.asked
	multi := s.multi
	s.multi = nil
	n, err := e.route(s, cmd, args)
	s.multi, e.cluster.asked = multi, asked
	switch err {
	case nil:
	case errClusterReads:
		return resp.Error("ERR Script attempted to execute a write command while the cluster is down and readonly")
	case errClusterDown:
		return resp.Error("ERR Script attempted to execute a command while the cluster is down")
	case errCrossSlot:
		return resp.Errorf("ERR Command '%s' in script attempted to access keys that don't hash to the same slot", cmd.FullName)
	case errTryAgain:
		return resp.Errorf("ERR Unable to execute command '%s' in script because undeclared keys were accessed during rehashing of the slot", cmd.FullName)
	case errUnserved:
		return resp.Error("ERR Script attempted to access a slot not served")
	default:
		return resp.Error("ERR Script attempted to access a non local key in a cluster node")
	}
	if n < 0 || r.crossSlot {
		return nil
	}
	if r.slot < 0 {
		r.slot = n
	}
	if r.slot != n {
		return resp.Error("ERR Script attempted to access keys that do not hash to the same slot")
	}
	return nil
}

// clusterHost is the server as its node sees it.
type clusterHost struct{ e *Core }

func (h clusterHost) Now() int64                                { return h.e.NowMilli() }
func (h clusterHost) IntN(n int) int                            { return h.e.Rand.IntN(n) }
func (h clusterHost) NewID() string                             { return h.e.randomHex(40) }
func (h clusterHost) Settings() *cluster.Settings               { return &h.e.cluster.settings }
func (h clusterHost) Dial(l *cluster.Link, ip string, port int) { h.e.cluster.bus.Dial(l, ip, port) }
func (h clusterHost) Keys(n int) int                            { return h.e.Keyspace.DB(0).InSlot(n) }

// DropKeys deletes the keys of a slot that this node has lost. They live on
// elsewhere, so clients hear of no event.
func (h clusterHost) DropKeys(n int) {
	e, db := h.e, h.e.Keyspace.DB(0)
	var keys [][]byte
	for k := range db.SlotKeys(n) {
		keys = append(keys, slices.Clone(k.Key()))
	}
	for _, key := range keys {
		db.Delete(key)
		e.touch(nil, 0, key)
		e.propagateDeletion(db, key, e.Config.LazyServerDel)
		e.unit.changes++
		e.finishUnit() // each is a unit of its own
	}
}

// DropChannels ends the subscriptions to the shard channels of a slot, which another
// node serves now or nobody.
func (h clusterHost) DropChannels(n int) {
	e := h.e
	e.slotStats.forget(n)
	if e.PubSub.Len(pubsub.Shard) == 0 {
		return
	}
	var names []string
	for name := range func(yield func(string) bool) { e.PubSub.Names(pubsub.Shard, yield) } {
		if slot.Of([]byte(name)) == n {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		for _, s := range slices.Clone(e.PubSub.Subscribers(pubsub.Shard, []byte(name))) {
			s.Unsubscribe(pubsub.Shard, name)
			w := s.Push()
			w.Push(3)
			w.BulkString("sunsubscribe")
			w.BulkString(name)
			w.Integer(int64(s.SubscriptionCount(pubsub.Shard)))
		}
	}
}

func (h clusterHost) Follow(ip string, port int) { h.e.BecomeReplica(ip, port) }
func (h clusterHost) Lead()                      { h.e.BecomeMaster() }

// Empty deletes the data that were a master's.
func (h clusterHost) Empty() {
	db := h.e.Keyspace.DB(0)
	h.e.touchAll(0, db, nil)
	db.Clear()
}

func (h clusterHost) Offset() int64 {
	if h.e.IsReplica() {
		return h.e.Master().Offset
	}
	return h.e.ReplOffset()
}

func (h clusterHost) MasterSilence() int64 {
	switch m := h.e.Master(); {
	case m.Up:
		return m.LastIO * 1000
	case m.DownFor < 0: // it was never up
		return h.e.NowMilli()
	default:
		return m.DownFor * 1000
	}
}

func (h clusterHost) PauseWrites(until int64) { h.e.Pause(PauseByFailover, until, false) }
func (h clusterHost) ResumeWrites()           { h.e.Unpause(PauseByFailover) }

func (h clusterHost) Publish(channel, message []byte, sharded bool) {
	if sharded {
		h.e.PublishShard(channel, message)
	} else {
		h.e.Publish(channel, message)
	}
}

func (h clusterHost) Save(text []byte, _ bool) error {
	h.e.cluster.noteChange()
	if h.e.Config.Dir == "" || h.e.cluster.fileless {
		return nil
	}
	return vfs.Replace(h.e.files, h.e.nodesFile(), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// ClusterOffset returns the replication offset of this node.
func (e *Core) ClusterOffset() int64 { return clusterHost{e}.Offset() }

// ClusterLinks returns how many connections of the bus there are.
func (e *Core) ClusterLinks() (count int) {
	e.eachLink(func(*cluster.Link) { count++ })
	return count
}

// ClusterLinkMemory returns how many bytes wait to be sent to other nodes.
func (e *Core) ClusterLinkMemory() (bytes int) {
	e.eachLink(func(l *cluster.Link) { bytes += l.Waiting() })
	return bytes
}

func (e *Core) eachLink(yield func(*cluster.Link)) {
	if e.cluster.node == nil {
		return
	}
	for _, n := range e.cluster.node.Nodes() {
		for _, l := range []*cluster.Link{n.To, n.From} {
			if l != nil {
				yield(l)
			}
		}
	}
}
