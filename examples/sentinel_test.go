package examples

import (
	"net"
	"testing"

	respserver "github.com/resp-server/resp-server"
)

func TestMasterMoves(t *testing.T) {
	ctx := t.Context()
	master := respserver.StartTest(t, respserver.Options{Config: []string{"repl-diskless-sync-delay 0"}})
	host, port, _ := net.SplitHostPort(master.Addr())
	replica := respserver.StartTest(t, respserver.Options{
		Addr: "127.0.0.1:0", Config: []string{"replicaof " + host + " " + port},
	})
	s := respserver.StartTestSentinels(t, respserver.SentinelOptions{
		Masters: map[string]string{"mymaster": master.Addr()},
	})
	if err := s.Wait(ctx, "mymaster", 1); err != nil { // with one replica
		t.Fatal(err)
	}
	// Clients that know s.Addrs() are connected to the master now.
	addr, err := s.Failover(ctx, "mymaster")
	if err != nil {
		t.Fatal(err)
	}
	if addr != replica.Addr() {
		t.Errorf("the master is at %s", addr)
	}
}
