package respserver

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/network"
	"github.com/resp-server/resp-server/internal/transport"
)

// Network connects servers of one process by in-memory connections: masters and their
// replicas, the nodes of a cluster, sentinels and what they watch. Its methods are safe
// for concurrent use.
//
// On a network whose clock is a ManualClock the same things happen in the same order
// each time, if the seeds of the servers are the same. Messages are delivered one
// after the other, the next one when everything that follows from the last one has
// happened. No time passes meanwhile: a move of the clock stops at each timer of a
// server until everything that it has sent has arrived. Do returns when what it has
// caused has arrived, so a replica has the data by then.
//
// What comes from elsewhere is not a part of that. Clients that are connected send when
// they send, and two that write at once are served in any order. Snapshots and
// append-only files are written to the disk while other things go on. Servers that
// are not on the network are reached by sockets. Messages have no size on a network:
// nothing waits for room, so limits of output buffers for replicas and nodes are not
// met.
type Network struct {
	lan    *network.Network
	clock  Clock
	manual *ManualClock // nil: clock is another one
}

// NewNetwork returns a network. Servers of Options that name no clock have the clock of
// the network; nil is RealClock, with which nothing is the same each time.
func NewNetwork(clock Clock) *Network {
	n := &Network{lan: network.New(), clock: clock}
	n.manual, _ = clock.(*ManualClock)
	return n
}

// Partition cuts the network: servers of one side reach each other, and no others.
// Servers that are not named are a side of their own. Clients reach all of them.
func (n *Network) Partition(sides ...[]*Server) {
	members := map[*network.Member]int{}
	for i, side := range sides {
		for _, s := range side {
			members[s.member] = i + 1
		}
	}
	n.lan.Partition(members)
	n.Settle()
}

// Heal makes the network whole again.
func (n *Network) Heal() { n.Partition() }

// Settle waits until everything that servers have sent has arrived. With a ManualClock
// methods that cause something have done that already; it is for what clients have
// caused.
func (n *Network) Settle() {
	if n.manual != nil {
		n.lan.Settle()
	}
}

// hold keeps deliveries back until the function that it returns is called.
func (n *Network) hold() (release func()) {
	if n == nil {
		return func() {}
	}
	n.lan.Hold()
	return func() {
		n.lan.Release()
		n.Settle()
	}
}

// firstPort is the port of the first server without sockets on a network.
const firstPort = 7000

// join puts the server on its network. It is called before it has an engine.
func (s *Server) join() {
	n := s.options.Network
	if n == nil {
		return
	}
	s.member = n.lan.Join()
	if n.manual != nil {
		s.clock.Pace(n.lan.Pace)
	}
}

// starter returns what starts the goroutines of the server's connections to others.
func (s *Server) starter() func(func()) {
	if s.member == nil {
		return nil
	}
	return s.options.Network.lan.Go
}

// appear lets others on the network reach the server. One without sockets gets an
// address by which only they do.
func (s *Server) appear() (err error) {
	if s.member == nil {
		return nil
	}
	s.engine.Run(func(core *engine.Core) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.doors == nil {
			s.takeAddress(core)
		}
		for _, addr := range append(s.addrs, s.tlsAddr) {
			if _, _, bad := net.SplitHostPort(addr); bad == nil && err == nil {
				err = s.member.Listen(addr, s.net.Handle)
			}
		}
		if s.busAddr != "" && err == nil {
			err = s.member.Listen(s.busAddr, s.bus.ServeConn)
		}
	})
	return err
}

// takeAddress gives a server without sockets its address. The caller holds the
// engine's lock and s.mu.
func (s *Server) takeAddress(core *engine.Core) {
	c := core.Config
	if c.Port == 0 {
		c.Port = int64(firstPort + s.member.Order())
	}
	if _, port, err := net.SplitHostPort(s.options.Addr); err == nil && port != "0" {
		c.Port, _ = strconv.ParseInt(port, 10, 64)
	}
	const host = "127.0.0.1"
	c.Bind = []string{host}
	s.addrs = []string{net.JoinHostPort(host, strconv.FormatInt(c.Port, 10))}
	if core.Cluster() != nil && !s.options.ClusterEmulated {
		port := int(c.Cluster.Port)
		if port == 0 {
			port = int(c.Port) + busOffset
		}
		s.busAddr = net.JoinHostPort(host, strconv.Itoa(port))
		core.SetClusterPorts(engine.ClusterPorts{Client: int(c.Port), Bus: port})
	}
}

// dialMember connects to another server of the network, or to one elsewhere.
func (s *Server) dialMember(ctx context.Context, o engine.DialOptions) (net.Conn, error) {
	lan, addr := s.options.Network.lan, net.JoinHostPort(o.Host, strconv.Itoa(o.Port))
	switch known := lan.Knows(addr); {
	case known && o.Locked:
		return s.member.Connect(addr, transport.Pipe)
	case known:
		return s.member.Dial(ctx, addr)
	case o.Locked:
		return s.dialOut(ctx, o)
	default:
		return lan.Outside(func() (net.Conn, error) { return s.dialOut(ctx, o) })
	}
}

// A waiter waits until servers have changed. Where a clock is moved by hand it moves
// it.
type waiter struct {
	clock  *ManualClock // nil: time passes by itself
	waited time.Duration
}

const (
	waiterStep = 100 * time.Millisecond // nodes and sentinels look that often what is due
	waiterMost = 10 * time.Minute
)

func (n *Network) newWaiter() waiter {
	if n == nil {
		return waiter{}
	}
	return waiter{clock: n.manual}
}

// wait returns when one of some channels is closed, or the clock was moved.
func (w *waiter) wait(ctx context.Context, changed []<-chan struct{}) error {
	switch {
	case w.clock == nil:
		return anyOf(ctx, changed)
	case ctx.Err() != nil:
		return ctx.Err()
	case w.waited >= waiterMost:
		return fmt.Errorf("the clock was moved by %v", w.waited)
	}
	w.clock.Advance(waiterStep)
	w.waited += waiterStep
	return nil
}
