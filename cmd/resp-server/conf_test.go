package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestConfOfServers starts a server with the settings in the redis.conf files of
// other servers, and with Debian's changes to them.
func TestConfOfServers(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/defaults.txt")
	if err != nil {
		t.Fatal(err)
	}
	var versions []string
	confs := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		words := strings.SplitN(strings.TrimSpace(line), " ", 3)
		switch words[0] {
		case "#":
		case "versions":
			versions = strings.Fields(line)[1:]
		default:
			for _, v := range versions[slices.Index(versions, words[0]) : slices.Index(versions, words[1])+1] {
				confs[v] += words[2] + "\n"
			}
		}
	}
	const debian = "daemonize yes\npidfile /run/redis/redis-server.pid\nlogfile /var/log/redis/redis-server.log\nsupervised auto\n"
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			conf := filepath.Join(t.TempDir(), "redis.conf")
			if err := os.WriteFile(conf, []byte(confs[version]+debian), 0o600); err != nil {
				t.Fatal(err)
			}
			startWithFile(t, conf)
		})
	}
}

// TestConfFiles starts a server with whole files: that of an installed server, and
// those in CONF_FILES, a list like PATH.
func TestConfFiles(t *testing.T) {
	t.Parallel()
	files := []string{"/etc/redis/redis.conf", "/etc/redis.conf", "/etc/valkey/valkey.conf"}
	for _, file := range append(files, filepath.SplitList(os.Getenv("CONF_FILES"))...) {
		if f, err := os.Open(file); err != nil {
			if !slices.Contains(files, file) {
				t.Error(err)
			}
			continue
		} else {
			f.Close()
		}
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			startWithFile(t, file)
		})
	}
}

// startWithFile starts a server with a file, but with other paths and sockets.
func startWithFile(t *testing.T, conf string) {
	t.Helper()
	p := start(t, "", conf, "--port", "0", "--bind", "127.0.0.1", "--daemonize", "no", "--dir", t.TempDir(), "--logfile", "", "--pidfile", "my.pid")
	p.ping(t)
}
