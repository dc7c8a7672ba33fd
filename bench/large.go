package main

import (
	"fmt"
	"strconv"
	"time"
)

// largeKey is a value with many elements, and the commands to measure on it.
type largeKey struct {
	name string
	// grow appends the command that adds the i-th element of n.
	grow func(b []byte, i, n int) []byte
	rows []largeRow
}

// largeRow is a command on a large key; each appends the i-th call to a buffer.
type largeRow struct {
	name string
	each func(b []byte, i, n int) []byte
	most int // limit of calls in a round; 0 is as many as the time allows
}

// scattered returns the i-th of n numbers in an irregular order.
func scattered(i, n int) int { return i * 7919 % n }

// fixed returns a row for a command that is always the same.
func fixed(name string, words ...string) largeRow {
	return largeRow{name, func(b []byte, _, _ int) []byte { return appendCommand(b, words...) }, 0}
}

var largeKeys = []largeKey{
	{"sorted set", func(b []byte, i, n int) []byte {
		return appendCommand(b, "ZADD", text("z", i%2), strconv.Itoa(scattered(i/2, n)), text("member:", i/2))
	}, []largeRow{
		{"ZADD", func(b []byte, i, n int) []byte {
			return appendCommand(b, "ZADD", "z0", strconv.Itoa(i), text("member:", scattered(i, n)))
		}, 0},
		{"ZRANK", func(b []byte, i, n int) []byte {
			return appendCommand(b, "ZRANK", "z0", text("member:", scattered(i, n)))
		}, 0},
		{"ZRANGE of 100 in the middle", func(b []byte, i, n int) []byte {
			return appendCommand(b, "ZRANGE", "z0", strconv.Itoa(n/2), strconv.Itoa(n/2+99))
		}, 0},
		fixed("ZUNIONSTORE of two", "ZUNIONSTORE", "out", "2", "z0", "z1"),
	}},
	{"set", func(b []byte, i, n int) []byte {
		return appendCommand(b, "SADD", text("s", i%2), text("member:", i/2+i%2*n/2))
	}, []largeRow{
		{"SADD", func(b []byte, i, n int) []byte {
			return appendCommand(b, "SADD", "s0", text("member:", scattered(i, 2*n)))
		}, 0},
		{"SPOP", func(b []byte, i, n int) []byte { return appendCommand(b, "SPOP", "s0") }, 20_000},
		fixed("SUNION of two", "SUNION", "s0", "s1"),
	}},
	{"hash", func(b []byte, i, n int) []byte {
		return appendCommand(b, "HSET", "h", text("field:", i/2), text("value:", i))
	}, []largeRow{
		{"HSET", func(b []byte, i, n int) []byte {
			return appendCommand(b, "HSET", "h", text("field:", scattered(i, n)), text("value:", i))
		}, 0},
		fixed("HGETALL", "HGETALL", "h"),
	}},
	{"list", func(b []byte, i, n int) []byte {
		return appendCommand(b, "RPUSH", text("l", i%2), strconv.Itoa(scattered(i/2, n)))
	}, []largeRow{
		fixed("LRANGE of the first 100", "LRANGE", "l0", "0", "99"),
		{"LRANGE of 100 in the middle", func(b []byte, i, n int) []byte {
			return appendCommand(b, "LRANGE", "l0", strconv.Itoa(n/2), strconv.Itoa(n/2+99))
		}, 0},
		fixed("LRANGE of 100 k", "LRANGE", "l0", "0", "99999"),
		fixed("SORT of all, 100 replied", "SORT", "l0", "LIMIT", "0", "100"),
	}},
	{"stream", func(b []byte, i, n int) []byte {
		return appendCommand(b, "XADD", "x", strconv.Itoa(i+1), "field", text("value:", i))
	}, []largeRow{
		{"XRANGE of 100 in the middle", func(b []byte, i, n int) []byte {
			return appendCommand(b, "XRANGE", "x", strconv.Itoa(n/2), "+", "COUNT", "100")
		}, 0},
		{"XADD", func(b []byte, i, n int) []byte { return appendCommand(b, "XADD", "x", "*", "field", text("value:", i)) }, 0},
	}},
	{"HyperLogLog and bitmap", func(b []byte, i, n int) []byte {
		if i%2 == 0 {
			return appendCommand(b, "PFADD", "p", text("element:", i))
		}
		return appendCommand(b, "SETBIT", "b", strconv.Itoa(scattered(i, n)*8), "1") // each changes another byte
	}, []largeRow{
		{"PFADD", func(b []byte, i, n int) []byte { return appendCommand(b, "PFADD", "p", text("other:", i)) }, 0},
		fixed("BITCOUNT", "BITCOUNT", "b"),
	}},
	{"places", func(b []byte, i, n int) []byte {
		lon, lat := float64(scattered(i, 1<<20))/(1<<20)*40-20, float64(i*104729%(1<<20))/(1<<20)*40+20
		return appendCommand(b, "GEOADD", "g", strconv.FormatFloat(lon, 'f', 6, 64), strconv.FormatFloat(lat, 'f', 6, 64), text("place:", i))
	}, []largeRow{
		fixed("GEOSEARCH of 100 km", "GEOSEARCH", "g", "FROMLONLAT", "2.35", "40.5", "BYRADIUS", "100", "km"),
		fixed("GEOSEARCH of 100 km, the nearest 10", "GEOSEARCH", "g", "FROMLONLAT", "2.35", "40.5", "BYRADIUS", "100", "km", "ASC", "COUNT", "10"),
	}},
	{"keyspace", func(b []byte, i, n int) []byte { return appendCommand(b, "SET", text("key:", i), "v") }, []largeRow{
		fixed("KEYS of a tenth", "KEYS", "key:*7"),
	}},
}

// large measures commands on keys with many elements.
func large(b *bench) error {
	sizes := []int{100_000, 1_000_000}
	if b.quick {
		sizes = sizes[:1]
	}
	servers, stop, err := b.start(ours, "redis-server")
	if err != nil {
		return err
	}
	defer stop()
	b.heading("Large keys", `Time per command, pipelined by one client, on keys of many elements. In brackets the ratio of the other
server's time to that of resp-server, and then the ratio of their processor times: above 1 we are ahead.`)
	t := b.table("command", servers)
	for _, n := range sizes {
		for _, k := range largeKeys {
			if err := k.measure(b, t, servers, n); err != nil {
				return fmt.Errorf("%s of %d: %w", k.name, n, err)
			}
		}
	}
	t.end()
	return nil
}

func (k *largeKey) measure(b *bench, t table, servers []*server, n int) error {
	filled := false
	for _, row := range k.rows {
		name := row.name + ", " + count(n)
		if !b.wants(name) {
			continue
		}
		if !filled {
			for _, s := range servers {
				if err := s.fill(1, func(b []byte, _ int) []byte { return appendCommand(b, "FLUSHALL") }); err != nil {
					return err
				}
				if err := s.fill(2*n, func(b []byte, i int) []byte { return k.grow(b, i, n) }); err != nil {
					return err
				}
			}
			filled = true
		}
		costs, err := measureCosts(servers, b.rounds, b.span(), row.most, func(b []byte, i int) []byte { return row.each(b, i, n) })
		if err != nil {
			return fmt.Errorf("%s: %w", row.name, err)
		}
		t.times(name, costs)
	}
	return nil
}

// measureCosts runs commands on all servers in turn, each time for about the
// budget. most limits the number of commands if it is not 0.
func measureCosts(servers []*server, rounds int, budget time.Duration, most int, each func([]byte, int) []byte) ([]figure, error) {
	const maxBatch, maxReplies = 1000, 10 * time.Millisecond // keeps the buffers small
	batches, numbers, next := make([]int, len(servers)), make([]int, len(servers)), make([]int, len(servers))
	run := func(k, batch, n int) (time.Duration, error) {
		from := next[k]
		next[k] += n
		begin := time.Now()
		err := servers[k].pipeline(n, batch, func(b []byte, i int) []byte { return each(b, from+i) })
		return time.Since(begin), err
	}
	for k := range servers {
		took, n := time.Duration(0), 1
		for ; took < 2*time.Millisecond && n < 1000; n *= 4 { // warms up, and finds how many to send
			var err error
			if took, err = run(k, n, n); err != nil {
				return nil, err
			}
		}
		one := max(took/time.Duration(n/4+1), 1)
		batches[k] = max(1, min(maxBatch, int(maxReplies/one)))
		numbers[k] = max(1, int(budget/one))
		if most > 0 {
			numbers[k] = min(numbers[k], most)
		}
	}
	samples := make([]samples, len(servers))
	for range rounds {
		for k, s := range servers {
			before := s.usage()
			took, err := run(k, batches[k], numbers[k])
			if err != nil {
				return nil, err
			}
			samples[k].add(took, s.usage().since(before), numbers[k])
		}
	}
	return figures(samples), nil
}
