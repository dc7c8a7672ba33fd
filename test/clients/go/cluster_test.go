package clients

import (
	"context"
	"fmt"
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
