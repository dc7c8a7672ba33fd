package respserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/transport"
)

// inProcess is the host of a master in the same process, as the replica shows it.
const inProcess = "in-process"

// StartReplica starts a replica of the server in the same process, and returns when it
// has the data. At most one Options may be given. The caller must close the replica. It
// opens no socket unless the options have an address; see Listen.
//
// The link is an in-memory connection; everything else is as between two processes: the
// replica is read-only, REPLICAOF NO ONE promotes it, and it can have replicas of its
// own. It uses the clock of the server, unless the options have another one. Writes
// arrive a moment later; to wait for them, run WAIT on the server:
// Do(ctx, "WAIT", 1, 0).
//
// Faults in the replica hit the commands of the master, too, whose client is called
// "master": Delay makes the link lag behind, and Close cuts it, so that the replica
// connects again. Faults in the server hit PSYNC and REPLCONF, which the replica sends.
func (s *Server) StartReplica(options ...Options) (*Server, error) {
	var o Options
	switch len(options) {
	case 0:
	case 1:
		o = options[0]
	default:
		return nil, fmt.Errorf("respserver: StartReplica: %d Options are given; a server has one", len(options))
	}
	if s.isClosed() {
		return nil, ErrClosed
	}
	if o.Clock == nil {
		o.Clock = s.clock
	}
	o.master = s
	o.Config = append([]string{"enable-testing-command yes"}, o.Config...)
	o.Config = append(o.Config, "replicaof "+inProcess+" 0")
	r, err := startServer(o, true)
	if err != nil {
		return nil, err
	}
	if err := r.engine.AwaitMaster(s.done); err != nil {
		r.Close()
		return nil, fmt.Errorf("respserver: StartReplica: %w", err)
	}
	return r, nil
}

// StartReplica is Server.StartReplica for a test: the replica is closed when the
// test ends, and a failure fails it.
func (s *TestServer) StartReplica(options ...Options) *TestServer {
	s.t.Helper()
	r, err := s.Server.StartReplica(options...)
	if err != nil {
		s.t.Fatalf("%v", err)
		return nil
	}
	s.t.Cleanup(func() { r.Close() })
	return &TestServer{Server: r, t: s.t, bubble: s.bubble}
}

// dial opens a connection to another server: a master, or the target of MIGRATE.
// Connections in memory are not encrypted.
func (s *Server) dial(ctx context.Context, o engine.DialOptions) (net.Conn, error) {
	switch {
	case s.options.master != nil && o.Host == inProcess:
		return s.options.master.Dial(ctx)
	case s.member != nil:
		return s.dialMember(ctx, o)
	}
	return s.dialOut(ctx, o)
}

// dialOut opens a connection by a socket.
func (s *Server) dialOut(ctx context.Context, o engine.DialOptions) (net.Conn, error) {
	if bubble() != "" {
		return nil, errBubble
	}
	var d net.Dialer
	if o.Source != "" {
		from, err := net.ResolveTCPAddr("tcp", net.JoinHostPort(o.Source, "0"))
		if err != nil {
			return nil, err
		}
		d.LocalAddr = from
	}
	connect := d.DialContext
	if s.options.dialNode != nil {
		connect = func(ctx context.Context, _, addr string) (net.Conn, error) { return s.options.dialNode(ctx, d, addr) }
	}
	nc, err := connect(ctx, "tcp", net.JoinHostPort(o.Host, strconv.Itoa(o.Port)))
	if err != nil || o.Settings == nil {
		return nc, err
	}
	conf, err := s.clientTLS(o.Settings)
	if err == nil {
		encrypted := tls.Client(nc, conf)
		if err = encrypted.HandshakeContext(ctx); err == nil {
			return encrypted, nil
		}
	}
	nc.Close()
	return nil, err
}

// clientTLS returns the TLS configuration for connections to other servers, from the
// settings. As in Redis a server's certificate must be from a known authority, and may
// have any name.
func (s *Server) clientTLS(c *config.Config) (*tls.Config, error) {
	conf := s.options.TLS
	if conf == nil {
		settings, r := c.TLS, &c.Replication
		if r.CertFile != "" {
			settings.CertFile, settings.KeyFile, settings.KeyPass = r.CertFile, r.KeyFile, r.KeyPass
		}
		var err error
		if conf, err = readTLS(&settings); err != nil {
			return nil, err
		}
	}
	known := conf.RootCAs
	if known == nil {
		known = conf.ClientCAs
	}
	return &tls.Config{
		Certificates: conf.Certificates, MinVersion: conf.MinVersion, MaxVersion: conf.MaxVersion, CipherSuites: conf.CipherSuites,
		InsecureSkipVerify: true, // the name; VerifyConnection does the rest
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return errors.New("the server has no certificate")
			}
			o := x509.VerifyOptions{Roots: known, Intermediates: x509.NewCertPool()}
			for _, cert := range state.PeerCertificates[1:] {
				o.Intermediates.AddCert(cert)
			}
			_, err := state.PeerCertificates[0].Verify(o)
			return err
		},
	}, nil
}

// carryLink carries the stream of a master.
func (s *Server) carryLink(nc net.Conn, open func(engine.Conn) *engine.Session) {
	s.net.Attach(nc, func(c transport.Conn) transport.Session { return open(c) })
}
