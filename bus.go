package respserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"strconv"

	"github.com/resp-server/resp-server/internal/cluster"
	"github.com/resp-server/resp-server/internal/cluster/bus"
	"github.com/resp-server/resp-server/internal/engine"
)

// busOffset is how much greater the port of the bus is than that for clients.
const busOffset = 10000

// joinCluster makes the server a node of a cluster.
func (s *Server) joinCluster() (err error) {
	s.bus = bus.New(func(f func(*cluster.Cluster)) {
		s.engine.Run(func(core *engine.Core) { f(core.Cluster()) })
	}, s.dialBus)
	s.engine.Run(func(core *engine.Core) {
		if _, port, bad := net.SplitHostPort(s.options.Addr); bad == nil {
			s.anyPort = port == "0"
		} else {
			s.anyPort = core.Config.Port == 0 && core.Config.TLS.Port == 0
		}
		err = core.JoinCluster(s.bus)
	})
	return err
}

// dialBus connects to the bus of another node.
func (s *Server) dialBus(ctx context.Context, ip string, port int) (nc net.Conn, err error) {
	var d net.Dialer
	addr := net.JoinHostPort(ip, strconv.Itoa(port))
	if dial := s.options.dialNode; dial != nil {
		nc, err = dial(ctx, d, addr)
	} else {
		nc, err = d.DialContext(ctx, "tcp", addr)
	}
	encrypted := false
	s.engine.Run(func(core *engine.Core) { encrypted = core.Config.Cluster.TLS })
	if err != nil || !encrypted {
		return nc, err
	}
	secure := tls.Client(nc, peerTLS(s.tls.Load()))
	if err := secure.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, err
	}
	return secure, nil
}

// peerTLS returns how a server connects to another one that has certificates of
// the same authority: it shows its own, and as Redis it does not ask for a name.
func peerTLS(own *tls.Config) *tls.Config {
	if own == nil {
		own = &tls.Config{}
	}
	return &tls.Config{
		Certificates: own.Certificates, MinVersion: own.MinVersion, MaxVersion: own.MaxVersion, CipherSuites: own.CipherSuites,
		InsecureSkipVerify: true, // of the name; the chain is verified here
		VerifyConnection: func(state tls.ConnectionState) error {
			opts := x509.VerifyOptions{Roots: own.ClientCAs, Intermediates: x509.NewCertPool()}
			for _, c := range state.PeerCertificates[1:] {
				opts.Intermediates.AddCert(c)
			}
			_, err := state.PeerCertificates[0].Verify(opts)
			return err
		},
	}
}

// openBus listens for other nodes, on the hosts that clients come to. Without a
// port of its own, and if that for clients was chosen by the system, it takes
// any that is free. The engine's lock is held, and s.mu.
func (s *Server) openBus(core *engine.Core) error {
	c := core.Config
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
