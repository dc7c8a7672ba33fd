package examples

import (
	"errors"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/explore"
)

// TestCounterInEveryOrder: a counter with WATCH and MULTI is right whatever comes
// between. Without them, GET and then SET, explore.Run finds the order in which an
// update is lost.
func TestCounterInEveryOrder(t *testing.T) {
	explore.Run(t, func(t *testing.T, srv *respserver.TestServer) {
		var wg sync.WaitGroup
		for range 2 {
			rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", Dialer: srv.DialContext, PoolSize: 1})
			defer rdb.Close()
			wg.Go(func() {
				for {
					err := rdb.Watch(t.Context(), func(tx *redis.Tx) error {
						n, err := tx.Get(t.Context(), "n").Int()
						if err != nil && !errors.Is(err, redis.Nil) {
							return err
						}
						_, err = tx.TxPipelined(t.Context(), func(p redis.Pipeliner) error {
							return p.Set(t.Context(), "n", n+1, 0).Err()
						})
						return err
					}, "n")
					if err == nil {
						return
					}
					if !errors.Is(err, redis.TxFailedErr) {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		if n := srv.Must("GET", "n").Int(); n != 2 {
			t.Errorf("n is %d", n)
		}
	})
}
