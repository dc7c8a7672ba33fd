module github.com/resp-server/resp-server/test/clients/go

go 1.25

require (
	github.com/gomodule/redigo v1.9.2
	github.com/redis/go-redis/v9 v9.7.3
	github.com/redis/rueidis v1.0.60
	github.com/resp-server/resp-server v0.0.0
)

require (
	github.com/cespare/xxhash/v2 v2.2.0 // indirect
	github.com/dgryski/go-rendezvous v0.0.0-20200823014737-9f7001d12a5f // indirect
	golang.org/x/sys v0.31.0 // indirect
)

replace github.com/resp-server/resp-server => ../../..
