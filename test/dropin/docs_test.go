package main

import (
	"flag"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	respserver "github.com/resp-server/resp-server"
)

var fix = flag.Bool("fix", false, "rewrite the tables in docs/miniredis.md")

const docs = "../../docs/miniredis.md"

// kept returns the results that the repository keeps. `test/dropin/run -results
// results.json` writes them.
func kept(t *testing.T) []row {
	t.Helper()
	rows, err := load("results.json")
	if err != nil || len(rows) == 0 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	return rows
}

// TestDocs compares the tables in the guide with the results. `go test -run TestDocs
// -fix` rewrites them.
func TestDocs(t *testing.T) {
	data, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	text, want := string(data), string(data)
	rows := kept(t)
	for name, server := range map[string]bool{"programs": false, "programs-with-a-server": true} {
		begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->\n"
		before, rest, ok := strings.Cut(want, begin)
		_, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("no %s in %s", begin, docs)
		}
		want = before + begin + table(rows, server) + end + after
	}
	if *fix {
		if err := os.WriteFile(docs, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if text != want {
		t.Errorf("the tables in %s are not those of results.json: go test -run TestDocs -fix", docs)
	}
}

// TestEverythingIsExplained fails for a test that fails with ours alone, without a
// reason.
func TestEverythingIsExplained(t *testing.T) {
	for _, r := range kept(t) {
		if strings.Contains(r.Why, noReason) {
			t.Errorf("%s: %s", r.Program, r.Why)
		}
	}
}

// TestProofs asks a real server and ours for the replies in the tables.
func TestProofs(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("RESPSERVER_NEED_REDIS") != "" {
			t.Fatal("no redis-server on PATH")
		}
		t.Skip("no redis-server on PATH")
	}
	dir, err := os.MkdirTemp("", "proofs") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	real, _, stop, err := redis("redis-server", dir)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	s, err := respserver.Start(respserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Addr())
	ours := []string{"-p", port}
	rows := kept(t)
	for _, p := range programs {
		i := slices.IndexFunc(rows, func(r row) bool { return r.Program == p.Module })
		if i < 0 {
			continue
		}
		for name, reason := range p.Reasons {
			for _, server := range [][]string{real, ours} {
				if text, err := reason.record(server); err != nil || !strings.Contains(rows[i].Why, text) {
					t.Errorf("%s %s: %q, %v is not in the table", p.Module, name, text, err)
				}
			}
		}
	}
}
