package main

import (
	"fmt"
	"strconv"
	"time"
)

// curves are commands whose cost is measured on data of different sizes.
var curves = []struct {
	name    string
	grow    func(b []byte, i int) []byte
	measure func(b []byte, i, n int) []byte
}{
	{"SET", func(b []byte, i int) []byte { return appendCommand(b, "SET", text("k:", i), "v") },
		func(b []byte, i, n int) []byte { return appendCommand(b, "SET", text("k:", i*7919%n), "w") }},
	{"SCAN 0 COUNT 10", func(b []byte, i int) []byte { return appendCommand(b, "SET", text("k:", i), "v") },
		func(b []byte, i, n int) []byte { return appendCommand(b, "SCAN", "0", "COUNT", "10") }},
	{"LPUSH", func(b []byte, i int) []byte { return appendCommand(b, "RPUSH", "l", "value") },
		func(b []byte, i, n int) []byte { return appendCommand(b, "LPUSH", "l", "value") }},
	{"HSET", func(b []byte, i int) []byte { return appendCommand(b, "HSET", "h", text("f:", i), "v") },
		func(b []byte, i, n int) []byte { return appendCommand(b, "HSET", "h", text("f:", i*7919%n), "w") }},
	{"ZRANK", func(b []byte, i int) []byte { return appendCommand(b, "ZADD", "z", strconv.Itoa(i), text("m:", i)) },
		func(b []byte, i, n int) []byte { return appendCommand(b, "ZRANK", "z", text("m:", i*7919%n)) }},
	{"ZRANGE z n/2 n/2", func(b []byte, i int) []byte { return appendCommand(b, "ZADD", "z", strconv.Itoa(i), text("m:", i)) },
		func(b []byte, i, n int) []byte {
			at := strconv.Itoa(n / 2)
			return appendCommand(b, "ZRANGE", "z", at, at)
		}},
	{"XADD", func(b []byte, i int) []byte { return appendCommand(b, "XADD", "x", "*", "f", "v") },
		func(b []byte, i, n int) []byte { return appendCommand(b, "XADD", "x", "*", "f", "v") }},
}

func growth(b *bench) error {
	sizes := []int{1_000, 100_000, 10_000_000}
	if b.quick {
		sizes[2] = 1_000_000
	}
	var list []*server
	var specs []spec
	for _, s := range b.specs {
		if s.name == ours || s.name == "redis-server" {
			specs, list = append(specs, s), append(list, &server{spec: s})
		}
	}
	b.heading("Growth", `Time per command, pipelined by one client, on data of different sizes; in brackets which part of each
server's that of resp-server is: below 1 we are faster.`)
	t := b.table("command", list)
	for _, c := range curves {
		if !b.wants(c.name) {
			continue
		}
		var costs [3][]float64
		for _, spec := range specs {
			s, err := spec.start()
			if err != nil {
				return err
			}
			from := 0
			for k, n := range sizes {
				more := func(b []byte, i int) []byte { return c.grow(b, from+i) }
				cost := 0.
				err := s.fill(n-from, more)
				if err == nil {
					cost, err = s.perCommand(b.rounds, func(b []byte, i int) []byte { return c.measure(b, i, n) })
				}
				if err != nil {
					s.stop()
					return fmt.Errorf("%s on %s: %w", c.name, spec.name, err)
				}
				from = n
				costs[k] = append(costs[k], cost)
			}
			s.stop()
		}
		for k, n := range sizes {
			t.costs(c.name+" at "+count(n), costs[k], duration)
		}
	}
	t.end()
	return nil
}

func (s *server) perCommand(rounds int, each func([]byte, int) []byte) (float64, error) {
	const n = 50_000
	var samples []float64
	for range rounds {
		begin := time.Now()
		if err := s.fill(n, each); err != nil {
			return 0, err
		}
		samples = append(samples, float64(time.Since(begin))/n)
	}
	return median(samples), nil
}
