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
// A server listens on TCP or a Unix socket, and at the same time can be
// reached without any socket: Dial and DialContext return an in-memory net.Conn
// for a client library, Do runs one command directly. Serve and ServeConn take
// connections that the program makes, such as those of TLS. All commands of all
// connections run one after the other, as in Redis; any number of goroutines
// may use a server and any number of servers may live in one process.
//
// Do and, in tests, Must return a Reply, with conversions that make most tests
// short. They have all permissions:
//
//	srv.Must("HSET", "user:1", "name", "alice")
//	name := srv.Must("HGETALL", "user:1").Map()["name"].Text()
//
// Time is real unless Options.Clock says otherwise; a ManualClock stands still
// until a test moves it, and then everything that is due happens, in order.
//
// # Caveats
//
// The data live in memory. Options.Dir says what is written to files, and when.
// docs/compatibility.md lists the commands that exist; others answer as unknown,
// as they do in a Redis that does not have them.
//
// The garbage collector is left as the program has it. Data that are
// overwritten may, with the default GOGC of 100, take up to twice the memory
// that is in use; where that counts, set GOGC=50, as the resp-server binary
// does, or a memory limit: see package runtime/debug.
package respserver
