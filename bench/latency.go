package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"
)

// situations are the loads under which latency is measured.
var situations = []struct {
	name      string
	keys      int      // keys before the measurement
	args      []string // more settings
	meanwhile func(s *server, done <-chan struct{}) error
	next      func(b []byte, i, keys int) []byte
}{
	{"GET and SET", 1_000_000, nil, nil, mixed},
	{"GET and SET during BGSAVE of 1 M keys", 1_000_000, nil, command("BGSAVE"), mixed},
	{"GET and SET during BGREWRITEAOF of 1 M keys", 1_000_000, []string{"--appendonly", "yes"}, command("BGREWRITEAOF"), mixed},
	{"GET and SET during BGSAVE of 10 M keys", 10_000_000, nil, command("BGSAVE"), mixed},
	{"GET and SET during BGREWRITEAOF of 10 M keys", 10_000_000, []string{"--appendonly", "yes"}, command("BGREWRITEAOF"), mixed},
	{"GET and SET while a client adds keys as fast as it can", 1_000_000, nil, adding, mixed},
	{"SET of new keys", 0, nil, nil, func(b []byte, i, _ int) []byte { return appendCommand(b, "SET", "new:"+strconv.Itoa(i), "value") }},
}

// command returns what sends a command once.
func command(words ...string) func(*server, <-chan struct{}) error {
	return func(s *server, _ <-chan struct{}) error {
		c, err := s.dial()
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.do(words...)
		return err
	}
}

// adding adds keys in pipelines of 16, no more than 10 M, until the measurement is done.
func adding(s *server, done <-chan struct{}) error {
	const pipeline, part = 16, 1600
	for n := 0; n < 10_000_000; n += part {
		select {
		case <-done:
			return nil
		default:
		}
		if err := s.pipeline(part, pipeline, func(b []byte, i int) []byte {
			return appendCommand(b, "SET", text("added:", n+i), "value")
		}); err != nil {
			return err
		}
	}
	return nil
}

func mixed(b []byte, _, keys int) []byte {
	key := "key:" + strconv.Itoa(rand.IntN(keys))
	if rand.IntN(10) == 0 {
		return appendCommand(b, "SET", key, "value")
	}
	return appendCommand(b, "GET", key)
}

func latency(b *bench) error {
	const clients = 16
	rate, time := 10_000, 4*time.Second
	if !b.quick {
		time = 20e9
	}
	b.heading("Latency", `%d clients send %s requests per second, each when it is due, whether or not earlier ones have a reply.
The latency of a request begins when it is due, so a slow server can't hide delays. The clients share the
cores of the machine with the servers, which is part of all numbers.`, clients, count(rate))
	b.printf("| situation | server | p50 | p99 | p99.9 | p99.99 | longest |\n|---|---|---:|---:|---:|---:|---:|\n")
	for _, sit := range situations {
		if b.quick && sit.keys > 1_000_000 {
			continue
		}
		own := 0.
		for _, spec := range b.specs {
			if name := sit.name + ", " + spec.name; !b.wants(name) || spec.name == "miniredis" && sit.meanwhile != nil {
				continue
			}
			spec.args = slices.Concat(sit.args, spec.args)
			s, err := spec.start()
			if err != nil {
				return err
			}
			l, err := s.latencies(sit.keys, clients, rate, time, sit.meanwhile, sit.next)
			s.stop()
			if err != nil {
				return fmt.Errorf("%s: %w", spec.name, err)
			}
			const nearlyAll = 0.9999
			p := float64(l[int(nearlyAll*float64(len(l)-1))])
			if spec.name == ours {
				own = p
			}
			b.summary.note("latency, p99.99", sit.name, spec.name, p/own)
			b.printf("| %s | %s |", sit.name, spec.name)
			for _, q := range []float64{0.5, 0.99, 0.999, nearlyAll, 1} {
				b.printf(" %s |", duration(float64(l[int(q*float64(len(l)-1))])))
			}
			b.printf("\n")
		}
	}
	return nil
}

// latencies returns how long requests took, sorted.
func (s *server) latencies(keys, clients, rate int, length time.Duration, meanwhile func(*server, <-chan struct{}) error, next func([]byte, int, int) []byte) ([]time.Duration, error) {
	if err := s.fill(keys, func(b []byte, i int) []byte { return appendCommand(b, "SET", "key:"+strconv.Itoa(i), "value") }); err != nil {
		return nil, err
	}
	total := int(length.Seconds() * float64(rate))
	interval := time.Second / time.Duration(rate)
	took := make([]time.Duration, total)
	conns := make([]*conn, clients)
	errs := make(chan error, clients+1)
	var all sync.WaitGroup
	for i := range conns {
		c, err := s.dial()
		if err != nil {
			return nil, err
		}
		defer c.Close()
		conns[i] = c
	}
	start := time.Now().Add(10 * time.Millisecond)
	for i, c := range conns {
		all.Go(func() {
			for k := i; k < total; k += clients {
				if _, err := c.reply(); err != nil {
					errs <- err
					return
				}
				took[k] = time.Since(start.Add(time.Duration(k) * interval))
			}
		})
	}
	done := make(chan struct{})
	if meanwhile != nil {
		all.Go(func() {
			time.Sleep(length / 8)
			if err := meanwhile(s, done); err != nil {
				errs <- err
			}
		})
	}
	var buf []byte
	for k := range total {
		buf = next(buf[:0], k, keys)
		for due := start.Add(time.Duration(k) * interval); time.Since(due) < 0; {
			runtime.Gosched()
		}
		if _, err := conns[k%clients].Write(buf); err != nil {
			return nil, err
		}
	}
	close(done)
	all.Wait()
	select {
	case err := <-errs:
		return nil, err
	default:
	}
	slices.Sort(took)
	return took, nil
}
