package cluster

import (
	"errors"
	"fmt"
	"log/slog"
	"sort"
	"strconv"
	"strings"
)

// Describe returns a node as a line of CLUSTER NODES. The nodes' file has more:
// what clients are not shown.
func (c *Cluster) Describe(n *Node, tls bool) string { return c.describe(n, tls, false) }

func (c *Cluster) describe(n *Node, tls, file bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s:%d@%d", n.ID, n.IP, n.ClientPort(tls), n.BusPort)
	if n.Hostname != "" {
		b.WriteString("," + n.Hostname)
	}
	if file {
		if n.Hostname == "" {
			b.WriteByte(',')
		}
		other, port := "tls-port", n.TLSPort
		if tls {
			other, port = "tcp-port", n.Port
		}
		if port != 0 {
			fmt.Fprintf(&b, ",%s=%d", other, port)
		}
		if n.Name != "" {
			b.WriteString(",nodename=" + n.Name)
		}
		b.WriteString(",shard-id=" + n.ShardID)
	}
	master, epoch, state := "-", n.Primary().ConfigEpoch, "disconnected"
	if n.Master != nil {
		master = n.Master.ID
	}
	if n.To != nil || n == c.Me {
		state = "connected"
	}
	fmt.Fprintf(&b, " %s %s %d %d %d %s", n.Flags, master, n.PingSent, n.PongReceived, epoch, state)
	for _, r := range n.Slots.Ranges() {
		if r.First == r.Last {
			fmt.Fprintf(&b, " %d", r.First)
		} else {
			fmt.Fprintf(&b, " %d-%d", r.First, r.Last)
		}
	}
	if n == c.Me {
		for _, slot := range c.openSlots() {
			if to := c.migrating[slot]; to != nil {
				fmt.Fprintf(&b, " [%d->-%s]", slot, to.ID)
			} else {
				fmt.Fprintf(&b, " [%d-<-%s]", slot, c.importing[slot].ID)
			}
		}
	}
	return b.String()
}

// openSlots are those that are moving, in order.
func (c *Cluster) openSlots() (slots []int) {
	for slot := range c.migrating {
		slots = append(slots, slot)
	}
	for slot := range c.importing {
		if c.migrating[slot] == nil {
			slots = append(slots, slot)
		}
	}
	sort.Ints(slots)
	return slots
}

// Text returns the nodes' file.
func (c *Cluster) Text() []byte {
	var b strings.Builder
	for _, n := range c.nodes {
		if !n.Is(Handshake) {
			b.WriteString(c.describe(n, false, true) + "\n")
		}
	}
	fmt.Fprintf(&b, "vars currentEpoch %d lastVoteEpoch %d\n", c.CurrentEpoch, c.lastVote)
	return []byte(b.String())
}

// Save writes the nodes' file now.
func (c *Cluster) Save() error {
	c.todo &^= todoSave | todoSync
	return c.host.Save(c.Text(), true)
}

func (c *Cluster) save(sync bool) {
	c.todo &^= todoSave
	if sync {
		c.todo &^= todoSync
	}
	if err := c.host.Save(c.Text(), sync); err != nil {
		c.log.Error("Could not save the cluster config file", "error", err)
	}
}

var errFile = errors.New("corrupted cluster config file")

// Load returns a node that goes on with what a nodes' file says.
func Load(host Host, log *slog.Logger, text []byte) (*Cluster, error) {
	c := &Cluster{host: host, log: log}
	c.clear()
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if err := c.loadLine(fields); err != nil {
			return nil, fmt.Errorf("%w: %q", err, strings.TrimSpace(line))
		}
	}
	if c.Me == nil {
		return nil, fmt.Errorf("%w: no line is of this node", errFile)
	}
	// This node first, as if it had made the others' acquaintance.
	for i, n := range c.nodes {
		if n == c.Me {
			copy(c.nodes[1:], c.nodes[:i])
			c.nodes[0] = n
		}
	}
	log.Info("Node configuration loaded, I'm " + c.Me.ID)
	c.CurrentEpoch = c.maxEpoch()
	c.Refresh()
	c.updateState()
	return c, nil
}

// Resume has a replica that was loaded follow its master.
func (c *Cluster) Resume() {
	if m := c.Me.Master; c.Me.Is(Replica) && m != nil && !m.Is(NoAddr) && m.IP != "" {
		c.host.Follow(m.IP, m.ClientPort(c.settings().TLS))
	}
}

// Trust takes the word of a file that was just made for it: the node serves at
// once, and does not wait until it may have heard of what has changed.
func (c *Cluster) Trust() {
	c.firstLook = c.now() - writableDelay
	c.minority = c.firstLook - rejoinMax
	c.updateState()
}

func (c *Cluster) loadLine(f []string) error {
	if strings.EqualFold(f[0], "vars") {
		if len(f)%2 == 0 {
			return errFile
		}
		for i := 1; i < len(f); i += 2 {
			n, err := strconv.ParseUint(f[i+1], 10, 64)
			if err != nil {
				return errFile
			}
			switch {
			case strings.EqualFold(f[i], "currentEpoch"):
				c.CurrentEpoch = n
			case strings.EqualFold(f[i], "lastVoteEpoch"):
				c.lastVote = n
			}
		}
		return nil
	}
	if len(f) < 8 || !validID(f[0]) {
		return errFile
	}
	n := c.known(f[0])
	shard, err := n.loadAddress(f[1], c.settings().TLS)
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(f[2], ",") {
		known := name == "noflags"
		for _, flag := range flagNames {
			if strings.EqualFold(name, flag.name) {
				n.Flags |= flag.Flags
				known = true
			}
		}
		if !known {
			return errFile
		}
	}
	if n.Is(Fail) {
		n.failed = c.now()
	}
	if n.Is(Myself) {
		if c.Me != nil && c.Me != n {
			return errFile
		}
		c.Me = n
	}
	if shard != "" {
		n.ShardID = shard
	}
	if f[3] != "-" {
		if !validID(f[3]) {
			return errFile
		}
		n.Master = c.known(f[3])
		n.Master.addReplica(n)
		if shard == "" {
			n.ShardID = n.Master.ShardID
		} else if n.Master.Flags == 0 {
			n.Master.ShardID = shard // whose line comes later
		}
	}
	for i, at := range []*int64{&n.PingSent, &n.PongReceived} {
		if f[4+i] != "0" {
			*at = c.now()
		}
	}
	if !n.Is(Replica) {
		if n.ConfigEpoch, err = strconv.ParseUint(f[6], 10, 64); err != nil {
			return errFile
		}
	}
	for _, slots := range f[8:] {
		if err := c.loadSlots(n, slots); err != nil {
			return err
		}
	}
	return nil
}

// known returns the node with an id, which it makes if need be.
func (c *Cluster) known(id string) *Node {
	n := c.byID[id]
	if n == nil {
		n = c.newNode(id, 0)
		c.add(n)
	}
	return n
}

// loadAddress reads ip:port@busport,hostname,name=value..., and returns the
// shard's id if it is there.
func (n *Node) loadAddress(s string, tls bool) (shard string, err error) {
	fields := strings.Split(s, ",")
	if len(fields) > 1 {
		n.Hostname = fields[1]
	}
	var tcpPort, tlsPort string
	for _, f := range fields[min(2, len(fields)):] {
		name, v, ok := strings.Cut(f, "=")
		switch {
		case !ok:
			return "", errFile
		case name == "shard-id":
			if !validID(v) {
				return "", errFile
			}
			shard = v
		case name == "nodename":
			n.Name = v
		case name == "tcp-port":
			tcpPort = v
		case name == "tls-port":
			tlsPort = v
		default:
			return "", errFile
		}
	}
	colon := strings.LastIndexByte(fields[0], ':')
	if colon < 0 {
		return "", errFile
	}
	n.IP = fields[0][:colon]
	port, bus, hasBus := strings.Cut(fields[0][colon+1:], "@")
	number := func(s string) int {
		v, bad := strconv.ParseUint(s, 10, 16)
		if bad != nil {
			err = errFile
		}
		return int(v)
	}
	// The port before the @ is the one that has no name.
	switch main := number(port); {
	case tlsPort != "":
		n.Port, n.TLSPort = main, number(tlsPort)
	case tcpPort != "":
		n.Port, n.TLSPort = number(tcpPort), main
	default:
		n.setPorts(tls, main, 0)
	}
	if n.BusPort = n.ClientPort(tls) + 10000; hasBus {
		n.BusPort = number(bus)
	}
	return shard, err
}

// loadSlots reads "5", "5-7", "[5->-id]" or "[5-<-id]".
func (c *Cluster) loadSlots(n *Node, s string) error {
	first, last, isRange := strings.Cut(strings.TrimPrefix(s, "["), "-")
	from, err := strconv.Atoi(first)
	if err != nil || from < 0 || from >= Slots {
		return errFile
	}
	if s[0] == '[' {
		if len(last) != idLen+3 || !validID(last[2:][:idLen]) || last[len(last)-1] != ']' {
			return errFile
		}
		other := c.known(last[2:][:idLen])
		switch last[:2] {
		case ">-":
			c.migrating[from] = other
		case "<-":
			c.importing[from] = other
		default:
			return errFile
		}
		return nil
	}
	to := from
	if isRange {
		if to, err = strconv.Atoi(last); err != nil || to < 0 || to >= Slots {
			return errFile
		}
	}
	for slot := from; slot <= to; slot++ {
		c.addSlot(n, slot)
	}
	return nil
}
