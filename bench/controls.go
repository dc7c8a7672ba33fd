package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	respserver "github.com/resp-server/resp-server"
)

// uses are ways to use the test controls of a server before and while commands run.
var uses = []struct {
	name   string
	config []string
	begin  func(*respserver.Server) error
}{
	{"a server that allows none", nil, nil},
	{"allowed", []string{"enable-testing-command yes"}, nil},
	{"all used, and off again", []string{"enable-testing-command yes"}, func(s *respserver.Server) error {
		s.Freeze()
		s.Resume()
		s.Record().Stop()
		s.Inject(respserver.Fault{Command: "GET", Error: "LOADING"})()
		s.Schedule().End()
		s.Shuffle(true)
		s.Shuffle(false)
		if err := s.Strict("all warn", "all off"); err != nil {
			return err
		}
		return s.Restore(s.Snapshot())
	}},
	{"a fault for another command", nil, func(s *respserver.Server) error {
		s.Inject(respserver.Fault{Command: "INCR", Error: "LOADING"})
		return nil
	}},
	{"shuffled", nil, func(s *respserver.Server) error {
		s.Shuffle(true)
		return nil
	}},
	{"strict, all rules", nil, func(s *respserver.Server) error {
		return s.Strict("all warn", "missing-ttl warn x:*", "newer-commands warn 6.0")
	}},
	{"recorded", nil, func(s *respserver.Server) error {
		s.Record(respserver.RecordOptions{MaxBytes: 1 << 20})
		return nil
	}},
}

// controls measures the cost of the test controls in the same process.
func controls(b *bench) error {
	const depth, batches = 64, 100
	b.heading("Test controls", `The time of a command with the test controls off and on, in pipelines of %d GET and SET over the pipe of
Dial: the fastest of %d rounds, taken by turns. Controls that are off cost nothing: a difference of a few
per cent is noise.`, depth, 20*b.rounds)
	clients := make([]*conn, len(uses))
	for i, u := range uses {
		s, err := respserver.Start(respserver.Options{NoListen: true, Config: u.config})
		if err != nil {
			return err
		}
		defer s.Close()
		if u.begin != nil {
			if err := u.begin(s); err != nil {
				return err
			}
		}
		c, err := s.Dial(context.Background())
		if err != nil {
			return err
		}
		clients[i] = newConn(c)
	}
	var batch []byte
	for i := range depth / 2 {
		batch = appendCommand(batch, "SET", text("key:", i), "value")
		batch = appendCommand(batch, "GET", text("key:", i))
	}
	times := make([][]float64, len(uses))
	for range 5 * b.rounds {
		for i, c := range clients {
			begin := time.Now()
			for range batches {
				if err := c.batch(batch, depth); err != nil {
					return err
				}
			}
			times[i] = append(times[i], float64(time.Since(begin))/float64(batches*depth))
		}
	}
	b.printf("| controls | time of a command |\n|---|---:|\n")
	for i, u := range uses {
		b.printf("| %s | %.0f ns (%.2f) |\n", u.name, slices.Min(times[i]), slices.Min(times[i])/slices.Min(times[0]))
	}
	return nil
}

// forks measures forks in the same process.
func forks(b *bench) error {
	const keys, many = 1_000_000, 10_000
	b.heading("Forks", "Test controls in the process of the test: forks and snapshots share the data, and each copies the parts that it changes.")
	b.printf("| | |\n|---|---:|\n")
	ctx := context.Background()
	start := func(n int) (*respserver.Server, error) {
		var load strings.Builder
		for i := range n {
			fmt.Fprintf(&load, "SET key:%d value:%d\n", i, i)
		}
		s, err := respserver.Start(respserver.Options{NoListen: true, Config: []string{"enable-testing-command yes"}})
		if err != nil {
			return nil, err
		}
		return s, s.Load(strings.NewReader(load.String()))
	}
	large, err := start(keys)
	if err != nil {
		return err
	}
	runtime.GC()
	rows := []struct {
		name string
		run  func() (after func(), err error)
	}{
		{"a fork of 1 M keys", func() (func(), error) {
			f, err := large.Fork()
			return func() { f.Close() }, err
		}},
		{"a fork of 1 M keys, and its first write", func() (func(), error) {
			f, err := large.Fork()
			if err == nil {
				_, err = f.Do(ctx, "SET", "key:1", "changed")
			}
			return func() { f.Close() }, err
		}},
		{"a snapshot of 1 M keys, and back to it", func() (func(), error) { return func() {}, large.Restore(large.Snapshot()) }},
	}
	for _, r := range rows {
		var times []time.Duration
		for range 200 {
			begin := time.Now()
			after, err := r.run()
			times = append(times, time.Since(begin))
			if err != nil {
				return err
			}
			after()
		}
		slices.Sort(times)
		b.printf("| %s | %s, the longest of %d %s |\n", r.name, duration(float64(times[len(times)/2])), len(times), duration(float64(times[len(times)-1])))
	}
	large.Close()

	small, err := start(100)
	if err != nil {
		return err
	}
	defer small.Close()
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse + m.StackInuse
	}
	before, threads := heap(), runtime.NumGoroutine()
	all := make([]*respserver.Server, many)
	begin := time.Now()
	for i := range all {
		if all[i], err = small.Fork(); err != nil {
			return err
		}
		if _, err := all[i].Do(ctx, "INCR", "n"); err != nil {
			return err
		}
	}
	took, used, running := time.Since(begin), heap()-before, runtime.NumGoroutine()-threads
	for _, f := range all {
		if n, err := f.Do(ctx, "GET", "n"); err != nil || n.Text() != "1" {
			return fmt.Errorf("a fork has %v, %v", n, err)
		}
	}
	begin = time.Now()
	for _, f := range all {
		f.Close()
	}
	b.printf("| %s forks of a server with 100 keys at a time, each with a write | %s, %s of memory and %.1f goroutines each |\n",
		count(many), duration(float64(took)), size(int(used)/many), float64(running)/many)
	b.printf("| their end | %s |\n", duration(float64(time.Since(begin))))
	return nil
}

// batch sends commands at once and reads their replies.
func (c *conn) batch(commands []byte, replies int) error {
	if _, err := c.Write(commands); err != nil {
		return err
	}
	for range replies {
		if _, err := c.reply(); err != nil {
			return err
		}
	}
	return nil
}
