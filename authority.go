package respserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Authority is a certificate authority for tests. It lives in memory, and only the
// clients and servers of the test trust it. Its methods are safe for concurrent
// use.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	now  time.Time
}

// NewAuthority returns a new certificate authority, valid for ten years.
func NewAuthority() (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	a := &Authority{key: key, now: RealClock.Now()}
	t := a.template("resp-server test CA")
	t.IsCA, t.BasicConstraintsValid, t.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	a.cert, err = x509.ParseCertificate(der)
	return a, err
}

func (a *Authority) template(name string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: a.now.Add(-time.Hour), NotAfter: a.now.AddDate(10, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
}

func (a *Authority) issue(t *x509.Certificate) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, &key.PublicKey, a.key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// Server issues a server certificate for the given names and addresses. The default
// is localhost, 127.0.0.1 and ::1.
func (a *Authority) Server(hosts ...string) (tls.Certificate, error) { return a.issue(a.server(hosts)) }

func (a *Authority) server(hosts []string) *x509.Certificate {
	if len(hosts) == 0 {
		hosts = []string{"localhost", "127.0.0.1", "::1"}
	}
	t := a.template(hosts[0])
	// A server is a client of its master and of the other nodes of its cluster.
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, h)
		}
	}
	return t
}

// Client issues a client certificate for the given name.
func (a *Authority) Client(name string) (tls.Certificate, error) {
	t := a.template(name)
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return a.issue(t)
}

// Expired issues a server certificate that expired an hour ago, which a client must
// refuse.
func (a *Authority) Expired(hosts ...string) (tls.Certificate, error) {
	t := a.server(hosts)
	t.NotBefore, t.NotAfter = a.now.Add(-48*time.Hour), a.now.Add(-time.Hour)
	return a.issue(t)
}

// ServerConfig returns a configuration for Options.TLS, with a new certificate of
// Server. Clients may present a certificate of the authority; set ClientAuth to
// tls.RequireAndVerifyClientCert to require one.
func (a *Authority) ServerConfig() (*tls.Config, error) {
	cert, err := a.Server()
	return &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: a.pool()}, err
}

// ClientConfig returns a configuration for clients: they trust the authority and
// present a certificate of it. The server name is "localhost".
func (a *Authority) ClientConfig() (*tls.Config, error) {
	cert, err := a.Client("client")
	return &tls.Config{Certificates: []tls.Certificate{cert}, RootCAs: a.pool(), ServerName: "localhost"}, err
}

func (a *Authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// WriteFiles writes PEM files into a directory, which it creates if necessary:
// ca.crt, and the .crt and .key files of server, client, expired (an expired server
// certificate) and wronghost (a server certificate for wrong.example).
func (a *Authority) WriteFiles(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
	if err := os.WriteFile(filepath.Join(dir, "ca.crt"), ca, 0o666); err != nil {
		return err
	}
	for _, f := range []struct {
		name  string
		issue func() (tls.Certificate, error)
	}{
		{"server", func() (tls.Certificate, error) { return a.Server() }},
		{"client", func() (tls.Certificate, error) { return a.Client("client") }},
		{"expired", func() (tls.Certificate, error) { return a.Expired() }},
		{"wronghost", func() (tls.Certificate, error) { return a.Server("wrong.example") }},
	} {
		cert, err := f.issue()
		if err != nil {
			return err
		}
		key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
		if err != nil {
			return err
		}
		crt := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})
		if err := os.WriteFile(filepath.Join(dir, f.name+".crt"), crt, 0o666); err != nil {
			return err
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
		if err := os.WriteFile(filepath.Join(dir, f.name+".key"), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}
