package examples

import (
	"context"
	"testing"

	"github.com/gomodule/redigo/redis"

	respserver "github.com/resp-server/resp-server"
)

func TestRedigo(t *testing.T) {
	srv := respserver.StartTest(t)
	pool := &redis.Pool{DialContext: func(ctx context.Context) (redis.Conn, error) {
		return redis.DialContext(ctx, "tcp", srv.Addr())
	}}
	defer pool.Close()
	c := pool.Get()
	defer c.Close()
	if n, err := redis.Int(c.Do("INCR", "visits")); n != 1 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
}

// A dialer needs no socket.
func TestRedigoDial(t *testing.T) {
	srv := respserver.StartTest(t)
	c, err := redis.DialContext(t.Context(), "tcp", "127.0.0.1:6379", redis.DialContextFunc(srv.DialContext))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, err := redis.String(c.Do("PING")); got != "PONG" {
		t.Errorf("got %q, %v", got, err)
	}
}
