// Package examples shows tests of programs that use Redis, with the usual
// client libraries. It is a module of its own, so that the server has no
// dependencies.
package examples

import (
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	respserver "github.com/resp-server/resp-server"
)

// A client connects to the address of the server.
func TestGoRedis(t *testing.T) {
	srv := respserver.StartTest(t)
	rdb := redis.NewClient(&redis.Options{Addr: srv.Addr()})
	defer rdb.Close()

	if err := rdb.Set(t.Context(), "greeting", "hello", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if got := srv.Must("GET", "greeting").Text(); got != "hello" {
		t.Errorf("the server has %q", got)
	}
}

// In a bubble of testing/synctest time passes as soon as all goroutines wait, for
// the program and for the server. Sockets do not work there, so the client dials
// the server in memory. It still needs a literal address: see DialContext.
func TestGoRedisInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := respserver.StartTest(t)
		rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", Dialer: srv.DialContext})
		defer rdb.Close()

		rdb.Set(t.Context(), "session", "alice", time.Hour)
		time.Sleep(59 * time.Minute) // takes no time
		if got := rdb.Get(t.Context(), "session").Val(); got != "alice" {
			t.Errorf("after 59 minutes the session is %q", got)
		}
		time.Sleep(time.Minute)
		if err := rdb.Get(t.Context(), "session").Err(); !errors.Is(err, redis.Nil) {
			t.Errorf("after an hour: %v", err)
		}
	})
}

// Outside a bubble a ManualClock moves only the server's time. WaitBlocked returns
// when the consumer waits.
func TestBlockedClient(t *testing.T) {
	clock := respserver.NewManualClock(time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC))
	srv := respserver.StartTest(t, respserver.Options{Clock: clock})
	rdb := redis.NewClient(&redis.Options{Addr: srv.Addr()})
	defer rdb.Close()

	jobs := make(chan error)
	consume := func() {
		_, err := rdb.BLPop(t.Context(), 30*time.Second, "jobs").Result()
		jobs <- err
	}

	go consume()
	if err := srv.WaitBlocked(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	srv.Must("RPUSH", "jobs", "first")
	if err := <-jobs; err != nil {
		t.Error(err)
	}

	go consume()
	if err := srv.WaitBlocked(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	clock.Advance(30 * time.Second)
	if err := <-jobs; !errors.Is(err, redis.Nil) {
		t.Errorf("after its timeout BLPOP returns %v", err)
	}
}

// A server starts in microseconds, so each subtest has its own.
func TestParallel(t *testing.T) {
	for i := range 4 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			srv := respserver.StartTest(t)
			rdb := redis.NewClient(&redis.Options{Addr: srv.Addr()})
			defer rdb.Close()
			if n := rdb.Incr(t.Context(), "counter").Val(); n != 1 {
				t.Errorf("another test has counted to %d", n-1)
			}
		})
	}
}

// Users are lines of redis.conf.
func TestUsers(t *testing.T) {
	srv := respserver.StartTest(t, respserver.Options{Config: []string{
		"user default off",
		"user reader on >secret ~app:* +@read +@connection",
	}})
	srv.Must("SET", "app:name", "shop") // Must and Do have all permissions
	rdb := redis.NewClient(&redis.Options{Addr: srv.Addr(), Username: "reader", Password: "secret"})
	defer rdb.Close()

	if got, err := rdb.Get(t.Context(), "app:name").Result(); got != "shop" {
		t.Errorf("the reader gets %q, %v", got, err)
	}
	for _, err := range []error{
		rdb.Set(t.Context(), "app:name", "store", 0).Err(),
		rdb.Get(t.Context(), "other").Err(),
	} {
		if !redis.IsPermissionError(err) {
			t.Errorf("what is not allowed returns %v", err)
		}
	}
}
