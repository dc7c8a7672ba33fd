package respserver

import (
	"testing"
	"time"
)

// TestOwnKeys: what clients have written to a replica expires there, though its
// master knows nothing of it; what the master has sent stays until the master says so.
func TestOwnKeys(t *testing.T) {
	c := NewManualClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	o := Options{Clock: c, Config: append([]string{"replica-read-only no"}, debugging.Config...)}
	srv := StartTest(t, Options{Clock: c, Config: debugging.Config})
	srv.Must("DEBUG", "SET-ACTIVE-EXPIRE", 0)
	srv.Must("SET", "theirs", "1", "PX", 1000)
	r := srv.StartReplica(o)
	r.Must("SET", "own", "1", "PX", 1000)
	r.Must("SET", "longer", "1", "PX", 5000)
	r.Must("SET", "kept", "1", "PX", 1000)
	r.Must("PERSIST", "kept")
	if got := role(r, "slave_expires_tracked_keys"); got != "3" {
		t.Errorf("%s own keys", got)
	}
	c.Advance(2 * time.Second)
	if got := r.Must("DBSIZE").Int(); got != 3 { // theirs, longer, kept
		t.Errorf("%d keys after two seconds", got)
	}
	c.Advance(4 * time.Second)
	if got := r.Must("DBSIZE").Int(); got != 2 {
		t.Errorf("%d keys after six seconds", got)
	}
	if got := role(r, "slave_expires_tracked_keys"); got != "0" {
		t.Errorf("%s own keys are left", got)
	}
	if got := r.Must("EXISTS", "theirs", "kept").Int(); got != 1 {
		t.Errorf("%d are seen", got)
	}
}
