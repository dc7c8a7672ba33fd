// Package network carries what servers of one process say to each other, one
// delivery after the other, so that the same things happen in the same order each
// time.
//
// A Network counts who is at work: a goroutine that was started by Go or that reads
// from a connection counts until it ends or waits for more to read, and so does
// whoever holds the network by Hold. Nothing is delivered while anybody is at work.
// So after each delivery everything that follows from it has happened before the
// next, and the order of deliveries depends on nothing but the order in which
// connections were made.
//
// Time does not pass on a network: a clock that is moved by hand, and whose timers run
// through Pace, stands still until everything has arrived.
package network

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
)

// Network is a network. Its methods are safe for concurrent use.
type Network struct {
	mu      sync.Mutex
	changed sync.Cond // busy or carrying has changed
	busy    int       // who is at work
	// carrying: a goroutine delivers. It ends when there is nothing to deliver.
	carrying bool
	round    []delivery // in their order
	next     []delivery // those of the next round
	lastID   uint64     // of connections and goroutines

	listeners map[string]*listener // by address; nil: its member has left
	ends      []*end               // of open connections, in the order in which they were made
	bypasses  []*bypass
	members   []*Member
}

// delivery is something that happens when nobody is at work.
type delivery struct {
	id uint64 // its place in a round
	// happen is called with the network's lock held.
	happen func()
}

type listener struct {
	member *Member
	accept func(net.Conn)
}

// Member is a server on a network.
type Member struct {
	n     *Network
	order int
	// Guarded by the lock of the network: members of different sides do not reach
	// each other.
	side int
	left bool
}

// New returns a network that has no members.
func New() *Network {
	n := &Network{listeners: map[string]*listener{}}
	n.changed.L = &n.mu
	return n
}

// Join adds a member.
func (n *Network) Join() *Member {
	n.mu.Lock()
	defer n.mu.Unlock()
	m := &Member{n: n, order: len(n.members)}
	n.members = append(n.members, m)
	return m
}

// Order returns how many members came before.
func (m *Member) Order() int { return m.order }

// Hold keeps everything from being delivered until Release.
func (n *Network) Hold() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.busy++
}

// Release ends a Hold.
func (n *Network) Release() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.rest()
}

// rest ends somebody's work. The caller holds the lock.
func (n *Network) rest() {
	n.busy--
	if n.busy == 0 {
		n.changed.Broadcast()
	}
}

// Settle waits until everything has been delivered and nobody is at work. Who is at
// work must not call it.
func (n *Network) Settle() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for n.busy > 0 || n.carrying {
		n.changed.Wait()
	}
}

// Pace runs a function of a timer, and waits until what it has sent was delivered.
func (n *Network) Pace(f func()) {
	defer n.Settle()
	n.Hold()
	defer n.Release()
	f()
}

// Go runs f in a goroutine of its own, which begins when nobody is at work and counts
// as being so itself.
func (n *Network) Go(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.deliver(n.newID(), func() { n.begin(f) })
}

// begin runs f in a goroutine at once. The caller holds the lock.
func (n *Network) begin(f func()) {
	n.busy++
	go func() {
		defer n.Release()
		f()
	}()
}

func (n *Network) newID() uint64 {
	n.lastID++
	return n.lastID
}

// deliver puts off a delivery until nobody is at work. The caller holds the lock.
func (n *Network) deliver(id uint64, happen func()) {
	n.next = append(n.next, delivery{id, happen})
	if !n.carrying {
		n.carrying = true
		go n.carry()
	}
}

// carry delivers until nothing is left: those of a round in the order of their ids, so
// that it does not matter which of two goroutines was faster.
func (n *Network) carry() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for {
		for n.busy > 0 {
			n.changed.Wait()
		}
		if len(n.round) == 0 {
			n.round, n.next = n.next, nil
			slices.SortStableFunc(n.round, func(a, b delivery) int { return cmp.Compare(a.id, b.id) })
		}
		if len(n.round) == 0 {
			n.carrying = false
			n.changed.Broadcast()
			return
		}
		d := n.round[0]
		n.round = n.round[1:]
		d.happen()
	}
}

// Listen has accept called for each connection that is made to an address, which
// must not block.
func (m *Member) Listen(addr string, accept func(net.Conn)) error {
	m.n.mu.Lock()
	defer m.n.mu.Unlock()
	if m.n.listeners[addr] != nil {
		return &net.OpError{Op: "listen", Net: "memory", Addr: address(addr), Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}
	}
	m.n.listeners[addr] = &listener{m, accept}
	return nil
}

// Leave takes a member off the network: nobody reaches it any more. Its connections
// are closed by their owners.
func (m *Member) Leave() {
	m.n.mu.Lock()
	defer m.n.mu.Unlock()
	m.left = true
	for addr, l := range m.n.listeners {
		if l != nil && l.member == m {
			m.n.listeners[addr] = nil
		}
	}
}

// Knows reports whether an address is, or was, that of a member.
func (n *Network) Knows(addr string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, is := n.listeners[addr]
	return is
}

// Connect makes a connection to another member of the two ends that pipe returns,
// whose deliveries the network has no part in: for callers on whom the network waits.
func (m *Member) Connect(addr string, pipe func() (here, there net.Conn)) (net.Conn, error) {
	n := m.n
	n.mu.Lock()
	l := n.listeners[addr]
	if l == nil || !m.reaches(l.member) {
		n.mu.Unlock()
		return nil, refused(addr)
	}
	here, there := pipe()
	b := &bypass{here, n, m, l.member}
	n.bypasses = append(n.bypasses, b)
	n.mu.Unlock()
	l.accept(there)
	return b, nil
}

// bypass is a connection that Connect has made.
type bypass struct {
	net.Conn
	n        *Network
	from, to *Member
}

func (b *bypass) Close() error {
	b.n.mu.Lock()
	defer b.n.mu.Unlock()
	return b.close()
}

func (b *bypass) close() error {
	b.n.bypasses = slices.DeleteFunc(b.n.bypasses, func(o *bypass) bool { return o == b })
	return b.Conn.Close()
}

func refused(addr string) error {
	return &net.OpError{Op: "dial", Net: "memory", Addr: address(addr), Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

func (m *Member) reaches(other *Member) bool { return !m.left && m.side == other.side }

// dialling is an attempt to connect.
type dialling struct {
	done sync.Cond
	over bool
	conn *end
	err  error
}

// Dial connects to another member. The caller counts as being at work, and does not
// while it waits.
func (m *Member) Dial(ctx context.Context, addr string) (net.Conn, error) {
	n := m.n
	n.mu.Lock()
	defer n.mu.Unlock()
	d := &dialling{}
	d.done.L = &n.mu
	finish := func(err error) {
		if !d.over {
			d.over, d.err = true, err
			n.busy++
			d.done.Signal()
		}
	}
	id := n.newID()
	n.deliver(id, func() {
		l := n.listeners[addr]
		switch {
		case d.over:
		case l == nil || !m.reaches(l.member):
			finish(refused(addr))
		default:
			host, _, _ := net.SplitHostPort(addr)
			mine := address(net.JoinHostPort(host, fmt.Sprint(32768+id%28232)))
			out := &end{n: n, id: n.newID(), of: m, local: mine, remote: address(addr)}
			in := &end{n: n, id: n.newID(), of: l.member, local: address(addr), remote: mine}
			out.peer, in.peer = in, out
			out.more.L, in.more.L = &n.mu, &n.mu
			n.ends = append(n.ends, out, in)
			d.conn = out
			n.mu.Unlock()
			l.accept(in)
			n.mu.Lock()
			n.deliver(out.id, func() { finish(nil) })
		}
	})
	stop := context.AfterFunc(ctx, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		finish(ctx.Err())
	})
	defer stop()
	n.rest()
	for !d.over {
		d.done.Wait()
	}
	if d.err != nil {
		if d.conn != nil {
			d.conn.close()
		}
		return nil, d.err
	}
	return d.conn, nil
}

// Partition cuts the network into sides, and ends the connections between them. All
// members that are not named are side 0.
func (n *Network) Partition(members map[*Member]int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, m := range n.members {
		m.side = members[m]
	}
	for _, e := range n.ends {
		if e.of.side != e.peer.of.side {
			n.deliver(e.id, e.close)
		}
	}
	for _, b := range slices.Clone(n.bypasses) {
		if b.from.side != b.to.side {
			b.close()
		}
	}
}

// Outside makes a connection by other means than the network, and returns it as one
// for goroutines that count as being at work: they do not while they wait for it.
// What comes over it comes at any time.
func (n *Network) Outside(dial func() (net.Conn, error)) (net.Conn, error) {
	n.Release()
	nc, err := dial()
	n.Hold()
	if err != nil {
		return nil, err
	}
	return &outside{nc, n}, nil
}

type outside struct {
	net.Conn
	n *Network
}

func (o *outside) Read(b []byte) (int, error) {
	o.n.Release()
	defer o.n.Hold()
	return o.Conn.Read(b)
}
