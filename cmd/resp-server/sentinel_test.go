package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSentinel starts a sentinel from its file, which it keeps up to date.
func TestSentinel(t *testing.T) {
	t.Parallel()
	conf := filepath.Join(t.TempDir(), "sentinel.conf")
	if err := os.WriteFile(conf, []byte("port 0\nsentinel monitor m 127.0.0.1 1 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, "", conf, "--sentinel")
	p.ping(t)
	text, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\nsentinel monitor m 127.0.0.1 1 2\n", "\nsentinel myid ", "\nsentinel current-epoch 0\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	p = start(t, "", conf, "--sentinel", "--port", "0", "--sentinel", "announce-port", "5")
	c, err := net.Dial("tcp", p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "SENTINEL CONFIG GET announce-port\r\n")
	const want = "*2\r\n$13\r\nannounce-port\r\n$1\r\n5\r\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); string(got) != want {
		t.Errorf("with an option: %q, %v", got, err)
	}
}
