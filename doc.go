// Package respserver is a Redis-compatible server as a library.
//
// Start returns a running server; every Redis client can talk to it. Tests
// use StartTest, which stops the server when the test ends:
//
//	srv := respserver.StartTest(t)
//	rdb := redis.NewClient(&redis.Options{Addr: srv.Addr()})
//
// Tests with go-redis, rueidis and redigo, also in a testing/synctest bubble,
// are in examples/go, a module of its own.
//
// # Basics
//
// A server listens on TCP or a Unix socket. It can also be reached without a
// socket: Dial and DialContext return an in-memory net.Conn for a client library,
// and Do runs one command directly. Serve and ServeConn take connections that the
// program makes, such as TLS connections. As in Redis, the commands of all
// connections run one after the other. Any number of goroutines may use a server,
// and any number of servers may live in one process.
//
// Do and, in tests, Must return a Reply, with conversions that keep most tests
// short. Both run with all permissions:
//
//	srv.Must("HSET", "user:1", "name", "alice")
//	name := srv.Must("HGETALL", "user:1").Map()["name"].Text()
//
// Time is real unless Options.Clock says otherwise. A ManualClock stands still
// until a test moves it; then everything that is due happens, in order.
//
// # Caveats
//
// The data live in memory. Options.Dir decides what is written to files, and when.
// docs/compatibility.md lists the supported commands; others get the error for an
// unknown command, as from a Redis without them.
//
// The package leaves the settings of the garbage collector to the program. With the
// default GOGC of 100, data that are often overwritten may take up to twice the
// memory in use. Where that matters, set GOGC=50, as the resp-server binary does,
// or a memory limit; see package runtime/debug.
package respserver
