package respserver

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"

	"github.com/resp-server/resp-server/internal/vfs"
)

// Options say how to start a server. The zero value works: a server on the
// loopback interface and a free port, with the defaults of redis.conf, that
// reads and writes no files and logs nothing.
type Options struct {
	// Addr is "127.0.0.1:0" by default: the TCP address to listen on. Port 0
	// picks a free port; see Server.Addr.
	Addr string

	// UnixSocket is none by default: the path of a Unix socket to listen on as
	// well. A file that is there is replaced, such as the socket of a server that was
	// killed, but not a directory nor a socket that somebody listens on.
	UnixSocket string

	// NoListen is false by default. If it is true no socket is opened; Dial, Do
	// and Serve work all the same.
	NoListen bool

	// EventLoop is false by default: each connection has a goroutine. If it is
	// true, and the system is Linux, all sockets share one thread that waits
	// for them with epoll: faster with many clients, and an idle connection
	// costs less. On other systems nothing changes.
	EventLoop bool

	// TLS is none by default: how to encrypt. With it a TLS socket opens beside
	// the others, on the port of the setting tls-port or, if that is 0, on a free
	// one: see Server.TLSAddr. NewAuthority makes certificates for tests. Without
	// it the settings tls-port, tls-cert-file and so on count as in Redis.
	TLS *tls.Config

	// Dir is none by default: the directory of the snapshot, an RDB file whose
	// name is the setting dbfilename. Without it no file is touched. If the file
	// is there it is loaded, and Start fails if that can't be done whole. It is
	// written by SAVE, BGSAVE and SHUTDOWN SAVE, and without being asked only if
	// there are save points: with "save 60 100" in Config after 60 seconds with
	// 100 changes, and by Close. There are none by default, so that fixtures stay
	// as they are. With "appendonly yes" in Config the append-only file in Dir
	// keeps every write, and is loaded in place of the snapshot.
	Dir string

	// Clock is RealClock by default. A ManualClock stands still until it is
	// moved. Start fails if the clock shows a time before 1970.
	Clock Clock

	// Config is empty by default: lines of redis.conf, such as "maxclients 100";
	// later ones win. An unknown directive or a bad value makes Start fail with
	// a *ConfigError. ReadConfig makes lines of a file. Those about the process
	// (daemonize, supervised, logfile, syslog-enabled) do nothing in a library.
	//
	// The other fields win over directives: Addr over bind and port, UnixSocket
	// over unixsocket, Dir over dir. Without the field the directive counts,
	// and a directive that is not given has the default of the field. Unlike
	// in Redis, "port 0" is a free port; what opens no TCP socket is `bind ""`.
	Config []string

	// Users are none by default: users of the access control list beside those of
	// Config, in roles that most tests need. The user "default" needs no password
	// and may do everything unless it is one of them.
	Users []User

	// ConfigFile is none by default: the file that CONFIG REWRITE brings up to
	// date. It is not read at the start: its lines are to be in Config.
	ConfigFile string

	// Load is empty by default: files that are loaded at the start as LoadFile
	// does it, after the snapshot of Dir, and before the server listens. Reset
	// goes back to them.
	Load []string

	// Logger discards by default. What a Redis server would write to its log
	// goes there.
	Logger *slog.Logger

	// LogLevel is none by default. It is kept at what the setting loglevel asks
	// for, also when CONFIG SET changes that, so that the handler of Logger can
	// go by it: verbose is between slog.LevelDebug and slog.LevelInfo (notice),
	// nothing is above slog.LevelError.
	LogLevel *slog.LevelVar

	// Seed is random by default. Servers with the same seed, clock and commands
	// answer the same, byte for byte: RANDOMKEY, SPOP, cursors, the order of KEYS
	// and of hash tables, evictions, the probability of faults, run ids. What
	// stays different is what the process has (pid, memory, ports), and the
	// passwords of ACL GENPASS. See Server.Seed.
	Seed uint64

	// Shuffle is false by default. If it is true, replies whose order Redis leaves
	// open come in another one, which depends on the seed: those of KEYS, SMEMBERS,
	// SINTER, HGETALL and their like, what is behind a cursor of SCAN, GEOSEARCH
	// that does not sort, PUBSUB CHANNELS, CONFIG GET. So a test that relies on an
	// order which small collections happen to have fails early. The order stays the
	// same until the key changes. The seed is logged at the start.
	Shuffle bool

	// Strict is empty by default: rules of strict mode, such as "all warn"; see
	// Server.Strict.
	Strict []string

	// RecordTo is none by default. Everything that clients send and are answered
	// is written there, from the start to the end of the server, in the notation of
	// docs/transcripts.md; see Replay. Passwords are in it.
	RecordTo io.Writer

	// Check is false by default. If it is true, StartTest calls Server.Check at the
	// end of the test, and fails the test if that finds something.
	Check bool

	files vfs.FS // for tests: nil is the file system of the system
	// dialNode connects to other nodes of a Cluster; nil: as the system does it.
	dialNode func(ctx context.Context, d net.Dialer, addr string) (net.Conn, error)
	master   *Server // of a replica in the same process
}
