package differential

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/resp-server/resp-server/internal/spec"
)

// dialer is a server in the comparison.
type dialer interface {
	Dial(context.Context) (net.Conn, error)
}

// side is a connection to one of the servers.
type side struct {
	server dialer
	conn   net.Conn
	in     *bufio.Reader
}

func (s *side) close() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

// patience is the time limit for a reply.
const patience = 20 * time.Second

// send writes out while replies are read, so that neither side has to buffer all of
// them.
func (s *side) send(out []byte) error {
	if s.conn == nil {
		conn, err := s.server.Dial(context.Background())
		if err != nil {
			return err
		}
		s.conn, s.in = conn, bufio.NewReader(conn)
	}
	s.conn.SetDeadline(time.Now().Add(patience))
	go s.conn.Write(out)
	return nil
}

// match compares two servers.
type match struct {
	real, ours side
	listening  [2]*side // subscribed to events
	version    []int    // of the real server
	own        []int    // the version that ours says it is
	compared   int      // replies, and events
	calls      map[string]*calls
	sorted     bool // SORT was called since the start
	measured   bool // STOREDIST or ZRANGESTORE was used since the start
}

// calls counts the replies of a command.
type calls struct{ fine, errors int }

func (m *match) count(args []string, r *reply) {
	if m.calls == nil {
		m.calls = map[string]*calls{}
	}
	name := strings.ToLower(args[0])
	if c := spec.Find(name); c == nil || len(c.Subcommands) > 0 {
		if len(args) < 2 || c == nil || c.Subcommand(args[1]) == nil {
			return
		}
		name += "|" + strings.ToLower(args[1])
	}
	c := m.calls[name]
	if c == nil {
		c = &calls{}
		m.calls[name] = c
	}
	if r.isError() {
		c.errors++
	} else {
		c.fine++
	}
}

func encode(out []byte, args []string) []byte {
	out = fmt.Appendf(out, "*%d\r\n", len(args))
	for _, a := range args {
		out = fmt.Appendf(out, "$%d\r\n%s\r\n", len(a), a)
	}
	return out
}

// cleaning resets both servers and the connection.
var cleaning = [][]string{
	{"RESET"}, {"FLUSHALL"}, {"SCRIPT", "FLUSH"},
	{"CONFIG", "SET", "list-max-listpack-size", "-2"},
	{"CONFIG", "SET", "hash-max-listpack-entries", "128"},
	{"CONFIG", "SET", "hash-max-listpack-value", "64"},
	{"CONFIG", "SET", "set-max-intset-entries", "512"},
	{"CONFIG", "SET", "set-max-listpack-entries", "128"},
	{"CONFIG", "SET", "set-max-listpack-value", "64"},
	{"CONFIG", "SET", "zset-max-listpack-entries", "128"},
	{"CONFIG", "SET", "zset-max-listpack-value", "64"},
	{"CONFIG", "SET", "stream-node-max-entries", "100"},
	{"CONFIG", "SET", "hll-sparse-max-bytes", "3000"},
	{"CONFIG", "SET", "list-compress-depth", "0"},
	{"CONFIG", "SET", "notify-keyspace-events", "KEAmn"},
	{"PUBLISH", done, "start"}, {"CONFIG", "RESETSTAT"},
}

// difference is a reply that differs from the real server's.
type difference struct {
	args       []string
	name       string // of the command
	real, ours []byte // wire
	proto      string
	steps      [][]string // all commands; the last one differs
	seed       uint64
	fleeting   bool // does not occur again
}

// play starts on empty servers and runs the steps until replies differ.
func (m *match) play(proto string, steps [][]string) (*difference, error) {
	m.sorted, m.measured = false, false
	if err := m.listen(); err != nil {
		return nil, err
	}
	start := append(slices.Clone(cleaning), []string{"HELLO", proto})
	if err := m.exchange(start, func(int, *reply, *reply, []byte, []byte) bool { return true }); err != nil {
		return nil, fmt.Errorf("at the start: %w", err)
	}
	d, err := m.run(proto, steps)
	if d == nil && err == nil {
		d, err = m.compareEvents(proto, steps)
	}
	if d == nil && err == nil {
		d, err = m.compareCounts(proto, steps)
	}
	return d, err
}

// run runs steps on the current data.
func (m *match) run(proto string, steps [][]string) (d *difference, err error) {
	var sent [][]string
	from := make([]int, 0, len(steps)) // index of the step for each sent command
	for i, args := range steps {
		if before := preparing(called(args)); before != nil {
			sent, from = append(sent, before), append(from, i)
		}
		sent, from = append(sent, args), append(from, i)
		if key, drifts := m.drifting(called(args)); drifts {
			sent, from = append(sent, []string{"DEL", key}), append(from, i)
		}
	}
	var queue [][]string // commands since MULTI
	multi := false
	err = m.exchange(sent, func(i int, a, b *reply, wa, wb []byte) bool {
		args := called(sent[i])
		m.compared++
		m.count(args, a)
		m.measured = m.measured || strings.EqualFold(args[0], "zrangestore") || slices.ContainsFunc(args, func(s string) bool { return strings.EqualFold(s, "storedist") })
		m.sorted = m.sorted || strings.HasPrefix(strings.ToLower(args[0]), "sort")
		same := string(wa) == string(wb)
		name := strings.ToLower(args[0])
		switch {
		case same:
		case name == "exec" && multi && len(queue) > 0 && len(a.kids) == len(queue) && len(b.kids) == len(queue):
			same = true
			for j := range a.kids {
				if !m.allowed(queue[j], &a.kids[j], &b.kids[j]) {
					same, name = false, strings.ToLower(queue[j][0])+" in exec"
				}
			}
		default:
			same = m.allowed(args, a, b)
		}
		switch verb, _, _ := strings.Cut(name, " "); {
		case verb == "multi" && a.text == "OK":
			multi, queue = true, nil
		case name == "exec", name == "discard":
			if !a.isError() || !strings.HasPrefix(a.text, "ERR wrong number") {
				multi = false
			}
		case a.text == "QUEUED":
			queue = append(queue, args)
		}
		if !same {
			d = &difference{args: sent[i], name: name, real: wa, ours: wb, proto: proto, steps: slices.Clone(steps[:from[i]+1])}
		}
		return same
	})
	return d, err
}

// exchange sends commands to both servers and passes each pair of replies to visit, until it returns false.
func (m *match) exchange(sent [][]string, visit func(i int, a, b *reply, wa, wb []byte) bool) error {
	var out []byte
	for _, args := range sent {
		out = encode(out, args)
	}
	both := []*side{&m.real, &m.ours}
	broken := true
	defer func() {
		if broken { // unread replies are left
			m.real.close()
			m.ours.close()
		}
	}()
	for _, s := range both {
		if err := s.send(out); err != nil {
			return err
		}
	}
	var wa, wb []byte
	for i := range sent {
		a, b := reply{kind: '-', text: "(none)"}, reply{kind: '-', text: "(none)"}
		var ea, eb error
		a, wa, ea = readReply(m.real.in, wa[:0])
		b, wb, eb = readReply(m.ours.in, wb[:0])
		if ea != nil && eb != nil {
			return fmt.Errorf("%q: neither server answers: %w", sent[i], ea)
		}
		if ea != nil {
			wa = append(wa[:0], ("-(no reply: " + ea.Error() + ")\r\n")...)
		}
		if eb != nil {
			wb = append(wb[:0], ("-(no reply: " + eb.Error() + ")\r\n")...)
		}
		if !visit(i, &a, &b, slices.Clone(wa), slices.Clone(wb)) || ea != nil || eb != nil {
			return nil
		}
	}
	broken = false
	return nil
}

// readings are the commands that read the data of a key, by type.
var readings = map[string][][]string{
	"string": {{"GET"}},
	"list":   {{"LRANGE", "", "0", "-1"}},
	"set":    {{"SMEMBERS"}},
	"hash":   {{"HGETALL"}},
	"zset":   {{"ZRANGE", "", "0", "-1", "WITHSCORES"}},
	"array":  {{"ARSCAN", "", "0", "18446744073709551614"}, {"ARINFO", "", "FULL"}},
	"stream": {{"XRANGE", "", "-", "+"}, {"XINFO", "STREAM", "", "FULL", "COUNT", "0"}},
}

// restored is the key that dumps are restored to at the end.
const restored = "restored"

// restores makes both servers read what each of them dumps, if the real one
// reads what ours writes.
func (m *match) restores(names []string, long map[string]bool) (steps [][]string, err error) {
	var ask [][]string
	for _, k := range names {
		ask = append(ask, []string{"DUMP", k})
	}
	err = m.exchange(ask, func(i int, a, b *reply, _, _ []byte) bool {
		for j, r := range []*reply{a, b} {
			if j > 0 && newer("7.4", m.version) {
				continue
			}
			steps = append(steps, []string{"RESTORE", restored, "0", r.text, "REPLACE"}, []string{"OBJECT", "ENCODING", restored})
			if !long[names[i]] {
				steps = append(steps, []string{"DEBUG", "DIGEST-VALUE", restored})
			}
		}
		return true
	})
	return steps, err
}

func hexpiretime(key string, fields []string) []string {
	return slices.Concat([]string{"HPEXPIRETIME", key, "FIELDS", strconv.Itoa(len(fields))}, fields)
}

// survey returns the commands that read all data of both servers.
func (m *match) survey() (steps [][]string, err error) {
	steps = [][]string{{"DISCARD"}}
	for _, db := range []string{"0", "1"} {
		var types []string
		var names []string
		ask := [][]string{{"DISCARD"}, {"SELECT", db}, {"KEYS", "*"}}
		err := m.exchange(ask, func(i int, a, b *reply, _, _ []byte) bool {
			if i == 2 {
				for _, k := range a.kids {
					names = append(names, k.text)
				}
			}
			return true
		})
		if err != nil {
			return nil, err
		}
		slices.Sort(names)
		ask = nil
		for _, k := range names {
			ask = append(ask, []string{"TYPE", k})
		}
		err = m.exchange(ask, func(_ int, a, _ *reply, _, _ []byte) bool {
			types = append(types, a.text)
			return true
		})
		if err != nil {
			return nil, err
		}
		hashes := map[string][]string{} // by hash: its fields
		ask = nil
		for i, k := range names {
			if types[i] == "hash" {
				ask = append(ask, []string{"HKEYS", k})
			}
		}
		err = m.exchange(ask, func(i int, a, _ *reply, _, _ []byte) bool {
			for _, f := range a.kids {
				hashes[ask[i][1]] = append(hashes[ask[i][1]], f.text)
			}
			return true
		})
		if err != nil {
			return nil, err
		}
		long := map[string]bool{} // arrays of which a digest would take hours
		ask = nil
		for i, k := range names {
			if types[i] == "array" {
				ask = append(ask, []string{"ARLEN", k})
			}
		}
		err = m.exchange(ask, func(i int, a, _ *reply, _, _ []byte) bool {
			long[ask[i][1]] = a.kind != ':' || len(a.text) > 4
			return true
		})
		if err != nil {
			return nil, err
		}
		steps = append(steps, []string{"SELECT", db}, []string{"KEYS", "*"})
		for i, k := range names {
			steps = append(steps, []string{"TYPE", k}, []string{"OBJECT", "ENCODING", k}, []string{"PEXPIRETIME", k})
			if !long[k] {
				steps = append(steps, []string{"DEBUG", "DIGEST-VALUE", k})
			}
			if types[i] == "hash" && !newer("7.4", m.version) {
				steps = append(steps, hexpiretime(k, hashes[k]))
			}
			for _, r := range readings[types[i]] {
				r = slices.Clone(r)
				if at := slices.Index(r, ""); at >= 0 {
					r[at] = k
				} else {
					r = append(r, k)
				}
				steps = append(steps, r)
			}
		}
		restores, err := m.restores(names, long)
		if err != nil {
			return nil, err
		}
		steps = append(steps, restores...)
	}
	return steps, nil
}
