package respserver

import (
	"log/slog"
)

// Options say how to start a server. The zero value works: a server on the
// loopback interface and a free port, with the defaults of redis.conf, that
// reads and writes no files and logs nothing.
type Options struct {
	// Addr is "127.0.0.1:0" by default: the TCP address to listen on. Port 0 is
	// a free one, which Server.Addr tells.
	Addr string

	// Bind is none by default: further hosts to listen on, with the port of Addr.
	Bind []string

	// UnixSocket is none by default: the path of a Unix socket to listen on.
	UnixSocket string

	// NoListen is false by default. If it is true no socket is opened; Dial and
	// Do work all the same.
	NoListen bool

	// EventLoop is false by default: each connection has a goroutine. If it is
	// true, and the system is Linux, all sockets share one thread that waits
	// for them with epoll: faster with many clients, and an idle connection
	// costs less. On other systems nothing changes.
	EventLoop bool

	// Dir is none by default: the directory of the RDB file. Without it no file
	// is touched. The file's name is the setting dbfilename.
	Dir string

	// Clock is the real time by default. A ManualClock stands still until it is
	// told to move.
	Clock Clock

	// Config is empty by default: lines of redis.conf, such as "maxclients 100".
	// An unknown directive or a bad value makes Start fail.
	Config []string

	// Logger discards by default. What a Redis server would write to its log
	// goes there.
	Logger *slog.Logger

	// Seed is random by default. A fixed one makes everything that Redis leaves
	// to chance repeatable: RANDOMKEY, the order of SCAN and KEYS.
	Seed uint64
}
