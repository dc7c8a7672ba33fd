package main

import "strings"

// program is a module with tests.
type program struct {
	Module, Version string
	// Packages are those whose tests run; by default all that use miniredis.
	Packages []string
	// Server says that the tests want a server at 127.0.0.1:6379 instead of using
	// miniredis. They get a Miniredis.
	Server bool
	// Env is added to the environment of the tests.
	Env []string
	// Skip is a pattern of tests that take long or want more than Redis.
	Skip string
	// Quick programs are those of -short.
	Quick bool
	// Reasons say why tests that pass with miniredis fail with ours: by the name, or
	// its beginning.
	Reasons map[string]string
}

func (p *program) reason(name string) string {
	name = test(name)
	for begin, reason := range p.Reasons {
		if strings.HasPrefix(name, begin) {
			return reason
		}
	}
	return ""
}

var programs = []program{
	{Module: "github.com/zeromicro/go-zero", Version: "v1.10.3", Reasons: map[string]string{
		"TestRedisXGroupSetID": "it expects an error; Redis has XGROUP SETID and answers `OK`",
		"TestRedis_GeoHash":    "it expects an error; Redis has GEOHASH and answers an array",
	}},
	{Module: "github.com/oauth2-proxy/oauth2-proxy/v7", Version: "v7.15.6", Packages: []string{"./pkg/sessions/redis"}},
	{Module: "github.com/envoyproxy/ratelimit", Version: "v1.4.1-0.20260122083618-3fb702589d36", Reasons: map[string]string{
		"TestNewClientImpl": "Redis answers `WRONGPASS invalid username-password pair or user is disabled.`; it expects the text without \"or user is disabled.\"",
	}},
	{Module: "github.com/aquasecurity/trivy", Version: "v0.74.0"},
	{Module: "github.com/grafana/loki/v3", Version: "v3.7.8"},
	{Module: "github.com/cortexproject/cortex", Version: "v1.21.1"},
	{Module: "github.com/thanos-io/thanos", Version: "v0.38.0"},
	{Module: "github.com/dapr/components-contrib", Version: "v1.18.0"},
	{Module: "github.com/argoproj/argo-cd/v2", Version: "v2.14.21"},
	{Module: "github.com/hibiken/asynq", Version: "v0.26.0", Server: true, Packages: []string{"./..."}},
	{Module: "github.com/go-redis/redis_rate/v10", Version: "v10.0.1", Server: true, Packages: []string{"./..."}},
	{Module: "github.com/bsm/redislock", Version: "v0.9.4", Server: true, Packages: []string{"./..."}},
	{Module: "github.com/go-redis/cache/v9", Version: "v9.0.0", Server: true, Packages: []string{"./..."}},
	{Module: "github.com/ulule/limiter/v3", Version: "v3.11.2", Server: true, Packages: []string{"./..."}},
	{Module: "github.com/throttled/throttled/v2", Version: "v2.15.0", Server: true, Packages: []string{"./store/..."}},
	{Module: "github.com/alexedwards/scs/redisstore", Version: "v0.0.0-20251002162104-209de6e426de", Server: true, Packages: []string{"./..."},
		Env: []string{"SCS_REDIS_TEST_DSN=" + address}},
}
