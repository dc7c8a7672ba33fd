package clients

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	redigo "github.com/gomodule/redigo/redis"
	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"

	respserver "github.com/resp-server/resp-server"
)

// TestBubble runs clients and server in testing/synctest bubbles, each twice,
// because leftovers of one bubble break the next one.
func TestBubble(t *testing.T) {
	for name, test := range map[string]func(*testing.T, *respserver.TestServer){
		"go-redis": goRedisInBubble, "redigo": redigoInBubble, "rueidis": rueidisInBubble,
	} {
		for range 2 {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { test(t, respserver.StartTest(t)) })
			})
		}
	}
}

// took checks how much time has passed in the bubble.
func took(t *testing.T, begin time.Time, want time.Duration) {
	t.Helper()
	equal(t, "time", time.Since(begin), want)
}

func goRedisInBubble(t *testing.T, srv *respserver.TestServer) {
	ctx := t.Context()
	r := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", Dialer: srv.DialContext})
	defer r.Close()
	check(t, r.Set(ctx, "k", "v", time.Hour).Err())
	time.Sleep(time.Hour)
	equal[error](t, "GET after an hour", r.Get(ctx, "k").Err(), redis.Nil)

	begin := time.Now()
	equal[error](t, "BLPOP", r.BLPop(ctx, 10*time.Second, "q").Err(), redis.Nil)
	took(t, begin, 10*time.Second)
	go func() {
		time.Sleep(time.Minute)
		r.RPush(ctx, "q", "job")
	}()
	begin = time.Now()
	equal(t, "BLPOP", r.BLPop(ctx, 0, "q").Val()[1], "job")
	took(t, begin, time.Minute)

	sub := r.Subscribe(ctx, "news")
	defer sub.Close()
	messages := sub.Channel()
	synctest.Wait()
	equal(t, "PUBLISH", r.Publish(ctx, "news", "first post").Val(), 1)
	equal(t, "message", (<-messages).Payload, "first post")
	synctest.Wait()
}

func redigoInBubble(t *testing.T, srv *respserver.TestServer) {
	c, err := redigo.DialContext(t.Context(), "tcp", "127.0.0.1:6379", redigo.DialContextFunc(srv.DialContext))
	check(t, err)
	defer c.Close()
	_, err = c.Do("SET", "k", "v", "EX", 3600)
	check(t, err)
	time.Sleep(time.Hour)
	n, err := redigo.Int(c.Do("EXISTS", "k"))
	check(t, err)
	equal(t, "EXISTS after an hour", n, 0)
	begin := time.Now()
	if _, err := redigo.Strings(c.Do("BLPOP", "q", 10)); !errors.Is(err, redigo.ErrNil) {
		t.Error(err)
	}
	took(t, begin, 10*time.Second)
}

func rueidisInBubble(t *testing.T, srv *respserver.TestServer) {
	ctx := t.Context()
	r, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress:       []string{"127.0.0.1:6379"},
		ForceSingleClient: true,
		DialCtxFn: func(ctx context.Context, addr string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
			return srv.DialContext(ctx, "tcp", addr)
		},
	})
	check(t, err)
	defer r.Close()
	cached := func() (value string, hit bool) {
		reply := r.DoCache(ctx, r.B().Get().Key("k").Cache(), 24*time.Hour)
		value, _ = reply.ToString()
		return value, reply.IsCacheHit()
	}
	check(t, r.Do(ctx, r.B().Set().Key("k").Value("v").Ex(time.Hour).Build()).Error())
	cached()
	value, hit := cached()
	equal(t, "GET", value, "v")
	equal(t, "from the cache", hit, true)
	time.Sleep(time.Hour)
	synctest.Wait()
	value, hit = cached()
	equal(t, "GET after an hour", value, "")
	equal(t, "from the cache", hit, false)
}
