package main

import (
	"fmt"
	"strconv"
)

// curves are commands whose cost depends on the size of the data.
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
	{"SADD", func(b []byte, i int) []byte { return appendCommand(b, "SADD", "s", text("m:", i)) },
		func(b []byte, i, n int) []byte { return appendCommand(b, "SADD", "s", text("m:", i*7919%n)) }},
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
	b.heading("Growth", `Time per command, pipelined by one client, on data of different sizes. In brackets the ratio of the other
server's time to that of resp-server, and then the ratio of their processor times: above 1 we are ahead.`)
	t := b.table("command", list)
	for _, c := range curves {
		if !b.wants(c.name) {
			continue
		}
		var costs [3][]figure
		for _, spec := range specs {
			s, err := spec.start()
			if err != nil {
				return err
			}
			from := 0
			for k, n := range sizes {
				more := func(b []byte, i int) []byte { return c.grow(b, from+i) }
				err := s.fill(n-from, more)
				var f []figure
				if err == nil {
					f, err = measureCosts([]*server{s}, b.rounds, b.span(), 0, func(b []byte, i int) []byte { return c.measure(b, i, n) })
				}
				if err != nil {
					s.stop()
					return fmt.Errorf("%s on %s: %w", c.name, spec.name, err)
				}
				from = n
				costs[k] = append(costs[k], f[0])
			}
			s.stop()
		}
		for k, n := range sizes {
			t.times(c.name+" at "+count(n), costs[k])
		}
	}
	t.end()
	return nil
}
