package respserver

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/resp-server/resp-server/internal/config"
)

// TLSAddr returns the address of the first TLS socket, such as "127.0.0.1:34567",
// or "" if there is none. It stays valid after Close.
func (s *Server) TLSAddr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tlsAddr
}

// TLSAddr is Server.TLSAddr, and opens the sockets as Addr does.
func (s *TestServer) TLSAddr() string {
	s.t.Helper()
	s.mustListen()
	return s.Server.TLSAddr()
}

// setTLS reads the certificates again, for new connections.
func (s *Server) setTLS(c *config.Config) (err error) {
	var conf *tls.Config
	if s.options.TLS != nil {
		conf, err = withSettings(s.options.TLS, c)
	} else {
		conf, err = readTLS(&c.TLS)
	}
	if err == nil {
		s.tls.Store(conf)
	}
	return err
}

// applyTLS puts a setting of TLS into effect. As in Redis, it reads the files again
// while the TLS port is open, while opening the port reads them only the first
// time.
func (s *Server) applyTLS(p *config.Param, c *config.Config) error {
	if p.Name == "tls-port" && s.tls.Load() != nil || c.TLS.Port == 0 && s.options.TLS == nil {
		return nil
	}
	return s.setTLS(c)
}

// withSettings returns Options.TLS with the settings that were given. Those that name
// files have no effect beside Options.TLS.
func withSettings(options *tls.Config, c *config.Config) (conf *tls.Config, err error) {
	conf = options.Clone()
	if c.Given("tls-auth-clients") {
		conf.ClientAuth = clientAuth(c.TLS.AuthClients)
		if conf.ClientCAs == nil {
			conf.ClientCAs = x509.NewCertPool() // an empty pool trusts nobody; nil would trust the CAs of the system
		}
	}
	if c.Given("tls-session-caching") {
		conf.SessionTicketsDisabled = !c.TLS.SessionCaching
	}
	if c.Given("tls-protocols") {
		if conf.MinVersion, conf.MaxVersion, err = protocols(c.TLS.Protocols); err != nil {
			return nil, err
		}
	}
	if c.Given("tls-ciphers") {
		if conf.CipherSuites, err = ciphers(c.TLS.Ciphers); err != nil {
			return nil, err
		}
	}
	return conf, checkSuites(c.TLS.CipherSuites)
}

// clientAuth returns the policy for client certificates.
func clientAuth(setting string) tls.ClientAuthType {
	switch setting {
	case "yes":
		return tls.RequireAndVerifyClientCert
	case "optional":
		return tls.VerifyClientCertIfGiven
	}
	return tls.NoClientCert
}

// openTLS is openTCP for encrypted connections.
func (s *Server) openTLS(c *config.Config, hosts []string, port int) ([]door, error) {
	doors, err := s.openTCP(c, hosts, port)
	current := &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		if conf := s.tls.Load(); conf != nil {
			return conf, nil
		}
		return nil, net.ErrClosed
	}}
	for i := range doors {
		doors[i].Listener, doors[i].tls = tls.NewListener(doors[i].Listener, current), true
	}
	return doors, err
}

// readTLS converts the settings for package tls. The errors are those that Redis
// logs.
func readTLS(c *config.TLS) (*tls.Config, error) {
	switch {
	case c.CertFile == "":
		return nil, errors.New("No tls-cert-file configured!")
	case c.KeyFile == "":
		return nil, errors.New("No tls-key-file configured!")
	case c.AuthClients != "no" && c.CAFile == "" && c.CADir == "":
		return nil, errors.New("Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-cluster, tls-replication or tls-auth-clients are enabled!")
	}
	conf := &tls.Config{SessionTicketsDisabled: !c.SessionCaching, ClientAuth: clientAuth(c.AuthClients)}
	var err error
	if conf.MinVersion, conf.MaxVersion, err = protocols(c.Protocols); err != nil {
		return nil, err
	}
	cert, err := os.ReadFile(c.CertFile)
	if err != nil {
		return nil, fmt.Errorf("Failed to load certificate: %s: %w", c.CertFile, err)
	}
	key, err := readKey(c.KeyFile, c.KeyPass)
	if err != nil {
		return nil, fmt.Errorf("Failed to load private key: %s: %w", c.KeyFile, err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("Failed to load private key: %s: %w", c.KeyFile, err)
	}
	conf.Certificates = []tls.Certificate{pair}
	if c.CAFile != "" || c.CADir != "" {
		if conf.ClientCAs, err = readCAs(c.CAFile, c.CADir); err != nil {
			return nil, fmt.Errorf("Failed to configure CA certificate(s) file/directory: %w", err)
		}
	}
	if conf.CipherSuites, err = ciphers(c.Ciphers); err != nil {
		return nil, err
	}
	return conf, checkSuites(c.CipherSuites)
}

// readKey reads a private key in PEM format, which may have the encryption of RFC
// 1421.
func readKey(name, pass string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	switch {
	case block == nil:
		return nil, errors.New("no PEM block")
	case block.Type == "ENCRYPTED PRIVATE KEY":
		return nil, errors.New("an encrypted key of PKCS #8 can't be read; convert it with openssl rsa -traditional")
	case block.Headers["DEK-Info"] == "":
		return text, nil
	}
	//lint:ignore SA1019 OpenSSL reads such keys, and no other package does
	der, err := x509.DecryptPEMBlock(block, []byte(pass))
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: der}), nil
}

// readCAs reads the certificates in a file, and in all files of a directory.
func readCAs(file, dir string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if !pool.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s: no certificate", file)
		}
	}
	if dir != "" {
		entries, _ := os.ReadDir(dir) // like OpenSSL, ignore a missing directory
		for _, e := range entries {
			if text, err := os.ReadFile(filepath.Join(dir, e.Name())); err == nil {
				pool.AppendCertsFromPEM(text)
			}
		}
	}
	return pool, nil
}

var versions = []struct {
	name   string
	number uint16
}{{"tlsv1", tls.VersionTLS10}, {"tlsv1.1", tls.VersionTLS11}, {"tlsv1.2", tls.VersionTLS12}, {"tlsv1.3", tls.VersionTLS13}}

// protocols parses "TLSv1.2 TLSv1.3". Package tls takes a range without gaps.
func protocols(setting string) (least, most uint16, err error) {
	if setting == "" {
		return tls.VersionTLS12, tls.VersionTLS13, nil
	}
	var given [4]bool
	for _, word := range strings.Fields(setting) {
		i := slices.Index([]string{versions[0].name, versions[1].name, versions[2].name, versions[3].name}, strings.ToLower(word))
		if i < 0 {
			return 0, 0, errors.New("Invalid tls-protocols specified. Use a combination of 'TLSv1', 'TLSv1.1', 'TLSv1.2' and 'TLSv1.3'.")
		}
		given[i] = true
	}
	for i, v := range versions {
		switch {
		case !given[i]:
		case least == 0:
			least, most = v.number, v.number
		case most != v.number-1:
			return 0, 0, errors.New("tls-protocols: a version between two others can't be left out")
		default:
			most = v.number
		}
	}
	return least, most, nil
}

// ciphers parses a cipher list of OpenSSL: names of ciphers, "!" to exclude one,
// and DEFAULT, HIGH and ALL for all that package tls considers secure.
func ciphers(setting string) (ids []uint16, err error) {
	if setting == "" {
		return nil, nil
	}
	known, secure := make(map[string]uint16), []uint16(nil)
	for _, suite := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		if name, is := opensslName(suite.Name); is {
			known[name] = suite.ID
			if !suite.Insecure {
				secure = append(secure, suite.ID)
			}
		}
	}
	var banned []uint16
	for _, word := range strings.FieldsFunc(setting, func(r rune) bool { return strings.ContainsRune(":, ", r) }) {
		name, not := strings.CutPrefix(word, "!")
		id, ok := known[name]
		switch {
		case ok && not:
			banned = append(banned, id)
		case ok:
			ids = append(ids, id)
		case !not && slices.Contains([]string{"DEFAULT", "HIGH", "ALL"}, name):
			ids = append(ids, secure...)
		case not && slices.Contains([]string{"aNULL", "eNULL", "NULL", "LOW", "EXPORT", "EXP", "MD5", "DES", "RC4", "MEDIUM", "PSK", "SRP"}, name):
			// the list has none of these
		default:
			return nil, fmt.Errorf("Failed to configure ciphers: %s", setting)
		}
	}
	ids = slices.DeleteFunc(ids, func(id uint16) bool { return slices.Contains(banned, id) })
	if len(ids) == 0 {
		return nil, fmt.Errorf("Failed to configure ciphers: %s", setting)
	}
	return ids, nil
}

// opensslName returns the OpenSSL name of a cipher up to TLS 1.2.
func opensslName(name string) (string, bool) {
	exchange, cipher, ok := strings.Cut(strings.TrimPrefix(name, "TLS_"), "_WITH_")
	if !ok {
		return "", false // a cipher of TLS 1.3
	}
	cipher = strings.NewReplacer("AES_128", "AES128", "AES_256", "AES256", "_CBC_", "_", "3DES_EDE_CBC", "DES_CBC3",
		"CHACHA20_POLY1305_SHA256", "CHACHA20_POLY1305").Replace(cipher)
	if exchange != "RSA" {
		cipher = exchange + "_" + cipher
	}
	return strings.ReplaceAll(cipher, "_", "-"), true
}

// checkSuites reports an error if the setting omits a cipher of TLS 1.3: package
// tls always offers all of them.
func checkSuites(setting string) error {
	if setting == "" {
		return nil
	}
	given := strings.Split(setting, ":")
	all := []string{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
	for _, name := range given {
		if !slices.Contains(all, name) {
			return fmt.Errorf("Failed to configure ciphersuites: %s", setting)
		}
	}
	for _, name := range all {
		if !slices.Contains(given, name) {
			return fmt.Errorf("Failed to configure ciphersuites: %s: %s can't be left out", setting, name)
		}
	}
	return nil
}
