package examples

import (
	"crypto/tls"
	"fmt"
	"io"
	"testing"

	respserver "github.com/resp-server/resp-server"
)

func TestOverTLS(t *testing.T) {
	authority, err := respserver.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	server, err := authority.ServerConfig()
	if err != nil {
		t.Fatal(err)
	}
	client, err := authority.ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	server.ClientAuth = tls.RequireAndVerifyClientCert // otherwise clients need no certificate
	srv := respserver.StartTest(t, respserver.Options{TLS: server})

	conn, err := tls.Dial("tcp", srv.TLSAddr(), client)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "PING\r\n")
	if _, err := io.ReadFull(conn, make([]byte, len("+PONG\r\n"))); err != nil {
		t.Error(err)
	}

	client.Certificates = nil
	conn, err = tls.Dial("tcp", srv.TLSAddr(), client)
	if err == nil {
		defer conn.Close()
		_, err = conn.Read(make([]byte, 1)) // TLS 1.3 reports the error only now
	}
	if err == nil {
		t.Error("a client without certificate was let in")
	}
}
