package respserver

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func authority(t *testing.T) *Authority {
	t.Helper()
	a, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// pingTLS returns the reply to PING.
func pingTLS(addr string, conf *tls.Config) (string, error) {
	c, err := tls.Dial("tcp", addr, conf)
	if err != nil {
		return "", err
	}
	defer c.Close()
	fmt.Fprint(c, "PING\r\n")
	line, err := bufio.NewReader(c).ReadString('\n')
	return strings.TrimSpace(line), err
}

func TestTLS(t *testing.T) {
	t.Parallel()
	a := authority(t)
	conf := must(a.ServerConfig())
	for _, loop := range []bool{false, true} {
		s := StartTest(t, Options{TLS: conf, EventLoop: loop})
		addr := s.TLSAddr()
		if got, err := pingTLS(addr, must(a.ClientConfig())); got != "+PONG" {
			t.Fatal(got, err)
		}
		if _, err := pingTLS(addr, nil); err == nil {
			t.Error("a client that does not trust the authority connected")
		}
		s.Want("PONG", "PING")
		if info := s.Must("INFO", "server").Text(); !strings.Contains(info, "name=tls,bind=127.0.0.1,port="+addr[strings.Index(addr, ":")+1:]) {
			t.Error(info)
		}
		// A client without TLS is disconnected.
		c := must(net.Dial("tcp", addr))
		fmt.Fprint(c, "PING\r\nPING\r\n")
		if got, _ := io.ReadAll(c); strings.Contains(string(got), "PONG") {
			t.Errorf("%q", got)
		}
		c.Close()
		must(net.Dial("tcp", addr)).Close() // a client that sends nothing
	}
}

// TestTLSPipelines reads large replies while the client sends much.
func TestTLSPipelines(t *testing.T) {
	t.Parallel()
	a := authority(t)
	s := StartTest(t, Options{TLS: must(a.ServerConfig())})
	s.Must("SET", "k", strings.Repeat("x", 100_000))
	c := must(tls.Dial("tcp", s.TLSAddr(), must(a.ClientConfig())))
	defer c.Close()
	const n = 300
	go func() {
		for range n {
			fmt.Fprint(c, "GET k\r\n")
		}
	}()
	if got, err := io.CopyN(io.Discard, c, int64(n*(100_000+len("$100000\r\n\r\n")))); err != nil {
		t.Fatal(got, err)
	}
	_, port, _ := net.SplitHostPort(c.LocalAddr().String())
	if list := s.Must("CLIENT", "LIST").Text(); !strings.Contains(list, "addr=127.0.0.1:"+port+" laddr="+s.TLSAddr()+" ") || strings.Contains(list, "fd=-1") {
		t.Error(list)
	}
}

// TestTLSCloses stops a server with clients in all states.
func TestTLSCloses(t *testing.T) {
	t.Parallel()
	a := authority(t)
	s := StartTest(t, Options{TLS: must(a.ServerConfig())})
	silent := must(net.Dial("tcp", s.TLSAddr()))
	defer silent.Close()
	idle := must(tls.Dial("tcp", s.TLSAddr(), must(a.ClientConfig())))
	defer idle.Close()
	fmt.Fprint(idle, "BLPOP none 0\r\n")
	if err := s.WaitBlocked(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := silent.Read(make([]byte, 1)); err == nil {
		t.Error("the silent client got a reply")
	}
}

// TestTLSOverrides: settings of the protocol hold beside Options.TLS, at the start and
// by CONFIG SET.
func TestTLSOverrides(t *testing.T) {
	t.Parallel()
	a := authority(t)
	client := must(a.ClientConfig())
	client.MaxVersion = tls.VersionTLS12
	s := StartTest(t, Options{TLS: must(a.ServerConfig()), Config: []string{"tls-protocols TLSv1.3"}})
	if got, err := pingTLS(s.TLSAddr(), client); got == "+PONG" {
		t.Errorf("a client of TLS 1.2 was let in: %v", err)
	}
	s.Want("OK", "CONFIG", "SET", "tls-protocols", "TLSv1.2")
	if got, err := pingTLS(s.TLSAddr(), client); got != "+PONG" {
		t.Errorf("%s, %v", got, err)
	}
	client.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}
	s.Want("OK", "CONFIG", "SET", "tls-ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384")
	if got, err := pingTLS(s.TLSAddr(), client); got == "+PONG" {
		t.Errorf("a client without a cipher in common was let in: %v", err)
	}
}

// TestTLSAuthClients: CONFIG SET tls-auth-clients overrides Options.TLS, whether the
// socket is open or not.
func TestTLSAuthClients(t *testing.T) {
	t.Parallel()
	a := authority(t)
	with := must(a.ClientConfig())
	without := &tls.Config{RootCAs: with.RootCAs, ServerName: "localhost"}
	for _, open := range []bool{false, true} {
		s := StartTest(t, Options{TLS: must(a.ServerConfig())})
		if open {
			s.Addr()
		}
		s.Want("OK", "CONFIG", "SET", "tls-auth-clients", "yes")
		if got, err := pingTLS(s.TLSAddr(), without); got == "+PONG" {
			t.Errorf("open before: %v: a client without certificate was let in: %v", open, err)
		}
		if got, err := pingTLS(s.TLSAddr(), with); got != "+PONG" {
			t.Errorf("open before: %v: %s, %v", open, got, err)
		}
		s.Want("OK", "CONFIG", "SET", "tls-auth-clients", "no")
		if got, err := pingTLS(s.TLSAddr(), without); got != "+PONG" {
			t.Errorf("open before: %v: %s, %v", open, got, err)
		}
	}
}

func TestTLSSettings(t *testing.T) {
	// Not parallel: other tests could take the port that has to be free.
	a, dir := authority(t), t.TempDir()
	if err := a.WriteFiles(dir); err != nil {
		t.Fatal(err)
	}
	file := func(name string) string { return filepath.ToSlash(filepath.Join(dir, name)) }
	settings := []string{"tls-cert-file " + file("server.crt"), "tls-key-file " + file("server.key"), "tls-ca-cert-file " + file("ca.crt")}
	s := StartTest(t, Options{Config: settings})
	s.Addr()
	if s.TLSAddr() != "" {
		t.Error("there is a TLS socket without tls-port")
	}
	free := must(net.Listen("tcp", "127.0.0.1:0"))
	_, port, _ := net.SplitHostPort(free.Addr().String())
	s.Want(Error("ERR CONFIG SET failed (possibly related to argument 'tls-port') - Unable to listen on this port. Check server logs."), "CONFIG", "SET", "tls-port", port)
	free.Close()
	s.Want("OK", "CONFIG", "SET", "tls-port", port)
	addr := s.TLSAddr()
	with := must(a.ClientConfig())
	without := &tls.Config{RootCAs: with.RootCAs, ServerName: "localhost"}
	try := func(name string, conf *tls.Config, ok bool) {
		t.Helper()
		if got, err := pingTLS(addr, conf); (got == "+PONG") != ok {
			t.Errorf("%s: %s %v", name, got, err)
		}
	}
	try("certificate", with, true)
	try("no certificate", without, false)
	old := must(tls.Dial("tcp", addr, with))
	defer old.Close()
	s.Want("OK", "CONFIG", "SET", "tls-auth-clients", "optional")
	try("no certificate, optional", without, true)
	other := must(authority(t).Client("client"))
	try("of somebody else", &tls.Config{RootCAs: with.RootCAs, ServerName: "localhost", Certificates: []tls.Certificate{other}}, false)
	s.Want("OK", "CONFIG", "SET", "tls-auth-clients", "no")
	try("no certificate, no", without, true)

	s.Want("OK", "CONFIG", "SET", "tls-cert-file", file("expired.crt"), "tls-key-file", file("expired.key"))
	try("expired", with, false)
	s.Want("OK", "CONFIG", "SET", "tls-cert-file", file("wronghost.crt"), "tls-key-file", file("wronghost.key"))
	var wrong *tls.CertificateVerificationError
	if _, err := pingTLS(addr, with); !errors.As(err, &wrong) {
		t.Error(err)
	}
	s.Want("OK", "CONFIG", "SET", "tls-cert-file", file("server.crt"), "tls-key-file", file("server.key"))
	const failed = "ERR CONFIG SET failed (possibly related to argument '%s') - Unable to update TLS configuration. Check server logs."
	for _, c := range [][2]string{{"tls-cert-file", file("none.crt")}, {"tls-key-file", file("client.key")}, {"tls-protocols", "SSLv3"}, {"tls-ciphers", "FOO"}, {"tls-ciphersuites", "TLS_AES_128_GCM_SHA256"}} {
		s.Want(Error(fmt.Sprintf(failed, c[0])), "CONFIG", "SET", c[0], c[1])
	}
	try("after failures", with, true)

	s.Want("OK", "CONFIG", "SET", "tls-protocols", "TLSv1.2", "tls-ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384:!aNULL")
	c := must(tls.Dial("tcp", addr, with))
	if st := c.ConnectionState(); st.Version != tls.VersionTLS12 || st.CipherSuite != tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 {
		t.Error(tls.VersionName(st.Version), tls.CipherSuiteName(st.CipherSuite))
	}
	c.Close()
	fmt.Fprint(old, "PING\r\n")
	if line, err := bufio.NewReader(old).ReadString('\n'); line != "+PONG\r\n" {
		t.Error("the connection from before broke", line, err)
	}
	s.Want("OK", "CONFIG", "SET", "tls-port", "0")
	if s.TLSAddr() != "" {
		t.Error("the server still has a TLS address")
	}
	// Another process may have the port by now.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := (&tls.Dialer{Config: with}).DialContext(ctx, "tcp", addr); err == nil {
		t.Error("the port is still open")
	}
	if _, err := Start(Options{Config: []string{"tls-port " + port}}); err == nil || !strings.Contains(err.Error(), "No tls-cert-file configured!") {
		t.Error(err)
	}
}

// TestTLSFiles covers an encrypted key, a directory of authorities, and the setting
// for sessions that clients resume.
func TestTLSFiles(t *testing.T) {
	t.Parallel()
	a, dir := authority(t), t.TempDir()
	if err := a.WriteFiles(dir); err != nil {
		t.Fatal(err)
	}
	file := func(name string) string { return filepath.ToSlash(filepath.Join(dir, name)) }
	block, _ := pem.Decode(must(os.ReadFile(file("server.key"))))
	//lint:ignore SA1019 OpenSSL writes such keys
	block = must(x509.EncryptPEMBlock(rand.Reader, block.Type, block.Bytes, []byte("secret"), x509.PEMCipherAES256))
	if err := os.WriteFile(file("encrypted.key"), pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(file("authorities"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file("ca.crt"), file("authorities/ca.crt")); err != nil {
		t.Fatal(err)
	}
	s := StartTest(t, Options{Addr: "127.0.0.1:0", Config: []string{
		"tls-cert-file " + file("server.crt"), "tls-key-file " + file("encrypted.key"), "tls-key-file-pass secret", "tls-ca-cert-dir " + file("authorities"),
	}})
	openTLSPort(t, s)
	s.Want(Error("ERR CONFIG SET failed (possibly related to argument 'tls-key-file-pass') - Unable to update TLS configuration. Check server logs."), "CONFIG", "SET", "tls-key-file-pass", "wrong")
	with := must(a.ClientConfig())
	with.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	resumed := func() bool {
		t.Helper()
		c := must(tls.Dial("tcp", s.TLSAddr(), with))
		defer c.Close()
		fmt.Fprint(c, "PING\r\n") // the ticket comes before the reply
		if line, err := bufio.NewReader(c).ReadString('\n'); line != "+PONG\r\n" {
			t.Error(line, err)
		}
		return c.ConnectionState().DidResume
	}
	if first, second := resumed(), resumed(); first || !second {
		t.Errorf("resumed sessions: %v, then %v", first, second)
	}
	s.Want("OK", "CONFIG", "SET", "tls-session-caching", "no")
	if resumed() {
		t.Error("a session is resumed although tls-session-caching is off")
	}
	other := must(authority(t).Client("client"))
	with.Certificates = []tls.Certificate{other}
	if got, err := pingTLS(s.TLSAddr(), with); err == nil {
		t.Errorf("with a certificate of another authority: %s", got)
	}
}

// openTLSPort sets tls-port to a free port.
func openTLSPort(t *testing.T, s *TestServer) {
	t.Helper()
	for range 10 { // another process may be quicker
		free := must(net.Listen("tcp", "127.0.0.1:0"))
		_, port, _ := net.SplitHostPort(free.Addr().String())
		free.Close()
		if r := must(s.Do(t.Context(), "CONFIG", "SET", "tls-port", port)); r.Text() == "OK" {
			return
		}
	}
	t.Fatal("no port can be opened")
}

// TestTLSRedisCLI connects with redis-cli, which uses OpenSSL.
func TestTLSRedisCLI(t *testing.T) {
	t.Parallel()
	cli := redisCLI(t)
	a, dir := authority(t), t.TempDir()
	if err := a.WriteFiles(dir); err != nil {
		t.Fatal(err)
	}
	conf := must(a.ServerConfig())
	conf.ClientAuth = tls.RequireAndVerifyClientCert
	s := StartTest(t, Options{TLS: conf})
	_, port, _ := strings.Cut(s.TLSAddr(), ":")
	run := func(args ...string) string {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		out, _ := exec.CommandContext(ctx, cli, append([]string{"-p", port, "--tls", "--cacert", filepath.Join(dir, "ca.crt")}, args...)...).CombinedOutput()
		return strings.TrimSpace(string(out))
	}
	with := []string{"--cert", filepath.Join(dir, "client.crt"), "--key", filepath.Join(dir, "client.key")}
	if got := run(append(with, "SET", "k", "v")...); got != "OK" {
		t.Error(got)
	}
	if got := run(append(with, "GET", "k")...); got != "v" {
		t.Error(got)
	}
	if got := run("GET", "k"); got == "v" {
		t.Error("a client without a certificate got a reply")
	}
}

// TestTLSLikeRedis compares the replies to CONFIG SET, and the settings afterwards,
// with a real server.
func TestTLSLikeRedis(t *testing.T) {
	t.Parallel()
	a, dir := authority(t), t.TempDir()
	if err := a.WriteFiles(dir); err != nil {
		t.Fatal(err)
	}
	file := func(name string) string { return filepath.ToSlash(filepath.Join(dir, name)) }
	port := func() string {
		free := must(net.Listen("tcp", "127.0.0.1:0"))
		defer free.Close()
		_, port, _ := net.SplitHostPort(free.Addr().String())
		return port
	}
	settings := []string{"tls-cert-file", file("server.crt"), "tls-key-file", file("server.key"), "tls-ca-cert-file", file("ca.crt"), "tls-port", port()}
	options := slices.Clone(settings)
	for i := 0; i < len(options); i += 2 {
		options[i] = "--" + options[i]
	}
	real := realServer(t, t.TempDir(), options...)
	s := StartTest(t, Options{Addr: "127.0.0.1:0", Config: []string{"loglevel warning"}})
	settings[7] = port()
	s.Want("OK", append([]any{"CONFIG", "SET"}, anys(settings)...)...)
	again := [2]string{port(), port()}
	for _, change := range []string{
		"tls-cert-file /none", "tls-key-file /none", "tls-key-file " + file("client.key"), "tls-ca-cert-file /none", "tls-ca-cert-dir /none",
		"tls-ca-cert-file ", "tls-auth-clients maybe", "tls-auth-clients no", "tls-ca-cert-file ", "tls-auth-clients yes",
		"tls-protocols foo", "tls-protocols TLSv1.2", "tls-auth-clients no", "tls-protocols TLSv1.2", "tls-protocols TLSv1.3 TLSv1.2", "tls-protocols ",
		"tls-ciphers foo", "tls-ciphers DEFAULT:!MEDIUM", "tls-ciphersuites foo", "tls-session-cache-size -1", "tls-session-cache-timeout 10",
		"tls-session-caching maybe", "tls-session-caching no", "tls-prefer-server-ciphers yes", "tls-key-file-pass secret", "tls-port 99999", "tls-cert-file ", "tls-key-file ",
		"tls-port 0", "tls-cert-file /none", "tls-port", "tls-cert-file " + file("server.crt"),
		"tls-cert-file " + file("expired.crt") + " tls-key-file " + file("expired.key"),
	} {
		name, value, _ := strings.Cut(change, " ")
		values := []string{name, value}
		if first, rest, is := strings.Cut(value, " tls-key-file "); is {
			values = []string{name, first, "tls-key-file", rest}
		}
		if change == "tls-port" {
			values[1] = again[0]
		}
		want := ask(t, real, append([]string{"CONFIG", "SET"}, values...)...)
		if change == "tls-port" {
			values[1] = again[1]
		}
		got, _ := s.Do(t.Context(), append([]any{"CONFIG", "SET"}, anys(values)...)...)
		if want = strings.TrimPrefix(want, "-"); got.Str != want {
			t.Errorf("%s: %s, not %s", change, got.Str, want)
		}
		if name != "tls-port" {
			r := must(s.Do(t.Context(), "CONFIG", "GET", name))
			if want := ask(t, real, "CONFIG", "GET", name); fmt.Sprint([]any{name, r.StringMap()[name]}) != want {
				t.Errorf("%s: the setting is then %v, not %s", change, r, want)
			}
		}
	}
}

func anys(words []string) (list []any) {
	for _, w := range words {
		list = append(list, w)
	}
	return list
}
