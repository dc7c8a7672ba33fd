//go:build unix

package respserver

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// TestUnixSocketMode checks that nobody can connect to a Unix socket before its
// mode is set.
func TestUnixSocketMode(t *testing.T) {
	dir, err := os.MkdirTemp("", "s") // the path of t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	check := func(when string, reachable bool) {
		t.Helper()
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: the mode is %v, %v", when, info.Mode(), err)
		}
		c, err := net.Dial("unix", path)
		if err == nil {
			c.Close()
		}
		if (err == nil) != reachable {
			t.Errorf("%s: Dial: %v", when, err)
		}
	}
	socket, err := bindUnix(path, 0o600, "")
	if err != nil {
		t.Fatal(err)
	}
	check("once it is bound", false)
	socket.Close()
	os.Remove(path)
	start(t, Options{Config: []string{`bind ""`, "unixsocket " + path, "unixsocketperm 600"}})
	check("once it listens", true)
}
