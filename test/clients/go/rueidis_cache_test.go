package clients

import (
	"testing"
	"time"

	"github.com/redis/rueidis"
)

// TestRueidisCache checks client-side caching: a client drops a cached value when
// another client or expiry changes it. rueidis uses CLIENT TRACKING ON OPTIN, and
// BCAST if the options ask for it.
func TestRueidisCache(t *testing.T) {
	for _, mode := range []struct {
		name    string
		options []string
	}{{"OPTIN", nil}, {"BCAST", []string{"PREFIX", "cache:", "BCAST"}}} {
		t.Run(mode.name, func(t *testing.T) { testCache(t, mode.options) })
	}
}

func testCache(t *testing.T, tracking []string) {
	ctx := deadline(t)
	addr := address(t)
	invalidated := make(chan string, 100)
	cached, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress:           []string{addr},
		PipelineMultiplex:     -1, // one connection, so that each message arrives once
		ClientTrackingOptions: tracking,
		OnInvalidations: func(keys []rueidis.RedisMessage) {
			if keys == nil {
				invalidated <- "everything"
			}
			for _, k := range keys {
				key, _ := k.ToString()
				invalidated <- key
			}
		},
	})
	check(t, err)
	t.Cleanup(cached.Close)
	other, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}, DisableCache: true})
	check(t, err)
	t.Cleanup(other.Close)
	change := func(cmd rueidis.Completed) {
		t.Helper()
		check(t, other.Do(ctx, cmd).Error())
	}
	heard := func(want string) {
		t.Helper()
		select {
		case key := <-invalidated:
			equal(t, "invalidated", key, want)
		case <-ctx.Done():
			t.Fatalf("no invalidation of %s", want)
		}
	}
	get := func(want string, fromCache bool) {
		t.Helper()
		reply := cached.DoCache(ctx, cached.B().Get().Key("cache:k").Cache(), time.Minute)
		got, err := reply.ToString()
		if !rueidis.IsRedisNil(err) {
			check(t, err)
		}
		equal(t, "GET", got, want)
		equal(t, "from the cache", reply.IsCacheHit(), fromCache)
	}

	change(other.B().Flushall().Build())
	heard("everything")
	change(other.B().Set().Key("cache:k").Value("v1").Build())
	if tracking != nil {
		heard("cache:k")
	}
	get("v1", false)
	get("v1", true)
	change(other.B().Set().Key("cache:k").Value("v2").Build())
	heard("cache:k")
	get("v2", false)
	get("v2", true)
	change(other.B().Pexpire().Key("cache:k").Milliseconds(30).Build())
	heard("cache:k")
	get("v2", false)
	heard("cache:k") // by expiry
	get("", false)
	get("", true)
	change(other.B().Flushall().Build())
	heard("everything")
	get("", false)

	change(other.B().Hset().Key("cache:h").FieldValue().FieldValue("f", "1").Build())
	if tracking != nil {
		heard("cache:h")
	}
	hash := func(want string, fromCache bool) {
		t.Helper()
		reply := cached.DoCache(ctx, cached.B().Hget().Key("cache:h").Field("f").Cache(), time.Minute)
		got, err := reply.ToString()
		check(t, err)
		equal(t, "HGET", got, want)
		equal(t, "from the cache", reply.IsCacheHit(), fromCache)
	}
	hash("1", false)
	hash("1", true)
	change(other.B().Hset().Key("cache:h").FieldValue().FieldValue("f", "2").Build())
	heard("cache:h")
	hash("2", false)
	hash("2", true)
}
