package clients

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gomodule/redigo/redis"
)

func TestRedigo(t *testing.T) {
	addr := address(t)
	pool := &redis.Pool{Dial: func() (redis.Conn, error) { return redis.Dial("tcp", addr) }}
	defer pool.Close()
	r := pool.Get()
	defer r.Close()
	do := func(want any, command string, args ...any) {
		t.Helper()
		got, err := r.Do(command, args...)
		if b, ok := got.([]byte); ok {
			got = string(b)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || err != nil {
			t.Errorf("%s %v: got %v, %v, want %v", command, args, got, err, want)
		}
	}
	do("PONG", "PING")
	do("OK", "FLUSHALL")

	do("OK", "SET", "k", "v")
	do("v", "GET", "k")
	do(nil, "GET", "nosuch")
	if _, err := r.Do("INCR", "k"); err == nil || !strings.Contains(err.Error(), "not an integer") {
		t.Error(err)
	}

	do(1, "EXPIRE", "k", 100)
	do(1, "PERSIST", "k")
	do(-1, "TTL", "k")
	do(1, "PEXPIRE", "k", 1)
	for n := 1; n == 1; {
		var err error
		n, err = redis.Int(r.Do("EXISTS", "k"))
		check(t, err)
	}
	do(-2, "TTL", "k")

	do(3, "RPUSH", "l", "a", "b", "c")
	got, err := redis.Strings(r.Do("LRANGE", "l", 0, -1))
	check(t, err)
	equal(t, "LRANGE", strings.Join(got, " "), "a b c")
	popped := make(chan []string)
	go func() {
		c := pool.Get()
		defer c.Close()
		job, _ := redis.Strings(c.Do("BLPOP", "q", 10))
		popped <- job
	}()
	untilBlocked(t, func() (string, error) { return redis.String(r.Do("INFO", "clients")) })
	do(1, "RPUSH", "q", "job")
	equal(t, "BLPOP", strings.Join(<-popped, " "), "q job")

	do("1-1", "XADD", "s", "1-1", "k", "v")
	do("OK", "XGROUP", "CREATE", "s", "g", "0")
	entries, err := redis.Values(r.Do("XREADGROUP", "GROUP", "g", "me", "STREAMS", "s", ">"))
	check(t, err)
	equal(t, "XREADGROUP", fmt.Sprintf("%s", entries), "[[s [[1-1 [k v]]]]]")
	do(1, "XACK", "s", "g", "1-1")

	sub := redis.PubSubConn{Conn: pool.Get()}
	defer sub.Close()
	check(t, sub.Subscribe("news"))
	if s, ok := sub.Receive().(redis.Subscription); !ok || s.Count != 1 {
		t.Errorf("got %v", s)
	}
	do(1, "PUBLISH", "news", "first post")
	if m, ok := sub.Receive().(redis.Message); !ok || string(m.Data) != "first post" {
		t.Errorf("got %v", m)
	}

	const n = 1000
	for i := range n {
		check(t, r.Send("RPUSH", "p", i))
	}
	check(t, r.Flush())
	for i := range n {
		got, err := redis.Int(r.Receive())
		check(t, err)
		equal(t, "RPUSH", got, i+1)
	}

	check(t, r.Send("MULTI"))
	check(t, r.Send("INCR", "n"))
	check(t, r.Send("INCR", "n"))
	do([]any{int64(1), int64(2)}, "EXEC")
	do("OK", "WATCH", "n")
	other := pool.Get()
	defer other.Close()
	_, err = other.Do("SET", "n", 10)
	check(t, err)
	check(t, r.Send("MULTI"))
	check(t, r.Send("INCR", "n"))
	do(nil, "EXEC")
}
