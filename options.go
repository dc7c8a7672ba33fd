package respserver

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"

	"github.com/resp-server/resp-server/internal/vfs"
)

// Options configure a server. The zero value is valid: a server on the loopback
// interface and a free port, with the defaults of redis.conf, that reads and writes
// no files and logs nothing.
type Options struct {
	// Addr is the TCP address to listen on, by default "127.0.0.1:0". Port 0 picks
	// a free port; see Server.Addr.
	Addr string

	// UnixSocket is the path of a Unix socket to listen on as well; "" opens none.
	// An existing file is replaced, such as the socket of a killed server, unless
	// it is a directory or a socket that somebody listens on.
	UnixSocket string

	// NoListen keeps the server from opening sockets. Dial, Do and Serve still
	// work.
	NoListen bool

	// EventLoop makes all sockets share the threads of IOThreads, which wait for them
	// with epoll. That is faster with many clients and makes an idle connection
	// cheaper. It works on Linux only and has no effect elsewhere. By default each
	// connection has a goroutine.
	EventLoop bool

	// IOThreads is the number of threads of the EventLoop, up to 128; 0 leaves it to
	// the directive io-threads, whose default is 1. They wait, read, parse and write
	// side by side, while commands run one at a time. More than one needs as many
	// cores that the clients leave free.
	IOThreads int

	// TLS opens a TLS socket beside the others, on the port of the setting tls-port
	// or, if that is 0, on a free one; see Server.TLSAddr. NewAuthority makes
	// certificates for tests. The settings tls-auth-clients, tls-protocols,
	// tls-ciphers and tls-session-caching change it where they are given; those that
	// name files do not. If TLS is nil, all of them apply as in Redis.
	TLS *tls.Config

	// Dir is the directory of the data files. If it is empty, the server touches no
	// file. Start loads the snapshot, an RDB file named by the setting dbfilename,
	// if it exists, and fails if it can't load all of it. SAVE, BGSAVE and SHUTDOWN
	// SAVE write the snapshot. Save points write it without being asked: with "save
	// 60 100" in Config after 60 seconds with 100 changes, and at Close. There are
	// no save points by default, so fixtures stay unchanged. With "appendonly yes"
	// in Config, the append-only file in Dir keeps every write and is loaded
	// instead of the snapshot.
	Dir string

	// Clock is the time of the server, by default RealClock. A ManualClock stands
	// still until it is moved. Start fails if the clock shows a time before 1970.
	Clock Clock

	// Config holds lines of redis.conf, such as "maxclients 100"; later lines
	// override earlier ones. An unknown directive or an invalid value makes Start
	// fail with a *ConfigError. ReadConfig returns the lines of a file. Directives
	// for the process (daemonize, supervised, logfile, syslog-enabled) have no
	// effect in a library.
	//
	// The other fields override directives: Addr overrides bind and port,
	// UnixSocket overrides unixsocket, Dir overrides dir, Inspector overrides inspector. If the field is not set,
	// the directive applies; if neither is set, the default of the field. Unlike in
	// Redis, "port 0" picks a free port; `bind ""` opens no TCP socket.
	Config []string

	// Compat names the version that the server is, such as "redis-7.2": see
	// docs/compatibility.md. It overrides the setting compat. By default that is
	// "latest". An unknown name makes Start fail with a *ConfigError.
	Compat string

	// Inspector is the address of a page for a browser that shows what is in the
	// server and what happens there, such as "127.0.0.1:8001"; port 0 picks a free
	// port. It has to be one of this machine's own. "" opens none. See InspectorURL.
	// The page changes nothing unless the setting enable-testing-command allows the
	// test controls, as in StartTest.
	Inspector string

	// Users are users of the access control list in addition to those of Config,
	// with roles that most tests need. Unless "default" is one of them, that user
	// needs no password and may do everything.
	Users []User

	// ConfigFile is the file that CONFIG REWRITE updates; "" means none. Start does
	// not read it: put its lines into Config.
	ConfigFile string

	// Load names files to load at the start as by LoadFile, after the snapshot of
	// Dir and before the server listens. The state after them is what Reset returns
	// to.
	Load []string

	// Logger receives what a Redis server would write to its log. By default it is
	// discarded.
	Logger *slog.Logger

	// LogLevel follows the setting loglevel, also when CONFIG SET changes it, so
	// that the handler of Logger can use it. The level verbose is between
	// slog.LevelDebug and slog.LevelInfo (notice); nothing is above
	// slog.LevelError.
	LogLevel *slog.LevelVar

	// ClusterEmulated makes the server a node that serves all slots of a cluster by
	// itself, for clients and tools that only need the protocol: it opens no port for
	// other nodes, and keeps no file of them.
	ClusterEmulated bool

	// Sentinel makes the server a sentinel, which serves no data: lines
	// "sentinel ..." of Config, as in sentinel.conf, name the masters that it watches.
	// It keeps in ConfigFile what it needs after a restart; without a file it keeps
	// nothing. StartSentinels starts several at once.
	Sentinel bool

	// Network connects the server to others in this process; nil means by sockets.
	// With NoListen it has an address on the network, by which only those reach it.
	Network *Network

	// Seed is the seed of all random choices; 0 draws a random one. Servers with
	// the same seed, clock and commands give the same replies, byte for byte:
	// RANDOMKEY, SPOP, cursors, the order of KEYS and of hash tables, evictions,
	// the probability of faults, run ids. Facts about the process (pid, memory,
	// ports) and the passwords of ACL GENPASS still differ. See Server.Seed.
	Seed uint64

	// Shuffle changes, depending on the seed, the order of replies whose order
	// Redis leaves open: those of KEYS, SMEMBERS, SINTER, HGETALL and their
	// relatives, of SCAN, of GEOSEARCH without sorting, of PUBSUB CHANNELS and
	// CONFIG GET. So a test fails early if it relies on an order that small
	// collections happen to have. The order stays the same until the key changes.
	// The start logs the seed.
	Shuffle bool

	// Strict holds rules of strict mode, such as "all warn"; see Server.Strict.
	Strict []string

	// RecordTo receives everything that clients send and get, in spaces too, from
	// the start to the end of the server, in the notation of docs/transcripts.md;
	// see Replay. The commands of Do are left out: a replay must not repeat the
	// SHUTDOWN of a program that ends. It contains passwords.
	RecordTo io.Writer

	// Check makes StartTest call Server.Check at the end of the test, and fail the
	// test if it returns an error.
	Check bool

	files vfs.FS // for tests; nil: the files of the system
	// dialNode connects to other nodes of a Cluster; nil: by the network of the
	// system.
	dialNode func(ctx context.Context, d net.Dialer, addr string) (net.Conn, error)
	master   *Server // the master in the same process, if the server is a replica
}
