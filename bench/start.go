package main

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	respserver "github.com/resp-server/resp-server"
)

// inProcess measures a server embedded in a Go program.
func inProcess(b *bench) error {
	b.heading("In one process", `One client in the same program as the server sends one request after the other. The event loop is
Options.EventLoop.`)
	b.printf("| GET by way of | time | allocations |\n|---|---:|---:|\n")
	line := func(name string, f func(*testing.B)) {
		if !b.wants(name) {
			return
		}
		var best testing.BenchmarkResult
		for range b.rounds {
			if r := testing.Benchmark(f); best.N == 0 || r.NsPerOp() < best.NsPerOp() {
				best = r
			}
		}
		b.printf("| %s | %s | %d |\n", name, duration(float64(best.NsPerOp())), best.AllocsPerOp())
	}
	ctx := context.Background()
	for _, loop := range []bool{false, true} {
		s, err := respserver.Start(respserver.Options{EventLoop: loop})
		if err != nil {
			return err
		}
		if _, err := s.Do(ctx, "SET", "key", "value"); err != nil {
			return err
		}
		if !loop {
			line("Do", func(t *testing.B) {
				t.ReportAllocs()
				for t.Loop() {
					if _, err := s.Do(ctx, "GET", "key"); err != nil {
						t.Fatal(err)
					}
				}
			})
			c, err := s.Dial(ctx)
			if err != nil {
				return err
			}
			line("the pipe of Dial", roundTrip(newConn(c)))
		}
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			return err
		}
		if loop {
			line("loopback TCP, event loop", roundTrip(newConn(c)))
		} else {
			line("loopback TCP", roundTrip(newConn(c)))
		}
		c.Close()
		s.Close()
	}
	m := miniredis.NewMiniRedis()
	if err := m.Start(); err != nil {
		return err
	}
	defer m.Close()
	m.Set("key", "value")
	c, err := net.Dial("tcp", m.Addr())
	if err != nil {
		return err
	}
	line("miniredis, loopback TCP", roundTrip(newConn(c)))
	return nil
}

func roundTrip(c *conn) func(*testing.B) {
	return func(t *testing.B) {
		t.ReportAllocs()
		for t.Loop() {
			if _, err := c.do("GET", "key"); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// startUp measures how long it takes until a server replies.
func startUp(b *bench) error {
	b.heading("Start", `The time from exec to the first PONG, and that of Start, PING and Close within one process.`)
	b.printf("| what | median time |\n|---|---:|\n")
	took := make(map[string][]float64)
	for range 10 * b.rounds {
		for _, spec := range b.specs {
			if spec.name == "miniredis" || !b.wants("exec "+spec.name) {
				continue
			}
			s, err := spec.start()
			if err != nil {
				return err
			}
			took[spec.name] = append(took[spec.name], float64(s.took))
			s.stop()
		}
	}
	for _, spec := range b.specs {
		if samples := took[spec.name]; samples != nil {
			b.printf("| exec %s | %s |\n", spec.name, duration(median(samples)))
			b.summary.note("from exec to the first PONG", "exec", spec.name, median(samples)/median(took[ours]))
		}
	}
	for _, how := range []struct {
		name string
		once func() error
	}{
		{"in process, pipe", func() error { return startOnce(respserver.Options{NoListen: true}) }},
		{"in process, TCP", func() error { return startOnce(respserver.Options{}) }},
		{"in process, TCP, event loop", func() error { return startOnce(respserver.Options{EventLoop: true}) }},
		{"in process, TCP, miniredis", func() error {
			m := miniredis.NewMiniRedis()
			if err := m.Start(); err != nil {
				return err
			}
			defer m.Close()
			return pingOnce(net.Dial("tcp", m.Addr()))
		}},
	} {
		if !b.wants(how.name) {
			continue
		}
		var samples []float64
		for range 100 * b.rounds {
			begin := time.Now()
			if err := how.once(); err != nil {
				return err
			}
			samples = append(samples, float64(time.Since(begin)))
		}
		b.printf("| %s | %s |\n", how.name, duration(median(samples)))
	}
	return b.idleServer()
}

func startOnce(o respserver.Options) error {
	s, err := respserver.Start(o)
	if err != nil {
		return err
	}
	defer s.Close()
	if o.NoListen {
		return pingOnce(s.Dial(context.Background()))
	}
	return pingOnce(net.Dial("tcp", s.Addr()))
}

func pingOnce(c net.Conn, err error) error {
	if err != nil {
		return err
	}
	defer c.Close()
	line, err := newConn(c).do("PING")
	if err == nil && !strings.HasPrefix(line, "+PONG") {
		err = fmt.Errorf("PING says %q", line)
	}
	return err
}

// idleServer measures the memory of an idle server.
func (b *bench) idleServer() error {
	const n = 200
	live := func() int {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc + m.StackInuse)
	}
	for _, o := range []respserver.Options{{NoListen: true}, {}, {EventLoop: true}} {
		before := live()
		var list []*respserver.Server
		for range n {
			s, err := respserver.Start(o)
			if err != nil {
				return err
			}
			list = append(list, s)
		}
		name := "without sockets"
		switch {
		case o.EventLoop:
			name = "TCP, event loop"
		case !o.NoListen:
			name = "TCP"
		}
		b.printf("| memory of an idle server, %s | %s |\n", name, size((live()-before)/n))
		for _, s := range list {
			s.Close()
		}
	}
	return nil
}
