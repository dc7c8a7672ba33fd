package clients

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

func TestRueidis(t *testing.T) {
	ctx := deadline(t)
	addr := address(t)
	open := func() rueidis.Client {
		r, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}, DisableCache: true})
		check(t, err)
		t.Cleanup(r.Close)
		return r
	}
	r := open()
	check(t, r.Do(ctx, r.B().Flushall().Build()).Error())

	check(t, r.Do(ctx, r.B().Set().Key("k").Value("v").Ex(100*time.Second).Build()).Error())
	got, err := r.Do(ctx, r.B().Get().Key("k").Build()).ToString()
	check(t, err)
	equal(t, "GET", got, "v")
	if err := r.Do(ctx, r.B().Get().Key("nosuch").Build()).Error(); !rueidis.IsRedisNil(err) {
		t.Error(err)
	}
	ttl, err := r.Do(ctx, r.B().Ttl().Key("k").Build()).AsInt64()
	check(t, err)
	if ttl != 99 && ttl != 100 {
		t.Errorf("TTL: %d", ttl)
	}

	check(t, r.Do(ctx, r.B().Rpush().Key("l").Element("a", "b").Build()).Error())
	list, err := r.Do(ctx, r.B().Lrange().Key("l").Start(0).Stop(-1).Build()).AsStrSlice()
	check(t, err)
	equal(t, "LRANGE", strings.Join(list, " "), "a b")
	popped := make(chan []string)
	go func() {
		job, _ := r.Do(ctx, r.B().Blpop().Key("q").Timeout(10).Build()).AsStrSlice()
		popped <- job
	}()
	untilBlocked(t, func() (string, error) {
		return r.Do(ctx, r.B().Info().Section("clients").Build()).ToString()
	})
	check(t, r.Do(ctx, r.B().Rpush().Key("q").Element("job").Build()).Error())
	equal(t, "BLPOP", strings.Join(<-popped, " "), "q job")

	check(t, r.Do(ctx, r.B().Xadd().Key("s").Id("1-1").FieldValue().FieldValue("k", "v").Build()).Error())
	check(t, r.Do(ctx, r.B().XgroupCreate().Key("s").Group("g").Id("0").Build()).Error())
	streams, err := r.Do(ctx, r.B().Xreadgroup().Group("g", "me").Streams().Key("s").Id(">").Build()).AsXRead()
	check(t, err)
	equal(t, "XREADGROUP", streams["s"][0].FieldValues["k"], "v")
	acked, err := r.Do(ctx, r.B().Xack().Key("s").Group("g").Id("1-1").Build()).AsInt64()
	check(t, err)
	equal(t, "XACK", acked, 1)

	sub, cancel := r.Dedicate()
	defer cancel()
	messages := make(chan string, 1)
	sub.SetPubSubHooks(rueidis.PubSubHooks{OnMessage: func(m rueidis.PubSubMessage) { messages <- m.Message }})
	check(t, sub.Do(ctx, sub.B().Subscribe().Channel("news").Build()).Error())
	check(t, r.Do(ctx, r.B().Publish().Channel("news").Message("first post").Build()).Error())
	equal(t, "message", <-messages, "first post")

	var batch rueidis.Commands
	for range 1000 {
		batch = append(batch, r.B().Incr().Key("n").Build())
	}
	replies := r.DoMulti(ctx, batch...)
	last, err := replies[999].AsInt64()
	check(t, err)
	equal(t, "INCR", last, 1000)

	check(t, r.Dedicated(func(c rueidis.DedicatedClient) error {
		check(t, c.Do(ctx, c.B().Watch().Key("n").Build()).Error())
		check(t, open().Do(ctx, r.B().Set().Key("n").Value("10").Build()).Error())
		replies := c.DoMulti(ctx, c.B().Multi().Build(), c.B().Incr().Key("n").Build(), c.B().Exec().Build())
		if err := replies[2].Error(); !rueidis.IsRedisNil(err) {
			t.Errorf("EXEC: %v", err)
		}
		return nil
	}))
}
