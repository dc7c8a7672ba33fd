package clients

import (
	"crypto/tls"
	"testing"

	"github.com/redis/go-redis/v9"

	respserver "github.com/resp-server/resp-server"
)

// TestGoRedisTLS connects with a certificate, without one, and to servers that it
// must not trust.
func TestGoRedisTLS(t *testing.T) {
	a, err := respserver.NewAuthority()
	check(t, err)
	server, err := a.ServerConfig()
	check(t, err)
	client, err := a.ClientConfig()
	check(t, err)
	server.ClientAuth = tls.RequireAndVerifyClientCert
	ping := func(server, client *tls.Config) error {
		srv := respserver.StartTest(t, respserver.Options{TLS: server})
		r := redis.NewClient(&redis.Options{Addr: srv.TLSAddr(), TLSConfig: client, MaxRetries: -1})
		defer r.Close()
		return r.Ping(t.Context()).Err()
	}
	check(t, ping(server, client))
	stranger := client.Clone()
	stranger.Certificates = nil
	if ping(server, stranger) == nil {
		t.Error("a client without certificate was let in")
	}
	for name, issue := range map[string]func(...string) (tls.Certificate, error){
		"expired":   a.Expired,
		"wronghost": func(...string) (tls.Certificate, error) { return a.Server("wrong.example") },
	} {
		cert, err := issue()
		check(t, err)
		bad := server.Clone()
		bad.Certificates = []tls.Certificate{cert}
		if ping(bad, client) == nil {
			t.Errorf("the client trusted a server whose certificate is %s", name)
		}
	}
}
