package engine

import (
	"strings"
	"testing"
)

// TestOrder is the one place where the order stands in which commands are
// judged and looked at.
func TestOrder(t *testing.T) {
	var got []string
	for _, g := range gates {
		got = append(got, g.name)
	}
	for _, o := range observers {
		got = append(got, o.name)
	}
	const want = `
a command that a setting has to allow
a client that has to log in
a command that no transaction may have
what the user may do
keys that another node of the cluster serves
maxmemory
a disk that can't be written
a master with too few replicas
a replica that only its master writes
a RESP2 client with subscriptions
a replica whose link is down
data that are being loaded
a script that is busy
a client in MONITOR mode, or a replica
faults that a test asked for
a test that chooses which command is next
strict mode
MONITOR
SLOWLOG, LATENCY and COMMANDLOG
which keys are hot
what slots take
what clients cache
replies in another order
strict mode
observers from outside`
	if s := strings.Join(got, "\n"); s != strings.TrimSpace(want) {
		t.Errorf("got\n%s", s)
	}
	if gateStrict != 1<<(len(gates)-1) || observeOutside != 1<<(len(observers)-1) {
		t.Error("the bits and the lists differ")
	}
}
