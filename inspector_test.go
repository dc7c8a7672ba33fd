package respserver_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	respserver "github.com/resp-server/resp-server"
)

// TestInspector: the setting and the option open a page of this machine, and none
// elsewhere.
func TestInspector(t *testing.T) {
	t.Parallel()
	for _, o := range []respserver.Options{
		{Inspector: "127.0.0.1:0"}, {Inspector: "localhost:0"}, {Inspector: "0"}, {Config: []string{"inspector 0"}}, {Config: []string{"inspector 1"}, Inspector: "[::1]:0"},
	} {
		srv, err := respserver.Start(o)
		if err != nil {
			if strings.Contains(o.Inspector, "::1") {
				continue // the machine has no IPv6
			}
			t.Fatal(err)
		}
		base, token, ok := strings.Cut(srv.InspectorURL(), "/#token=")
		if !ok || len(token) < 20 {
			t.Errorf("%v: the URL is %q", o, srv.InspectorURL())
		}
		answer, err := http.Get(base)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%v: %s", o, answer.Status)
		}
		fork, err := srv.Fork()
		if err != nil {
			t.Fatal(err)
		}
		if fork.InspectorURL() != "" {
			t.Error("a fork has an inspector")
		}
		if _, err := srv.Do(t.Context(), "CONFIG", "SET", "inspector", "0"); err == nil {
			t.Error("CONFIG SET may move the inspector")
		}
		fork.Close()
		srv.Close()
		if _, err := http.Get(base); err == nil {
			t.Errorf("%v: the page outlives the server", o)
		}
	}
	for _, addr := range []string{"0.0.0.0:0", "192.0.2.1:0", "*:0", "example.com:0", ":8001", "127.0.0.1", "127.0.0.1:99999", "x", "[::]:0"} {
		if srv, err := respserver.Start(respserver.Options{Inspector: addr}); err == nil {
			srv.Close()
			t.Errorf("%s: the server starts", addr)
		}
		var at *respserver.ConfigError
		if _, err := respserver.Start(respserver.Options{Config: []string{"inspector " + addr}}); !errors.As(err, &at) {
			t.Errorf("inspector %s: %v", addr, err)
		}
	}
	srv, err := respserver.Start(respserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	if url := srv.InspectorURL(); url != "" {
		t.Errorf("without being asked for it is at %s", url)
	}
}

// TestNoInspector: Start fails for a sentinel, and in a bubble of testing/synctest.
func TestNoInspector(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		if _, err := respserver.Start(respserver.Options{Inspector: "127.0.0.1:0", NoListen: true}); err == nil {
			t.Error("a server in a bubble has an inspector")
		}
	})
	if _, err := respserver.Start(respserver.Options{Inspector: "127.0.0.1:0", Sentinel: true}); err == nil {
		t.Error("a sentinel has an inspector")
	}
}
