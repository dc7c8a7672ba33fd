package examples

import (
	"testing"

	respserver "github.com/resp-server/resp-server"
)

func TestFitsCluster(t *testing.T) {
	srv := respserver.StartTest(t, respserver.Options{
		Strict: []string{"all warn", "missing-ttl warn session:*", "newer-commands error 7.0"},
	})
	// Here the code under test uses the server.
	srv.Must("SET", "session:1", "ann", "EX", 3600)
	srv.Must("MSET", "{user:1}:name", "Ann", "{user:1}:age", 41)

	srv.Must("MSET", "user:2", "Ben", "user:3", "Cid")
	for _, finding := range srv.StrictReport() {
		if finding.Rule != "cross-slot" { // strict_test.go:17: cross-slot: MSET user:2 Ben user:3 Cid: ...
			t.Error(finding)
		}
	}
	srv.ResetStrict() // otherwise the finding would fail the test
}
