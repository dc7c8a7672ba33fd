package main

import "strings"

// program is a module with tests.
type program struct {
	Module, Version string
	// Packages are the packages to test; by default all that use miniredis.
	Packages []string
	// Servers are addresses where the tests expect servers instead of using
	// miniredis. Each gets a Miniredis with a running clock and the Password.
	Servers  []string
	Password string
	// Tags are build tags, separated by commas.
	Tags string
	// Env is added to the environment of the tests.
	Env []string
	// Skip matches tests that take long or need more than Redis.
	Skip string
	// Quick programs run with -short.
	Quick bool
	// Reasons explain why tests that pass with miniredis fail with ours, by the
	// name or its prefix.
	Reasons map[string]reason
	// Note is shown with them.
	Note string
}

// reason returns nil for a test that should not fail.
func (p *program) reason(name string) *reason {
	name = test(name)
	for begin, reason := range p.Reasons {
		if strings.HasPrefix(name, begin) {
			return &reason
		}
	}
	return nil
}

// address is where most tests that need a server expect it.
const address = "127.0.0.1:6379"

var one = []string{address}

var programs = []program{
	{Module: "github.com/zeromicro/go-zero", Version: "v1.10.3", Reasons: map[string]reason{
		"TestRedisXGroupSetID": {"it expects an error", []string{"XADD s 1-1 f v", "XGROUP CREATE s g 0", "XGROUP SETID s g 0"}},
		"TestRedis_GeoHash":    {"it expects an error", []string{"GEOHASH k m"}},
	}},
	{Module: "github.com/oauth2-proxy/oauth2-proxy/v7", Version: "v7.15.6", Packages: []string{"./pkg/sessions/redis"}},
	{Module: "github.com/envoyproxy/ratelimit", Version: "v1.4.1-0.20260122083618-3fb702589d36", Reasons: map[string]reason{
		"TestNewClientImpl": {"it expects the text without its end", []string{"ACL SETUSER u on >p", "AUTH u q"}},
	}},
	{Module: "github.com/silenceper/wechat/v2", Version: "v2.1.10", Skip: "TestMemcache", Quick: true},
	{Module: "github.com/Bose/minisentinel", Version: "v0.0.0-20200130220412-917c5a9223bb", Skip: "TestSomething", Quick: true},
	{Module: "github.com/mochi-mqtt/server/v2", Version: "v2.7.9"},
	{Module: "github.com/aquasecurity/trivy", Version: "v0.74.0", Env: []string{"GOEXPERIMENT=jsonv2"}},
	{Module: "github.com/cortexproject/cortex", Version: "v1.21.1", Skip: "TestMemcachedJumpHashSelector"},
	{Module: "github.com/thanos-io/thanos", Version: "v0.38.0", Skip: "TestMemcachedClient"},
	{Module: "github.com/dapr/components-contrib", Version: "v1.18.0"},
	{Module: "github.com/argoproj/argo-cd/v2", Version: "v2.14.21"},
	{Module: "github.com/hibiken/asynq", Version: "v0.26.0", Servers: one, Packages: []string{"./..."}},
	{Module: "github.com/go-redis/redis_rate/v10", Version: "v10.0.1", Servers: one, Packages: []string{"./..."}, Note: "the other five fail with redis-server too"},
	{Module: "github.com/bsm/redislock", Version: "v0.9.4", Servers: one, Packages: []string{"./..."}},
	{Module: "github.com/go-redis/cache/v9", Version: "v9.0.0", Servers: one, Packages: []string{"./..."}},
	{Module: "github.com/ulule/limiter/v3", Version: "v3.11.2", Servers: one, Packages: []string{"./..."}},
	{Module: "github.com/throttled/throttled/v2", Version: "v2.15.0", Servers: one, Packages: []string{"./store/..."}},
	{Module: "github.com/alexedwards/scs/redisstore", Version: "v0.0.0-20251002162104-209de6e426de", Servers: one, Packages: []string{"./..."},
		Env: []string{"SCS_REDIS_TEST_DSN=" + address}},
	{Module: "github.com/boj/redistore", Version: "v1.4.1", Servers: one, Packages: []string{"./..."}},
	{Module: "github.com/gin-contrib/sessions", Version: "v1.0.4", Servers: one, Packages: []string{"./redis"}},
	{Module: "github.com/mediocregopher/radix/v4", Version: "v4.1.4", Servers: one, Packages: []string{"."}},
	{Module: "github.com/ThreeDotsLabs/watermill-redisstream", Version: "v1.4.5", Servers: one, Packages: []string{"./..."}},
	{Module: "github.com/acaloiaro/neoq", Version: "v0.72.2", Servers: one, Packages: []string{"./backends/redis"}, Tags: "testing", Env: []string{"TEST_REDIS_URL=" + address}},
	{Module: "github.com/cschleiden/go-workflows", Version: "v1.2.0", Servers: one, Password: "RedisPassw0rd", Packages: []string{"./backend/redis"}},
	{Module: "github.com/redis/rueidis", Version: "v1.0.79", Servers: one, Packages: []string{"./rueidislock"}, Skip: "AutoExtendConcurrent"},
	{Module: "github.com/centrifugal/centrifugo/v6", Version: "v6.9.1", Servers: one, Packages: []string{"./internal/redisqueue"}},
	{Module: "github.com/centrifugal/centrifuge", Version: "v0.40.1", Servers: []string{address, "127.0.0.1:16379", "127.0.0.1:36379"}, Packages: []string{"."}, Tags: "integration"},
}
