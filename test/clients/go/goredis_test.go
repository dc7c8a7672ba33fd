package clients

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestGoRedis(t *testing.T) {
	for name, protocol := range map[string]int{"RESP2": 2, "RESP3": 3} {
		t.Run(name, func(t *testing.T) { goRedis(t, protocol) })
	}
}

func goRedis(t *testing.T, protocol int) {
	ctx := deadline(t)
	r := redis.NewClient(&redis.Options{Addr: address(t), Protocol: protocol})
	defer r.Close()
	check(t, r.FlushAll(ctx).Err())

	t.Run("strings", func(t *testing.T) {
		check(t, r.Set(ctx, "k", "v", 0).Err())
		equal(t, "GET", r.Get(ctx, "k").Val(), "v")
		equal[error](t, "GET nosuch", r.Get(ctx, "nosuch").Err(), redis.Nil)
		equal(t, "SETNX", r.SetNX(ctx, "k", "w", 0).Val(), false)
		equal(t, "INCRBYFLOAT", r.IncrByFloat(ctx, "f", 0.25).Val(), 0.25)
		if err := r.Incr(ctx, "k").Err(); err == nil || !strings.Contains(err.Error(), "not an integer") {
			t.Error(err)
		}
	})
	t.Run("expiry", func(t *testing.T) {
		check(t, r.Set(ctx, "e", "v", 100*time.Second).Err())
		if ttl := r.TTL(ctx, "e").Val(); ttl < 99*time.Second || ttl > 100*time.Second {
			t.Error(ttl)
		}
		equal(t, "PEXPIRE", r.PExpire(ctx, "e", time.Millisecond).Val(), true)
		for r.Exists(ctx, "e").Val() == 1 {
		}
		equal(t, "TTL", r.TTL(ctx, "e").Val(), -2)
	})
	t.Run("lists", func(t *testing.T) {
		equal(t, "RPUSH", r.RPush(ctx, "l", "a", "b", "c").Val(), 3)
		equal(t, "LRANGE", strings.Join(r.LRange(ctx, "l", 0, -1).Val(), " "), "a b c")
		popped := make(chan []string)
		go func() { popped <- r.BLPop(ctx, 10*time.Second, "q").Val() }()
		untilBlocked(t, func() (string, error) { return r.Info(ctx, "clients").Result() })
		check(t, r.RPush(ctx, "q", "job").Err())
		equal(t, "BLPOP", strings.Join(<-popped, " "), "q job")
	})
	t.Run("streams", func(t *testing.T) {
		id := r.XAdd(ctx, &redis.XAddArgs{Stream: "s", Values: []any{"k", "v"}}).Val()
		check(t, r.XGroupCreate(ctx, "s", "g", "0").Err())
		got, err := r.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "g", Consumer: "me", Streams: []string{"s", ">"}}).Result()
		check(t, err)
		equal(t, "XREADGROUP", got[0].Messages[0].ID, id)
		equal(t, "XREADGROUP", got[0].Messages[0].Values["k"], any("v"))
		equal(t, "XPENDING", r.XPending(ctx, "s", "g").Val().Count, 1)
		equal(t, "XACK", r.XAck(ctx, "s", "g", id).Val(), 1)
		info, err := r.XInfoGroups(ctx, "s").Result()
		check(t, err)
		equal(t, "XINFO GROUPS", info[0].EntriesRead, 1)
	})
	t.Run("pub/sub", func(t *testing.T) {
		sub := r.Subscribe(ctx, "news")
		defer sub.Close()
		_, err := sub.Receive(ctx)
		check(t, err)
		equal(t, "PUBLISH", r.Publish(ctx, "news", "first post").Val(), 1)
		m, err := sub.ReceiveMessage(ctx)
		check(t, err)
		equal(t, "message", m.Payload, "first post")
	})
	t.Run("pipeline", func(t *testing.T) {
		p := r.Pipeline()
		for i := range 1000 {
			p.RPush(ctx, "p", i)
		}
		replies, err := p.Exec(ctx)
		check(t, err)
		equal(t, "last reply", replies[999].(*redis.IntCmd).Val(), 1000)
	})
	t.Run("transaction", func(t *testing.T) {
		replies, err := r.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Incr(ctx, "n")
			p.Incr(ctx, "n")
			return nil
		})
		check(t, err)
		equal(t, "last reply", replies[1].(*redis.IntCmd).Val(), 2)
		err = r.Watch(ctx, func(tx *redis.Tx) error {
			check(t, r.Set(ctx, "n", 10, 0).Err())
			_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.Incr(ctx, "n").Err() })
			return err
		}, "n")
		if !errors.Is(err, redis.TxFailedErr) {
			t.Error(err)
		}
	})
}
