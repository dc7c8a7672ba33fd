package respserver

import (
	"context"
	"fmt"
	"net"

	"github.com/resp-server/resp-server/internal/cluster"
	"github.com/resp-server/resp-server/internal/cluster/bus"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
)

// busOffset is the distance from the client port to the default port of the bus.
const busOffset = 10000

// joinCluster makes the server a node of a cluster.
func (s *Server) joinCluster() (err error) {
	s.bus = bus.New(func(f func(*cluster.Cluster)) {
		s.engine.Run(func(core *engine.Core) { f(core.Cluster()) })
	}, s.dialer(func(c *config.Config) bool { return c.Cluster.TLS }), s.starter())
	s.engine.Run(func(core *engine.Core) {
		if _, port, bad := net.SplitHostPort(s.options.Addr); bad == nil {
			s.anyPort = port == "0"
		} else {
			s.anyPort = core.Config.Port == 0 && core.Config.TLS.Port == 0
		}
		if s.options.ClusterEmulated {
			err = core.JoinFileless(s.bus)
		} else {
			err = core.JoinCluster(s.bus)
		}
	})
	return err
}

// dialer returns a function that connects to other nodes or sentinels. encrypts says
// whether the settings want TLS for these connections.
func (s *Server) dialer(encrypts func(*config.Config) bool) func(ctx context.Context, ip string, port int) (net.Conn, error) {
	return func(ctx context.Context, ip string, port int) (net.Conn, error) {
		o := engine.DialOptions{Host: ip, Port: port}
		s.engine.Run(func(core *engine.Core) {
			o.Source = core.Config.Replication.BindSource
			if encrypts(core.Config) {
				o.Settings = core.Config.Clone()
			}
		})
		return s.dial(ctx, o)
	}
}

// openBus listens for other nodes on the hosts that clients connect to. If the
// settings name no bus port and the system chose the client port, it takes any free
// port. An emulated cluster opens none. The caller holds the engine's lock and s.mu.
func (s *Server) openBus(core *engine.Core) error {
	c := core.Config
	if s.options.ClusterEmulated {
		host := ""
		for _, bound := range c.Bind {
			if ip := net.ParseIP(bound); ip != nil && !ip.IsUnspecified() && host == "" {
				host = bound
			}
		}
		return core.EmulateCluster(host, engine.ClusterPorts{Client: int(c.Port), TLS: int(c.TLS.Port)})
	}
	wanted := int(c.Port)
	if wanted == 0 {
		wanted = int(c.TLS.Port)
	}
	port := int(c.Cluster.Port)
	switch {
	case port != 0 || s.anyPort:
	case wanted+busOffset > 65535:
		return fmt.Errorf("port %d is too high for cluster mode: the port of the bus would be above 65535; set cluster-port", wanted)
	default:
		port = wanted + busOffset
	}
	open := s.openTCP
	if c.Cluster.TLS {
		open = s.openTLS
	}
	doors, err := open(c, c.Bind, port)
	if err != nil {
		return fmt.Errorf("Failed listening on port %d (cluster), aborting: %w", port, err)
	}
	for _, d := range doors {
		s.bus.Serve(d.Listener)
		s.busAddr, port = d.Addr().String(), d.port
	}
	core.SetClusterPorts(engine.ClusterPorts{Client: int(c.Port), TLS: int(c.TLS.Port), Bus: port})
	return nil
}
