package main

import (
	"fmt"
	"strconv"
	"time"
)

// shapes are data whose memory is measured; each has n elements in total.
var shapes = []struct {
	name string
	n    int
	each func(b []byte, i int) []byte
}{
	{"small strings", 1_000_000, func(b []byte, i int) []byte { return appendCommand(b, "SET", text("key:", i), text("value:", i)) }},
	{"counters", 1_000_000, func(b []byte, i int) []byte { return appendCommand(b, "INCRBY", text("key:", i), strconv.Itoa(i)) }},
	{"strings with a TTL", 1_000_000, func(b []byte, i int) []byte {
		return appendCommand(b, "SET", text("key:", i), text("value:", i), "EX", strconv.Itoa(10_000+i))
	}},
	{"a hash", 1_000_000, func(b []byte, i int) []byte {
		return appendCommand(b, "HSET", "h", text("field:", i), text("value:", i))
	}},
	{"a set", 1_000_000, func(b []byte, i int) []byte { return appendCommand(b, "SADD", "s", text("member:", i)) }},
	{"a sorted set", 1_000_000, func(b []byte, i int) []byte {
		return appendCommand(b, "ZADD", "z", strconv.Itoa(i*7919%1_000_003), text("member:", i))
	}},
	{"a list", 1_000_000, func(b []byte, i int) []byte { return appendCommand(b, "RPUSH", "l", text("value:", i)) }},
	{"a stream", 1_000_000, func(b []byte, i int) []byte {
		return appendCommand(b, "XADD", "x", strconv.Itoa(i+1)+"-1", "field", text("value:", i))
	}},
	{"100 k hashes of 10 fields", 1_000_000, func(b []byte, i int) []byte {
		return appendCommand(b, "HSET", text("h:", i/10), text("field:", i%10), text("value:", i))
	}},
	{"100 k sets of 10 members", 1_000_000, func(b []byte, i int) []byte {
		return appendCommand(b, "SADD", text("s:", i/10), text("member:", i))
	}},
	{"100 k sets of 10 integers", 1_000_000, func(b []byte, i int) []byte {
		return appendCommand(b, "SADD", text("s:", i/10), strconv.Itoa(i))
	}},
	{"100 k sorted sets of 10 members", 1_000_000, func(b []byte, i int) []byte {
		return appendCommand(b, "ZADD", text("z:", i/10), strconv.Itoa(i*7919%1_000_003), text("member:", i))
	}},
	{"100 k lists of 10 elements", 1_000_000, func(b []byte, i int) []byte {
		return appendCommand(b, "RPUSH", text("l:", i/10), text("value:", i))
	}},
}

func text(prefix string, i int) string { return prefix + strconv.Itoa(i) }

func memory(b *bench) error {
	var list []*server
	for _, s := range b.specs {
		list = append(list, &server{spec: s})
	}
	b.heading("Memory", `Bytes of resident memory for each of 1 M elements, a second after the last write; in brackets the ratio of
resp-server's bytes to those of the other server: below 1 we need less.

The numbers include the garbage of Go, and the tables of its heap, which take 1 to 2 MB in each row. Filling
leaves next to no garbage; overwriting does. The binary sets GOGC to 50 (to more while less than 16 MB are
live) unless the environment sets it: so the heap grows by up to half of the live data. An embedded server
never changes the settings of its program: with Go's default of 100, overwritten data may take up to a third
more.`)
	t := b.table("data", list)
	for _, sh := range shapes {
		if !b.wants(sh.name) {
			continue
		}
		costs := make([]float64, len(b.specs))
		for i, spec := range b.specs {
			if spec.name == "miniredis" && b.quick {
				continue // some take minutes
			}
			cost, err := spec.memoryPerElement(sh.n, sh.each)
			if err != nil {
				return fmt.Errorf("%s on %s: %w", sh.name, spec.name, err)
			}
			costs[i] = cost
		}
		t.costs(sh.name, costs, func(x float64) string { return fmt.Sprintf("%.0f", x) })
	}
	t.end()
	return nil
}

func (spec spec) memoryPerElement(n int, each func([]byte, int) []byte) (float64, error) {
	s, err := spec.start()
	if err != nil {
		return 0, err
	}
	defer s.stop()
	before, err := s.rss()
	if err != nil {
		return 0, err
	}
	if err := s.fill(n, each); err != nil {
		return 0, err
	}
	time.Sleep(time.Second)
	after, err := s.rss()
	return float64(after-before) / float64(n), err
}
