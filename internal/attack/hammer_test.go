package attack

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/effort"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
)

// leftOut are commands that end the server or other connections, lock everybody
// out, or block everybody for long.
var leftOut = []string{"shutdown", "debug", "monitor", "client|kill", "client|pause", "client|reply", "failover", "replicaof", "slaveof", "migrate", "psync", "sync", "replconf",
	"acl|setuser", "acl|deluser", "acl|load", "config|set", "config|rewrite", "script|debug", "quit", "pfselftest"}

// pool has words for arguments.
var pool = strings.Fields("k1 k2 k3 k4 k5 k6 f1 f2 a b c 0 1 2 3 -1 7 100 1.5 inf -inf (1 [a + - * > $ 0-0 1-1 text channel {tag}x group consumer")

// commandMaker makes commands, many of which are valid.
type commandMaker struct {
	rows  []*spec.Command
	names []string
}

func newCommandMaker() *commandMaker {
	var m commandMaker
	for _, group := range spec.Groups() {
		for i := range group {
			c := &group[i]
			if len(c.Subcommands) == 0 {
				m.add(c.Name, c)
			}
			for j := range c.Subcommands {
				m.add(c.Name+"|"+c.Subcommands[j].Name, &c.Subcommands[j])
			}
		}
	}
	return &m
}

func (m *commandMaker) add(name string, c *spec.Command) {
	if !slices.Contains(leftOut, name) {
		m.rows, m.names = append(m.rows, c), append(m.names, name)
	}
}

func (m *commandMaker) make(rng *rand.Rand) []string {
	i := rng.IntN(len(m.rows))
	words := strings.Split(m.names[i], "|")
	for _, a := range m.rows[i].Args {
		words = appendArg(rng, words, a)
	}
	return words
}

// appendArg appends an argument. It may leave out an optional one.
func appendArg(rng *rand.Rand, words []string, a spec.Arg) []string {
	times := 1
	switch {
	case a.Optional && rng.IntN(3) > 0:
		return words
	case a.Multiple:
		times = 1 + rng.IntN(3)
	}
	for range times {
		if a.Token != "" {
			words = append(words, a.Token)
		}
		switch a.Type {
		case spec.PureToken:
		case spec.OneOf:
			words = appendArg(rng, words, a.Args[rng.IntN(len(a.Args))])
		case spec.Block:
			for _, b := range a.Args {
				words = appendArg(rng, words, b)
			}
		case spec.Key:
			words = append(words, fmt.Sprint("k", rng.IntN(6)))
		case spec.Integer, spec.Double, spec.UnixTime:
			words = append(words, fmt.Sprint(rng.IntN(5)))
		default:
			words = append(words, pool[rng.IntN(len(pool))])
		}
	}
	return words
}

// TestHammer sends random commands to servers by all transports at once, over
// connections that come and go at any moment, while the program uses the server
// too. It is meant for the race detector.
func TestHammer(t *testing.T) {
	t.Parallel()
	commands := newCommandMaker()
	for _, threads := range []int{0, 1, 2, 4} { // 0: no event loop
		t.Run(fmt.Sprint(threads, " threads"), func(t *testing.T) {
			before := runtime.NumGoroutine()
			s, err := respserver.Start(respserver.Options{
				Addr: "127.0.0.1:0", UnixSocket: filepath.Join(t.TempDir(), "s"), EventLoop: threads > 0, IOThreads: threads, Dir: t.TempDir(), Logger: slog.New(alarm{t}),
				Config: []string{"maxmemory 20mb", "maxmemory-policy allkeys-lru", "maxmemory-clients 5mb", "client-output-buffer-limit normal 4mb 1mb 1", "busy-reply-threshold 10", "latency-monitor-threshold 1"},
			})
			if err != nil {
				t.Fatal(err)
			}
			hammer(t, s, commands)
			if _, err := s.Do(t.Context(), "CONFIG", "SET", "maxclients", 10000); err != nil {
				t.Error(err)
			}
			served(t, s)
			if err := s.Check(); err != nil {
				t.Error(err)
			}
			closed := make(chan error)
			go func() { closed <- s.Close() }()
			select {
			case err := <-closed:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(30 * time.Second):
				stacks := make([]byte, 1<<20)
				t.Fatalf("Close hangs\n%s", stacks[:runtime.Stack(stacks, true)])
			}
			for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before+2; runtime.Gosched() {
				if time.Now().After(deadline) {
					stacks := make([]byte, 1<<20)
					t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
				}
			}
		})
	}
}

// served checks that a server replies by all transports.
func served(t *testing.T, s *respserver.Server) {
	t.Helper()
	if r, err := s.Do(t.Context(), "PING"); err != nil || r.Text() != "PONG" {
		t.Errorf("PING: %v, %v", r, err)
	}
	for _, way := range []string{"tcp", "unix", "pipe"} {
		ping := func() (string, error) {
			c, err := s.Dial(t.Context())
			if i := slices.Index([]string{"tcp", "unix"}, way); i >= 0 {
				c, err = net.Dial(way, s.Addrs()[i])
			}
			if err != nil {
				return "", err
			}
			defer c.Close()
			c.SetDeadline(time.Now().Add(10 * time.Second))
			c.Write([]byte("PING\r\n"))
			got := make([]byte, len("+PONG\r\n"))
			_, err = io.ReadFull(c, got)
			return string(got), err
		}
		got, err := ping()
		for deadline := time.Now().Add(10 * time.Second); err != nil && time.Now().Before(deadline); runtime.Gosched() {
			got, err = ping() // connections that are already closed may be in the way
		}
		if got != "+PONG\r\n" {
			t.Errorf("PING over %s: %q, %v", way, got, err)
		}
	}
}

// hammer hammers a server for the time of the flag.
func hammer(t *testing.T, s *respserver.Server, commands *commandMaker) {
	ctx, cancel := context.WithTimeout(t.Context(), effort.Of(*duration))
	defer cancel()
	var all sync.WaitGroup
	for i := range 6 {
		rng := rand.New(rand.NewPCG(*firstSeed, uint64(i)))
		all.Go(func() {
			for ctx.Err() == nil {
				connect := []func() (net.Conn, error){
					func() (net.Conn, error) { return net.Dial("tcp", s.Addrs()[0]) },
					func() (net.Conn, error) { return net.Dial("unix", s.Addrs()[1]) },
					func() (net.Conn, error) { return s.Dial(ctx) },
				}[rng.IntN(3)]
				c, err := connect()
				if err != nil { // too many may be waiting; a worse reason shows at the end
					runtime.Gosched()
					continue
				}
				visit(ctx, c, rng, commands)
			}
		})
	}
	for i := range 2 {
		rng := rand.New(rand.NewPCG(*firstSeed, uint64(100+i)))
		all.Go(func() {
			for ctx.Err() == nil {
				words := commands.make(rng)
				args := make([]any, len(words))
				for i, w := range words {
					args[i] = w
				}
				limited, stop := context.WithTimeout(ctx, 5*time.Millisecond) // the command may block
				s.Do(limited, args...)
				stop()
			}
		})
	}
	all.Go(func() { // changes to the server as a whole
		rng := rand.New(rand.NewPCG(*firstSeed, 200))
		changes := []string{"CONFIG SET maxmemory 1mb", "CONFIG SET maxmemory 20mb", "CONFIG SET maxmemory-policy allkeys-lfu", "CONFIG SET maxmemory-policy noeviction", "CONFIG SET timeout 1", "CONFIG SET timeout 0",
			"CONFIG SET notify-keyspace-events KEA", "CONFIG SET tracking-table-max-keys 10", "CONFIG SET maxclients 20", "CONFIG SET maxclients 10000", "CONFIG SET save 1", "CONFIG RESETSTAT",
			"INFO everything", "CLIENT LIST", "MEMORY STATS", "BGSAVE", "SAVE", "SWAPDB 0 1", "FLUSHALL", "CLIENT KILL TYPE normal SKIPME yes", "CLIENT PAUSE 2 WRITE", "CLIENT UNPAUSE", "SCRIPT FLUSH", "DEBUG RELOAD",
			"DEBUG CHANGE-REPL-ID", "EVAL for\x00i=1,100000\x00do\x00end 0", "ACL SETUSER u on nopass ~k* +@all", "ACL DELUSER u"}
		for ctx.Err() == nil {
			var args []any
			for w := range strings.FieldsSeq(changes[rng.IntN(len(changes))]) {
				args = append(args, strings.ReplaceAll(w, "\x00", " "))
			}
			limited, stop := context.WithTimeout(ctx, time.Second)
			s.Do(limited, args...)
			stop()
		}
	})
	all.Wait()
}

// visit sends pipelines over a connection and ends it in one of several ways.
func visit(ctx context.Context, c net.Conn, rng *rand.Rand, commands *commandMaker) {
	var reading sync.WaitGroup
	reads := rng.IntN(8) > 0 // otherwise it never reads replies
	if reads {
		reading.Go(func() { io.Copy(io.Discard, c) })
	}
	stop := context.AfterFunc(ctx, func() { c.Close() })
	for range rng.IntN(20) {
		var b []byte
		for range 1 + rng.IntN(10) {
			b = resp.AppendCommand(b, commands.make(rng)...)
		}
		switch rng.IntN(20) {
		case 0:
			b = damage(rng, b, framed)
		case 1:
			b = append(b, "MONITOR\r\n"...)
		case 2:
			b = append(b, "CLIENT REPLY OFF\r\n"...)
		}
		c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)) // the write may block
		if _, err := c.Write(b); err != nil {
			break
		}
	}
	// Usually wait for the end: otherwise the work for connections that have left
	// would pile up.
	if half, ok := c.(interface{ CloseWrite() error }); ok && reads && rng.IntN(4) > 0 {
		c.SetReadDeadline(time.Now().Add(time.Second)) // the last command may block
		half.CloseWrite()
		reading.Wait()
	}
	c.Close()
	stop()
	reading.Wait()
}
