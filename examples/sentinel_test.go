package examples

import (
	"net"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
)

func TestMasterMoves(t *testing.T) {
	ctx := t.Context()
	clock := respserver.NewManualClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	network := respserver.NewNetwork(clock) // so that nothing takes real time
	master := respserver.StartTest(t, respserver.Options{Network: network})
	host, port, _ := net.SplitHostPort(master.Addr())
	replica := respserver.StartTest(t, respserver.Options{
		Network: network, Config: []string{"replicaof " + host + " " + port},
	})
	s := respserver.StartTestSentinels(t, respserver.SentinelOptions{
		Masters: map[string]string{"mymaster": master.Addr()},
		Options: respserver.Options{Network: network},
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
	// The new master dies, and the old one, its replica by now, takes over again.
	if err := s.Wait(ctx, "mymaster", 1); err != nil {
		t.Fatal(err)
	}
	replica.Abort()
	replica.Close()
	if addr, err = s.WaitForOther(ctx, "mymaster", replica.Addr()); err != nil || addr != master.Addr() {
		t.Errorf("the master is at %s: %v", addr, err)
	}
}
