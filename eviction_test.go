package respserver

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/engine"
)

// TestEviction fills a server beyond its limit and checks which keys are left:
// under LRU and LFU the used ones, under LRM those
// that were changed, under TTL those with the longest time to live.
func TestEviction(t *testing.T) {
	t.Parallel()
	const keys, used = 2000, 200
	for _, policy := range []string{"allkeys-lru", "allkeys-lfu", "allkeys-lrm", "volatile-lru", "volatile-lfu", "volatile-lrm", "volatile-ttl"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			clock := NewManualClock(time.Unix(1700000000, 0))
			s := StartTest(t, Options{Seed: 1, Clock: clock, Config: []string{"maxmemory-policy " + policy, "maxmemory-eviction-tenacity 100"}})
			value := strings.Repeat("x", 500)
			for i := range keys {
				ttl := 100000 + i
				if i%(keys/used) == 0 {
					ttl = 1000000
				}
				s.Must("SET", fmt.Sprint("key:", i), value, "EX", ttl)
			}
			for range 10 {
				clock.Advance(time.Minute / 4)
				for i := 0; i < keys; i += keys / used {
					if strings.HasSuffix(policy, "-lrm") {
						s.Must("SETRANGE", fmt.Sprint("key:", i), 0, "y")
						i++ // a key that is read does not stay
					}
					s.Must("GET", fmt.Sprint("key:", i))
					i -= i % (keys / used)
				}
			}
			s.Must("CONFIG", "SET", "maxmemory", keys*550/2)
			s.Must("PING")
			if n := s.Must("DBSIZE").Int(); n < keys/3 || n > keys*2/3 {
				t.Errorf("%d keys of %d are left", n, keys)
			}
			left := int64(0)
			for i := 0; i < keys; i += keys / used {
				left += s.Must("EXISTS", fmt.Sprint("key:", i)).Int()
			}
			if left < used*95/100 {
				t.Errorf("%d of the %d keys that should stay are left", left, used)
			}
		})
	}
}

// TestClientEviction makes one client use more memory than maxmemory-clients.
func TestClientEviction(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Config: []string{"maxmemory-clients 1mb"}})
	large, err := s.Dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer large.Close()
	small, err := s.Dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer small.Close()
	fmt.Fprintf(large, "*2\r\n$3\r\nGET\r\n$3000000\r\n%s", strings.Repeat("x", 2000000))
	if n, err := large.Read(make([]byte, 1)); err == nil {
		t.Errorf("the large client reads %d bytes", n)
	}
	fmt.Fprint(small, "PING\r\n")
	if _, err := small.Read(make([]byte, 7)); err != nil {
		t.Errorf("the small client: %v", err)
	}
	var evicted uint64
	s.engine.Run(func(c *engine.Core) { evicted = c.Stats.EvictedClients })
	if evicted != 1 {
		t.Errorf("%d clients are evicted", evicted)
	}
}
