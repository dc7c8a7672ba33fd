package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// work is a command to measure. __rand_int__ stands for a 12-digit number from the
// keyspace, and VALUE for a value.
type work struct {
	name    string
	command string
	before  []string // commands that make the data it reads
}

var works = []work{
	{name: "SET", command: "SET key:__rand_int__ VALUE"},
	{name: "GET", command: "GET key:__rand_int__"},
	{name: "INCR", command: "INCR counter:__rand_int__"},
	{name: "LPUSH", command: "LPUSH list VALUE"},
	{name: "RPUSH", command: "RPUSH list VALUE"},
	{name: "LPOP", command: "LPOP list"},
	{name: "RPOP", command: "RPOP list"},
	{name: "LRANGE_100", command: "LRANGE short 0 99", before: []string{"RPUSH short" + strings.Repeat(" abc", 100)}},
	{name: "MSET_10", command: "MSET" + strings.Repeat(" key:__rand_int__ VALUE", 10)},
	{name: "XADD", command: "XADD stream MAXLEN ~ 100000 * field VALUE"},
	{name: "PUBLISH", command: "PUBLISH channel VALUE"},
	{name: "SADD", command: "SADD set element:__rand_int__"},
	{name: "SPOP", command: "SPOP set"},
	{name: "HSET", command: "HSET hash field:__rand_int__ VALUE"},
	{name: "HGET", command: "HGET hash field:__rand_int__"},
	{name: "ZADD", command: "ZADD zset __rand_int__ element:__rand_int__"},
	{name: "ZRANGE_100", command: "ZRANGE ranked 0 99", before: []string{"ZADD ranked" + scored(100)}},
	{name: "EVAL", command: "EVAL return(redis.call('get',KEYS[1])) 1 key:000000000000"},
}

func scored(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " %d element:%d", i, i)
	}
	return b.String()
}

// row is a line of the table.
type row struct {
	work
	clients, pipeline, keys, value int
}

func (r row) String() string {
	s := fmt.Sprintf("%s, %d clients, P%d", r.name, r.clients, r.pipeline)
	if r.clients == 1 {
		s = fmt.Sprintf("%s, 1 client, P%d", r.name, r.pipeline)
	}
	if r.keys != defaultKeys {
		s += fmt.Sprintf(", %s keys", count(r.keys))
	}
	if r.value != defaultValue {
		s += ", " + size(r.value)
	}
	return s
}

const (
	defaultKeys  = 100_000
	defaultValue = 3
)

// allRows returns the lines of the table: all commands in all ways, and SET and GET
// with various keyspaces and values.
func (b *bench) allRows() (rows []row) {
	add := func(r row) {
		if b.wants(r.String()) {
			rows = append(rows, r)
		}
	}
	for _, p := range []int{1, 16, 100} {
		for _, clients := range []int{50, 1, 500} {
			for i, w := range works {
				if !b.quick || clients == 50 && p < 100 || i < 2 {
					add(row{w, clients, p, defaultKeys, defaultValue})
				}
			}
		}
	}
	for _, keys := range []int{1, 1_000_000} {
		for _, p := range []int{1, 16} {
			for _, w := range works[:2] {
				add(row{w, 50, p, keys, defaultValue})
			}
		}
	}
	for _, value := range []int{1 << 10, 64 << 10} {
		for _, p := range []int{1, 16} {
			for _, w := range works[:2] {
				add(row{w, 50, p, min(defaultKeys, 256<<20/value), value})
			}
		}
	}
	return rows
}

func throughput(b *bench) error {
	rows := b.allRows()
	if len(rows) == 0 {
		return nil
	}
	servers, stop, err := b.start()
	if err != nil {
		return err
	}
	defer stop()
	b.heading("Throughput", `Requests per second by redis-benchmark, the medians of %d rounds, taken by turns; then nanoseconds of
processor time for a request, in the program + in the kernel. In brackets, in **bold**, two ratios: that
of resp-server's requests per second to the other server's, and that of the other server's processor time
to resp-server's. Above 1 we are ahead in both. Pn is a pipeline of n commands. Unless the row says
otherwise there are 100 k keys, and values have 3 bytes.

redis-benchmark runs on the same machine, and with pipelines it often limits all servers alike.
Processor time does not depend on it.`, b.rounds)
	t := b.table("command", servers)
	for _, r := range rows {
		f, err := b.measure(r, servers)
		if err != nil {
			return fmt.Errorf("%v: %w", r, err)
		}
		t.rates(r.String(), r.how(), f)
	}
	t.end()
	return nil
}

// how returns the kind of row.
func (r row) how() string {
	if r.pipeline == 1 {
		return single
	}
	return pipelined
}

// measure measures a row on each server. The figure of a server that does not know the
// command is empty.
func (b *bench) measure(r row, servers []*server) ([]figure, error) {
	value := strings.Repeat("x", r.value)
	words := strings.Fields(strings.ReplaceAll(r.command, "VALUE", value))
	load := func(s *server, n int) (time.Duration, error) {
		args := []string{"-n", strconv.Itoa(n), "-c", strconv.Itoa(r.clients), "-P", strconv.Itoa(r.pipeline), "-r", strconv.Itoa(r.keys), "--csv"}
		return redisBenchmark(s, n, append(args, words...))
	}
	// A first round warms up, and finds the number of requests for the others.
	requests := make([]int, len(servers))
	for i, s := range servers {
		took, n, err := time.Duration(0), max(1000, 2*r.clients*r.pipeline), prepare(s, r, value, 1000)
		// redis-benchmark counts in milliseconds: a few of them say little.
		for ; err == nil; n *= 4 {
			if took, err = load(s, n); took >= 10*time.Millisecond {
				break
			}
		}
		if err != nil {
			continue // the server does not know the command
		}
		requests[i] = max(int(float64(n)/took.Seconds()*b.length), n)
		if err := prepare(s, r, value, requests[i]*b.rounds); err != nil {
			return nil, err
		}
	}
	samples := make([]samples, len(servers))
	for round := range b.rounds {
		for k := range servers {
			i := (k + round) % len(servers)
			if requests[i] == 0 {
				continue
			}
			before := servers[i].usage()
			took, err := load(servers[i], requests[i])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", servers[i].name, err)
			}
			samples[i].add(took, servers[i].usage().since(before), requests[i])
		}
	}
	return figures(samples), nil
}

// prepare empties a server and stores the data that a row reads, enough for n
// requests.
func prepare(s *server, r row, value string, n int) error {
	c, err := s.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.do("FLUSHALL"); err != nil {
		return err
	}
	for _, command := range r.before {
		if _, err := c.do(strings.Fields(command)...); err != nil {
			return err
		}
	}
	number := func(i int) string { return fmt.Sprintf("%012d", i) }
	switch r.name {
	case "GET":
		return s.fill(r.keys, func(b []byte, i int) []byte { return appendCommand(b, "SET", "key:"+number(i), value) })
	case "EVAL":
		_, err = c.do("SET", "key:000000000000", value)
	case "HGET":
		return s.fill(r.keys, func(b []byte, i int) []byte { return appendCommand(b, "HSET", "hash", "field:"+number(i), value) })
	case "LPOP", "RPOP":
		return s.fill(n, func(b []byte, i int) []byte { return appendCommand(b, "RPUSH", "list", value) })
	case "SPOP":
		return s.fill(n, func(b []byte, i int) []byte { return appendCommand(b, "SADD", "set", "element:"+number(i)) })
	}
	return err
}

// redisBenchmark returns how long n requests took, or 0 if they were too few to say.
func redisBenchmark(s *server, n int, args []string) (time.Duration, error) {
	out, err := exec.Command("redis-benchmark", append([]string{"-p", strconv.Itoa(s.port)}, args...)...).Output()
	if err != nil {
		return 0, fmt.Errorf("redis-benchmark: %w: %s", err, out)
	}
	lines, err := csv.NewReader(strings.NewReader(strings.TrimSpace(string(out)))).ReadAll()
	if err != nil || len(lines) != 2 {
		return 0, fmt.Errorf("redis-benchmark says %.200q", out)
	}
	rate, err := strconv.ParseFloat(lines[1][1], 64)
	if err != nil || rate <= 0 || math.IsInf(rate, 0) || math.IsNaN(rate) {
		return 0, err
	}
	return time.Duration(float64(n) / rate * 1e9), nil
}
