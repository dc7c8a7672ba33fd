// Package miniredis is a Redis-compatible server for tests, with the API of
// github.com/alicebob/miniredis: programs that test with that one can have their
// tests run on a whole Redis by one line of their go.mod. How, and what changes, is
// in docs/miniredis.md of github.com/resp-server/resp-server.
//
//	m := miniredis.RunT(t)
//	rdb := redis.NewClient(&redis.Options{Addr: m.Addr()})
//
// Keys do not expire by themselves: FastForward lets their time pass, or RealTime
// has it pass as everywhere else. The functions that read and write data directly
// do so in the database of Select, or in that of DB.
//
// New tests are better off with package respserver, which does more; Respserver
// returns the server behind a Miniredis.
package miniredis

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2/internal/direct"
	"github.com/alicebob/miniredis/v2/server"
	respserver "github.com/resp-server/resp-server"
)

// realTimeEnv is the environment variable that has every Miniredis begin with
// RealTime.
const realTimeEnv = "MINIREDIS_REAL_TIME"

// Miniredis is a server. Its methods are safe for concurrent use.
type Miniredis struct {
	// The Mutex is not used by the server. It is here because it always was.
	sync.Mutex
	// Ctx ends with Close.
	Ctx       context.Context
	CtxCancel context.CancelFunc

	behind *direct.Server

	mu          sync.Mutex
	srv         *server.Server // nil: not started, or closed
	addr        *net.TCPAddr   // where it listens, or did last
	nextHook    server.Hook    // for the next start
	selected    int            // the database
	passwords   map[string]string
	now         time.Time // of SetTime
	clockTTL    bool
	subscribers map[*Subscriber]struct{}
}

// NewMiniRedis makes a server that is not started yet. Its data can be used.
func NewMiniRedis() *Miniredis {
	// The seed orders the elements of sets and the like. It is always the same, so
	// that Seed makes tests repeatable.
	s, err := respserver.Start(respserver.Options{NoListen: true, Seed: 1})
	if err != nil {
		panic("miniredis: " + err.Error()) // these options can't be wrong
	}
	s.Reseed(rand.Uint64())
	s.LockOut()
	m := &Miniredis{behind: &direct.Server{Server: s}, subscribers: make(map[*Subscriber]struct{})}
	m.Ctx, m.CtxCancel = context.WithCancel(context.Background())
	if real, _ := strconv.ParseBool(os.Getenv(realTimeEnv)); real {
		m.clockTTL = true
	} else {
		s.HoldExpiry()
	}
	return m
}

// Run makes and starts a server.
func Run() (*Miniredis, error) {
	m := NewMiniRedis()
	return m, m.Start()
}

// RunTLS is Run with TLS.
func RunTLS(cfg *tls.Config) (*Miniredis, error) {
	m := NewMiniRedis()
	return m, m.StartTLS(cfg)
}

// Tester is the part of *testing.T that RunT needs.
type Tester interface {
	Fatalf(string, ...interface{})
	Cleanup(func())
	Logf(format string, args ...interface{})
}

// RunT makes and starts a server that is closed at the end of the test.
func RunT(t Tester) *Miniredis {
	m, err := Run()
	if err != nil {
		t.Fatalf("miniredis did not start: %v", err)
	}
	t.Cleanup(m.Close)
	return m
}

// Respserver returns the server behind m, with all that package respserver offers:
// faults, records, snapshots, forks and more. It must not be closed.
func Respserver(m *Miniredis) *respserver.Server { return m.behind.Server }

// Start starts the server on a free port of 127.0.0.1, or on the one that it had
// before.
func (m *Miniredis) Start() error { return m.StartAddr(m.again()) }

// StartTLS is Start with TLS.
func (m *Miniredis) StartTLS(cfg *tls.Config) error { return m.StartAddrTLS(m.again(), cfg) }

// StartAddr starts the server on an address such as "127.0.0.1:6379".
func (m *Miniredis) StartAddr(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	m.serve(l)
	return nil
}

// StartAddrTLS is StartAddr with TLS.
func (m *Miniredis) StartAddrTLS(addr string, cfg *tls.Config) error {
	l, err := tls.Listen("tcp", addr, cfg)
	if err != nil {
		return err
	}
	m.serve(l)
	return nil
}

// again returns the address to start on.
func (m *Miniredis) again() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	port := 0
	if m.addr != nil {
		port = m.addr.Port
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}

func (m *Miniredis) serve(l net.Listener) *server.Server {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.srv = server.Before(m.behind, l, m.nextHook, m.cluster)
	m.nextHook = nil
	if l != nil {
		m.addr = l.Addr().(*net.TCPAddr)
	}
	return m.srv
}

// Restart starts a closed server on the port that it had. Its data are as they
// were.
func (m *Miniredis) Restart() error { return m.Start() }

// Close ends all connections and stops listening. The data stay, for Restart and
// for the functions that use them directly.
func (m *Miniredis) Close() {
	m.mu.Lock()
	srv := m.srv
	m.srv = nil
	var subscribers []*Subscriber
	for s := range m.subscribers {
		subscribers = append(subscribers, s)
	}
	m.mu.Unlock()
	if srv == nil {
		return
	}
	m.CtxCancel()
	srv.Close()
	for _, s := range subscribers {
		s.stop()
	}
}

// Dial returns a connection to the server that needs no socket. It starts a server
// that is not started, without a listener. In a testing/synctest bubble the server
// must have been made in the bubble.
func (m *Miniredis) Dial() (net.Conn, error) {
	m.mu.Lock()
	srv := m.srv
	m.mu.Unlock()
	if srv == nil {
		srv = m.serve(nil)
	}
	client, conn := net.Pipe()
	srv.ServeConn(conn)
	return client, nil
}

// Server returns what serves the connections, to register commands and hooks. It
// is nil if the server is not started. Start makes a new one.
func (m *Miniredis) Server() *server.Server {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.srv
}

// started is Server for what needs one.
func (m *Miniredis) started() *server.Server {
	srv := m.Server()
	if srv == nil {
		panic("miniredis: the server is not started")
	}
	return srv
}

// Addr returns the address of the server, "127.0.0.1:34567", also when it is
// closed. It is empty if Dial has started the server, and panics if nothing has.
func (m *Miniredis) Addr() string {
	if a := m.address(); a != nil {
		return a.String()
	}
	return ""
}

// Host returns the host of Addr.
func (m *Miniredis) Host() string {
	if a := m.address(); a != nil {
		return a.IP.String()
	}
	return ""
}

// Port returns the port of Addr.
func (m *Miniredis) Port() string {
	if a := m.address(); a != nil {
		return strconv.Itoa(a.Port)
	}
	return ""
}

func (m *Miniredis) address() *net.TCPAddr {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.addr == nil && m.srv == nil {
		panic("miniredis: the server is not started")
	}
	return m.addr
}

// CommandCount returns how many commands of clients have run since the start. It
// panics if the server is not started.
func (m *Miniredis) CommandCount() int { return m.started().TotalCommands() }

// CurrentConnectionCount returns how many clients are connected. It panics if the
// server is not started.
func (m *Miniredis) CurrentConnectionCount() int { return m.started().ClientsLen() }

// TotalConnectionCount returns how many connections there have been since the
// start. It panics if the server is not started.
func (m *Miniredis) TotalConnectionCount() int { return m.started().TotalConnections() }

// IsReadOnlyCommand reports whether a command changes nothing. It is false if the
// server is not started.
func (m *Miniredis) IsReadOnlyCommand(cmd string) bool {
	srv := m.Server()
	return srv != nil && srv.IsReadOnlyCommand(cmd)
}

// SetError has every command answer an error, such as "LOADING Redis is loading
// the dataset in memory", until it is set to "". It takes the place of a hook.
func (m *Miniredis) SetError(msg string) {
	var hook server.Hook
	if msg != "" {
		hook = func(c *server.Peer, _ string, _ ...string) bool {
			c.WriteError(msg)
			return true
		}
	}
	m.mu.Lock()
	srv := m.srv
	if srv == nil {
		m.nextHook = hook
	}
	m.mu.Unlock()
	if srv != nil {
		srv.SetPreHook(hook)
	}
}

// RequireAuth has clients log in with a password, those that are connected too, if
// they have not logged in yet; "" ends it.
func (m *Miniredis) RequireAuth(pw string) { m.RequireUserAuth("default", pw) }

// RequireUserAuth has clients log in as some user, one of those that were named by
// it. With the password "" nobody can log in as a user any more. All have all
// permissions.
func (m *Miniredis) RequireUserAuth(username, pw string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.passwords == nil {
		m.passwords = make(map[string]string)
	}
	if pw != "" {
		m.passwords[username] = pw
		m.behind.Do(0, "ACL", "SETUSER", username, "reset", "on", ">"+pw, "~*", "&*", "+@all")
	} else if _, ok := m.passwords[username]; ok {
		delete(m.passwords, username)
		m.behind.Do(0, "ACL", "SETUSER", username, "off", "resetpass") // who has logged in stays
	}
	if _, ok := m.passwords["default"]; ok {
		return
	}
	// Without a password the default user is for those who do not log in.
	if len(m.passwords) > 0 {
		m.behind.Do(0, "ACL", "SETUSER", "default", "off", "resetpass")
	} else {
		m.behind.Do(0, "ACL", "SETUSER", "default", "on", "nopass")
	}
}

// Seed has random choices, such as that of SRANDMEMBER, be the same in each run.
func (m *Miniredis) Seed(seed int) { m.behind.Reseed(uint64(seed)) }

// FastForward takes a duration from what keys and hash fields have left to live,
// and removes those that have nothing left. TIME does not move: see SetTime.
func (m *Miniredis) FastForward(duration time.Duration) { m.behind.PassExpiry(duration) }

// SetTime has TIME, the ids and idle times of streams, and EXPIREAT see a time,
// which stands still. The zero Time ends it.
func (m *Miniredis) SetTime(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := m.time()
	m.now = t
	m.behind.ShowTime(t)
	if m.clockTTL {
		m.follow()
		if passed := m.time().Sub(was); passed > 0 {
			m.behind.PassExpiry(passed)
		}
	}
}

// time is what TIME shows.
func (m *Miniredis) time() time.Time {
	if m.now.IsZero() {
		return time.Now()
	}
	return m.now
}

// follow lets keys expire as time passes, unless SetTime has stopped it.
func (m *Miniredis) follow() {
	if m.now.IsZero() {
		m.behind.ReleaseExpiry()
	} else {
		m.behind.HoldExpiry()
	}
}

// ClockTTL lets keys and hash fields expire as time passes, or when SetTime moves
// it, and not only by FastForward.
func (m *Miniredis) ClockTTL(enabled bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clockTTL = enabled
	if enabled {
		m.follow()
	} else {
		m.behind.HoldExpiry()
	}
}

// RealTime has time pass for keys as it does in Redis: it is m.ClockTTL(true). With
// MINIREDIS_REAL_TIME=1 in the environment every server begins so.
func RealTime(m *Miniredis) { m.ClockTTL(true) }
