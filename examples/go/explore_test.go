package examples

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/explore"
)

// client returns a client with one connection, so that the commands of each
// goroutine arrive in order, and explore chooses only between goroutines.
func client(t *testing.T, srv *respserver.TestServer) *redis.Client {
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", Dialer: srv.DialContext, PoolSize: 1, MaxRetries: -1})
	t.Cleanup(func() { rdb.Close() })
	return rdb
}

// must fails the test for an error that is not a missing key.
func must[T any](t *testing.T, value T, err error) T {
	if err != nil && !errors.Is(err, redis.Nil) {
		t.Error(err)
	}
	return value
}

// programs are common ways to use Redis with go-redis. A program is wrong if some
// order of the commands breaks it.
var programs = map[string]struct {
	wrong bool
	run   func(t *testing.T, srv *respserver.TestServer)
}{
	"unsafe counter": {true, counter(func(ctx context.Context, rdb *redis.Client) error {
		n, err := rdb.Get(ctx, "n").Int()
		if err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
		return rdb.Set(ctx, "n", n+1, 0).Err()
	})},
	"counter with WATCH and MULTI": {false, counter(func(ctx context.Context, rdb *redis.Client) error {
		for {
			err := rdb.Watch(ctx, func(tx *redis.Tx) error {
				n, err := tx.Get(ctx, "n").Int()
				if err != nil && !errors.Is(err, redis.Nil) {
					return err
				}
				_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
					return p.Set(ctx, "n", n+1, 0).Err()
				})
				return err
			}, "n")
			if !errors.Is(err, redis.TxFailedErr) {
				return err
			}
		}
	})},

	"check, then set": {true, election(func(ctx context.Context, rdb *redis.Client) (bool, error) {
		n, err := rdb.Exists(ctx, "leader").Result()
		if err != nil || n == 1 {
			return false, err
		}
		return true, rdb.Set(ctx, "leader", "me", 0).Err()
	})},
	"SET NX": {false, election(func(ctx context.Context, rdb *redis.Client) (bool, error) {
		return rdb.SetNX(ctx, "leader", "me", 0).Result()
	})},

	"lock released without asking whose it is": {true, lock(func(ctx context.Context, rdb *redis.Client, token string) error {
		return rdb.Del(ctx, "lock").Err()
	})},
	"lock released by its owner": {false, lock(func(ctx context.Context, rdb *redis.Client, token string) error {
		return redis.NewScript("if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0").
			Eval(ctx, rdb, []string{"lock"}, token).Err()
	})},

	"BLPOP loses the job of a consumer that stops": {true, consumer(func(ctx context.Context, rdb *redis.Client) (string, error) {
		popped, err := rdb.BLPop(ctx, 0, "jobs").Result()
		if err != nil {
			return "", err
		}
		return popped[1], nil
	})},
	"BLMOVE keeps it": {false, consumer(func(ctx context.Context, rdb *redis.Client) (string, error) {
		return rdb.BLMove(ctx, "jobs", "working", "LEFT", "RIGHT", 0).Result()
	})},
}

// counter makes two clients increment a number.
func counter(increment func(context.Context, *redis.Client) error) func(*testing.T, *respserver.TestServer) {
	return func(t *testing.T, srv *respserver.TestServer) {
		var wg sync.WaitGroup
		for range 2 {
			rdb := client(t, srv)
			wg.Go(func() {
				if err := increment(t.Context(), rdb); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := srv.Must("GET", "n").Int(); n != 2 {
			t.Errorf("n is %d", n)
		}
	}
}

// election makes two clients run for leader.
func election(stand func(context.Context, *redis.Client) (elected bool, err error)) func(*testing.T, *respserver.TestServer) {
	return func(t *testing.T, srv *respserver.TestServer) {
		var wg sync.WaitGroup
		var leaders atomic.Int32
		for range 2 {
			rdb := client(t, srv)
			wg.Go(func() {
				elected, err := stand(t.Context(), rdb)
				if must(t, elected, err) {
					leaders.Add(1)
				}
			})
		}
		wg.Wait()
		if n := leaders.Load(); n != 1 {
			t.Errorf("there are %d leaders", n)
		}
	}
}

// lock makes three clients take a lock with a lease, as in Redlock. The first works
// longer than its lease.
func lock(release func(ctx context.Context, rdb *redis.Client, token string) error) func(*testing.T, *respserver.TestServer) {
	const lease = 10 * time.Second
	return func(t *testing.T, srv *respserver.TestServer) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		ends := map[string]time.Time{} // end of each owner's lease
		for i, token := range []string{"first", "second", "third"} {
			work := 9 * time.Second
			if i == 0 {
				work = 15 * time.Second
			}
			rdb := client(t, srv)
			wg.Go(func() {
				for {
					got, err := rdb.SetNX(t.Context(), "lock", token, lease).Result()
					if must(t, got, err) || err != nil {
						break
					}
					time.Sleep(time.Second)
				}
				mu.Lock()
				for other, end := range ends {
					if time.Now().Before(end) {
						t.Errorf("%s and %s have the lock", other, token)
					}
				}
				ends[token] = time.Now().Add(lease)
				mu.Unlock()
				time.Sleep(work)
				mu.Lock()
				delete(ends, token)
				mu.Unlock()
				if err := release(t.Context(), rdb, token); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
}

// consumer takes a job and does it, but a deployment may stop it in between:
// then the next consumer must find the job.
func consumer(take func(context.Context, *redis.Client) (job string, err error)) func(*testing.T, *respserver.TestServer) {
	return func(t *testing.T, srv *respserver.TestServer) {
		srv.Must("RPUSH", "jobs", "send mail")
		var wg sync.WaitGroup
		worker, deployment := client(t, srv), client(t, srv)
		wg.Go(func() {
			job, err := take(t.Context(), worker)
			must(t, job, err)
			if n, err := worker.Exists(t.Context(), "stop").Result(); must(t, n, err) == 1 {
				return
			}
			if err := worker.RPush(t.Context(), "done", job).Err(); err != nil {
				t.Error(err)
			}
			if err := worker.LRem(t.Context(), "working", 1, job).Err(); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if err := deployment.Set(t.Context(), "stop", 1, 0).Err(); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		if srv.Must("LLEN", "jobs").Int()+srv.Must("LLEN", "working").Int()+srv.Must("LLEN", "done").Int() != 1 {
			t.Error("the job is lost")
		}
	}
}

// TestPrograms explores each program in a process of its own, because the wrong
// ones fail: explore.Run finds an order that breaks them, and repeats it.
func TestPrograms(t *testing.T) {
	const child = "EXPLORE_PROGRAM"
	if name := os.Getenv(child); name != "" {
		explore.Run(t, programs[name].run)
		return
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range programs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(exe, "-test.run", "^TestPrograms$", "-test.v")
			cmd.Env = append(os.Environ(), child+"="+name)
			out, _ := cmd.CombinedOutput()
			if found := strings.Contains(string(out), "this order of commands fails (RESPSERVER_EXPLORE="); found != p.wrong {
				t.Errorf("an order that breaks it was found: %v\n%s", found, out)
			}
			if !p.wrong && !strings.Contains(string(out), "explored ") {
				t.Errorf("it was not explored\n%s", out)
			}
		})
	}
}
