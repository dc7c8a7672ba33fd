package clients

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
	respserver "github.com/resp-server/resp-server"
)

// counters is a client library that can count.
type counters interface {
	incr(ctx context.Context, key string) error
	get(ctx context.Context, key string) (int64, error)
}

type clusterGoRedis struct{ *redis.ClusterClient }

func (c clusterGoRedis) incr(ctx context.Context, key string) error { return c.Incr(ctx, key).Err() }
func (c clusterGoRedis) get(ctx context.Context, key string) (int64, error) {
	return c.Get(ctx, key).Int64()
}

type clusterRueidis struct{ rueidis.Client }

func (c clusterRueidis) incr(ctx context.Context, key string) error {
	return c.Do(ctx, c.B().Incr().Key(key).Build()).Error()
}
func (c clusterRueidis) get(ctx context.Context, key string) (int64, error) {
	return c.Do(ctx, c.B().Get().Key(key).Build()).AsInt64()
}

// TestClusterClients: clients count while slots move, and no count is lost.
func TestClusterClients(t *testing.T) {
	for name, connect := range map[string]func(*testing.T, *respserver.TestCluster) counters{
		"go-redis": func(t *testing.T, c *respserver.TestCluster) counters {
			r := redis.NewClusterClient(&redis.ClusterOptions{Addrs: c.Addrs()[:1]})
			t.Cleanup(func() { r.Close() })
			return clusterGoRedis{r}
		},
		"go-redis without sockets": func(t *testing.T, c *respserver.TestCluster) counters {
			r := redis.NewClusterClient(&redis.ClusterOptions{Addrs: c.Addrs()[:1], Dialer: c.DialContext})
			t.Cleanup(func() { r.Close() })
			return clusterGoRedis{r}
		},
		"rueidis": func(t *testing.T, c *respserver.TestCluster) counters {
			r, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: c.Addrs()[:1], DisableCache: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(r.Close)
			return clusterRueidis{r}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			c := respserver.StartTestCluster(t, respserver.ClusterOptions{Masters: 3})
			client := connect(t, c)
			var counted [8]atomic.Int64
			var stop atomic.Bool
			var work sync.WaitGroup
			for i := range counted {
				work.Go(func() {
					for !stop.Load() {
						if err := client.incr(ctx, fmt.Sprintf("{%d}n", i)); err != nil {
							t.Errorf("INCR: %v", err)
							return
						}
						counted[i].Add(1)
					}
				})
			}
			for round := range 2 {
				for i := range counted {
					key := fmt.Sprintf("{%d}n", i)
					move, err := c.MoveSlot(ctx, c.Slot(key), (c.MasterOf(key)+1)%3)
					if err == nil {
						err = move.Finish(ctx)
					}
					if err != nil {
						t.Fatalf("round %d, %s: %v", round, key, err)
					}
				}
			}
			stop.Store(true)
			work.Wait()
			for i := range counted {
				if n, err := client.get(ctx, fmt.Sprintf("{%d}n", i)); err != nil || n != counted[i].Load() || n == 0 {
					t.Errorf("counter %d: %d, counted %d (%v)", i, n, counted[i].Load(), err)
				}
			}
		})
	}
}

// TestFailoverClients: clients count while a master dies, and nothing is lost that
// its replica had.
func TestFailoverClients(t *testing.T) {
	t.Run("go-redis FailoverClient", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		master := respserver.StartTest(t, respserver.Options{Config: []string{"repl-diskless-sync-delay 0"}})
		host, port, _ := net.SplitHostPort(master.Addr())
		respserver.StartTest(t, respserver.Options{Addr: "127.0.0.1:0", Config: []string{"replicaof " + host + " " + port}})
		s := respserver.StartTestSentinels(t, respserver.SentinelOptions{Masters: map[string]string{"mymaster": master.Addr()}})
		if err := s.Wait(ctx, "mymaster", 1); err != nil {
			t.Fatal(err)
		}
		r := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "mymaster", SentinelAddrs: s.Addrs(), MaxRetries: 1})
		t.Cleanup(func() { r.Close() })
		countThrough(t, ctx, clusterlessGoRedis{r}, "n", func() {
			master.Must("WAIT", 1, 0)
			master.Abort()
			master.Close()
		})
		if _, err := s.WaitForOther(ctx, "mymaster", master.Server.Addr()); err != nil {
			t.Error(err)
		}
	})
	t.Run("rueidis", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		c := respserver.StartTestCluster(t, respserver.ClusterOptions{Replicas: 1})
		r, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: c.Addrs()[3:], DisableCache: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.Close)
		i := c.MasterOf("n")
		c.Node(i).Must("SET", "n", 0)
		countThrough(t, ctx, clusterRueidis{r}, "n", func() {
			c.Node(i).Must("WAIT", 1, 0)
			c.Kill(i)
		})
	})
	t.Run("go-redis Ring", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		a, b := respserver.StartTest(t), respserver.StartTest(t)
		r := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": a.Addr(), "b": b.Addr()}, HeartbeatFrequency: 50 * time.Millisecond})
		t.Cleanup(func() { r.Close() })
		for i := range 50 {
			if err := r.Set(ctx, fmt.Sprint("k", i), i, 0).Err(); err != nil {
				t.Fatal(err)
			}
		}
		if n := a.Must("DBSIZE").Int(); n == 0 || n == 50 {
			t.Errorf("one of two servers has %d keys of 50", n)
		}
		a.Abort()
		a.Close()
		// All keys go to the server that is left.
		for i := range 50 {
			for r.Set(ctx, fmt.Sprint("k", i), i, 0).Err() != nil {
				if ctx.Err() != nil {
					t.Fatal(ctx.Err())
				}
			}
		}
		if n := b.Must("DBSIZE").Int(); n != 50 {
			t.Errorf("the server that is left has %d keys of 50", n)
		}
	})
}

type clusterlessGoRedis struct{ *redis.Client }

func (c clusterlessGoRedis) incr(ctx context.Context, key string) error {
	return c.Incr(ctx, key).Err()
}
func (c clusterlessGoRedis) get(ctx context.Context, key string) (int64, error) {
	return c.Get(ctx, key).Int64()
}

// countThrough counts, kills the master, and goes on counting: what was counted
// before is there, and so is what was acknowledged afterwards.
func countThrough(t *testing.T, ctx context.Context, c counters, key string, kill func()) {
	t.Helper()
	before, after := int64(0), int64(0)
	for before < 200 {
		if err := c.incr(ctx, key); err != nil {
			t.Fatal(err)
		}
		before++
	}
	kill()
	for after < 100 {
		if err := c.incr(ctx, key); err == nil {
			after++
		} else if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
	if n, err := c.get(ctx, key); err != nil || n < before+after {
		t.Errorf("%d is left of %d + %d: %v", n, before, after, err)
	}
}
