package respserver

import (
	"fmt"
	"github.com/resp-server/resp-server/internal/transport"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
)

// clientsOfLoops returns how many clients each thread of the event loop has.
func clientsOfLoops(s *TestServer, threads int) []int {
	counts := make([]int, threads)
	s.engine.Run(func(c *engine.Core) {
		for client := range c.Sessions {
			counts[client.Loop()]++
		}
	})
	return counts
}

// TestIOThreads spreads clients over threads, and has those of different threads
// affect each other.
func TestIOThreads(t *testing.T) {
	for _, o := range []Options{{EventLoop: true, Config: []string{"io-threads 3"}}, {EventLoop: true, IOThreads: 3, Config: []string{"io-threads 2"}}} {
		s := StartTest(t, o)
		var peers []*peer
		for range 6 {
			p := dialTCP(t, s)
			p.ask("PING", "PONG")
			peers = append(peers, p)
		}
		if got := clientsOfLoops(s, 3); !slices.Equal(got, []int{2, 2, 2}) {
			t.Errorf("the threads have %d clients", got)
		}
		peers[0].ask("CONFIG GET io-threads", "[io-threads 3]")
		peers[0].send("CONFIG SET io-threads 1")
		if r, err := resp.ReadReply(peers[0].in); err != nil || r.Kind != resp.ErrorReply {
			t.Errorf("CONFIG SET io-threads: %s, %v", r, err)
		}

		a, b, c := peers[0], peers[1], peers[2]
		a.send("SUBSCRIBE news")
		a.want("[subscribe news 1]")
		b.ask("PUBLISH news x", "1")
		a.want("[message news x]")
		b.send("MONITOR")
		b.want("OK")
		c.ask("SET k v", "OK")
		if r, err := resp.ReadReply(b.in); err != nil || r.Kind != resp.SimpleString {
			t.Errorf("MONITOR: %s, %v", r, err)
		}
		d := peers[3]
		d.send("BLPOP l 0", "GET k")
		awaitBlocked(t, s, 1)
		c.ask("RPUSH l x", "1")
		d.want("[l x]", "v")
		c.ask("CLIENT PAUSE 100000 WRITE", "OK")
		d.send("SET k w", "GET k")
		awaitBlocked(t, s, 1)
		c.ask("CLIENT UNPAUSE", "OK")
		d.want("OK", "w")
		c.ask("CLIENT KILL TYPE pubsub", "1")
		if _, err := io.ReadAll(a.in); err != nil {
			t.Error(err)
		}
		a.Close()
		await(t, s, "the client is gone", func(c *engine.Core) bool { return countClients(c) == 5 })
		dialTCP(t, s).ask("PING", "PONG")
		if got := clientsOfLoops(s, 3); !slices.Equal(got, []int{2, 2, 2}) {
			t.Errorf("the threads have %d clients when a new one has taken the place of another", got)
		}
	}
}

// TestOrderOverThreads: the commands of each client run in the order in which it has
// sent them, and all clients get their turn, with threads that wait for each other.
func TestOrderOverThreads(t *testing.T) {
	s := StartTest(t, Options{EventLoop: true, IOThreads: 4})
	var all sync.WaitGroup
	for i := range 8 {
		p := dialTCP(t, s)
		all.Go(func() {
			key := fmt.Sprint("counter:", i)
			n := 0
			for round := range 100 {
				size := 1 + round%40
				var batch []byte
				for range size {
					batch = resp.AppendCommand(batch, "INCR", key)
					batch = resp.AppendCommand(batch, "INCR", "shared")
				}
				if _, err := p.Write(batch); err != nil {
					t.Error(err)
					return
				}
				for range size {
					n++
					own, err := resp.ReadReply(p.in)
					shared, err2 := resp.ReadReply(p.in)
					if err != nil || err2 != nil || own.Integer != int64(n) || shared.Integer < int64(n) {
						t.Errorf("client %d: %s, %v and %s, %v in place of %d", i, own, err, shared, err2, n)
						return
					}
				}
			}
		})
	}
	all.Wait()
	total := 0
	for round := range 100 {
		total += 1 + round%40
	}
	dialTCP(t, s).ask("GET shared", strconv.Itoa(8*total))
}

// timedExecutor measures the processor time of a loop's only thread while it holds
// the engine's lock, and while it does not.
type timedExecutor struct {
	transport.Executor
	began, ended    time.Duration
	locked, outside time.Duration
}

func (x *timedExecutor) Begin() {
	x.began = threadTime()
	if x.ended != 0 {
		x.outside += x.began - x.ended
	}
	x.Executor.Begin()
}

func (x *timedExecutor) End() {
	x.Executor.End()
	x.ended = threadTime()
	x.locked += x.ended - x.began
}

// threadTime returns the processor time of the thread.
func threadTime() time.Duration {
	const clockThreadCPU = 3 // CLOCK_THREAD_CPUTIME_ID
	var ts syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockThreadCPU, uintptr(unsafe.Pointer(&ts)), 0)
	return time.Duration(ts.Nano())
}

// BenchmarkLocked measures what part of the work for a request is done under the
// engine's lock: so many threads of an event loop can be busy at once at most.
func BenchmarkLocked(b *testing.B) {
	for _, size := range []int{3, 1 << 10, 64 << 10} {
		for _, clients := range []int{1, 50, 500} {
			for _, pipeline := range []int{1, 16} {
				for _, name := range []string{"SET", "GET"} {
					if size > 3 && (name == "SET") != (size == 1<<10) {
						continue // 1 KB is written, 64 KB are read
					}
					b.Run(fmt.Sprintf("%s/size=%d/clients=%d/pipeline=%d", name, size, clients, pipeline), func(b *testing.B) {
						benchLocked(b, name, size, clients, pipeline)
					})
				}
			}
		}
	}
}

func benchLocked(b *testing.B, name string, size, clients, pipeline int) {
	s := StartTest(b, Options{EventLoop: true})
	x := &timedExecutor{Executor: s.engine}
	s.sockets.(*transport.EventLoop).Executor = x
	value := strings.Repeat("x", size)
	const keys = 1000
	for i := range keys {
		s.Do(b.Context(), "SET", fmt.Sprint("key:", i), value)
	}
	var all sync.WaitGroup
	s.Addr()
	rounds := b.N/(clients*pipeline) + 1
	b.ResetTimer()
	for i := range clients {
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			b.Fatal(err)
		}
		all.Go(func() {
			defer c.Close()
			var batch []byte
			replies := 0
			for j := range pipeline {
				key := fmt.Sprint("key:", (i*pipeline+j*7)%keys)
				if name == "SET" {
					batch = resp.AppendCommand(batch, "SET", key, value)
					replies += len("+OK\r\n")
				} else {
					batch = resp.AppendCommand(batch, "GET", key)
					replies += len(resp.AppendCommand(nil, value)) - len("*1\r\n")
				}
			}
			buf := make([]byte, min(replies, 256<<10))
			for range rounds {
				c.Write(batch)
				for left := replies; left > 0; {
					n, err := c.Read(buf[:min(left, len(buf))])
					if err != nil {
						b.Error(err)
						return
					}
					left -= n
				}
			}
		})
	}
	all.Wait()
	done := float64(rounds * clients * pipeline)
	b.ReportMetric(float64(x.locked.Nanoseconds())/done, "ns-locked/op")
	b.ReportMetric(float64(x.outside.Nanoseconds())/done, "ns-outside/op")
	b.ReportMetric(100*float64(x.locked)/float64(x.locked+x.outside), "%locked")
}
