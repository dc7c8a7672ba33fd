package differential

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// done is the channel of the message that ends the events of an episode.
const done = "__keyevent@done__:done"

// listen subscribes to the events of all databases on both servers.
func (m *match) listen() error {
	for i, from := range []*side{&m.real, &m.ours} {
		if m.listening[i] != nil {
			continue
		}
		s, _, err := open(from.server, []string{"PSUBSCRIBE", "__keyevent@*"})
		if err != nil {
			return err
		}
		m.listening[i] = s
	}
	return nil
}

// events returns the messages of each server since the last call.
func (m *match) events() (all [2][]string, err error) {
	mark := strconv.FormatInt(time.Now().UnixNano(), 36)
	if err := m.exchange([][]string{{"DISCARD"}, {"PUBLISH", done, mark}}, func(int, *reply, *reply, []byte, []byte) bool { return true }); err != nil {
		return all, err
	}
	for i, s := range m.listening {
		s.conn.SetReadDeadline(time.Now().Add(patience))
		for {
			r, _, err := readReply(s.in, nil)
			if err != nil {
				s.close()
				m.listening[i] = nil
				return all, fmt.Errorf("events: %w", err)
			}
			if len(r.kids) != 4 {
				continue
			}
			channel, key := r.kids[2].text, r.kids[3].text
			if channel == done && key == mark {
				break
			}
			if channel == done { // the start, or the end of an abandoned episode
				all[i] = nil
				continue
			}
			_, event, _ := strings.Cut(channel, ":")
			if !m.silent(event) {
				all[i] = append(all[i], event+" "+strconv.Quote(key)+" in "+channel)
			}
		}
	}
	for i := range all {
		sortMisses(all[i])
	}
	return all, nil
}

// silent reports whether an event is not compared.
func (m *match) silent(event string) bool {
	switch event {
	case "expired", "hexpired": // depends on when somebody accesses the key
		return true
	case "keymiss", "xgroup-createconsumer", "xgroup-delconsumer": // since 7.2 arguments are parsed before the key is looked up, and a consumer is created when it first asks
		return newer("7.2", m.version)
	}
	return false
}

// sortMisses sorts consecutive misses: SORT looks up the keys of its patterns in
// the order of a hash table.
func sortMisses(events []string) {
	for i := 0; i < len(events); i++ {
		from := i
		for i < len(events) && strings.HasPrefix(events[i], "keymiss ") {
			i++
		}
		slices.Sort(events[from:i])
	}
}

// compareEvents compares the events of the steps.
func (m *match) compareEvents(proto string, steps [][]string) (*difference, error) {
	all, err := m.events()
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(steps, storesExpired) {
		for i := range all { // a key that nobody has accessed yet may still be deleted
			all[i] = slices.DeleteFunc(all[i], func(event string) bool { return strings.HasPrefix(event, "del ") })
		}
	}
	real, ours := all[0], all[1]
	m.compared += len(real)
	return m.sameLines("events", real, ours, proto, steps), nil
}

// storesExpired reports whether a command may store a key that has already expired.
func storesExpired(args []string) bool {
	args = called(args)
	for i, a := range args[:len(args)-1] {
		if n := args[i+1]; (strings.EqualFold(a, "exat") || strings.EqualFold(a, "pxat")) && (n == "1" || n == "0") {
			return true
		}
	}
	return strings.EqualFold(args[0], "restore")
}

// sameLines returns nil if two lists of texts are equal, otherwise a difference
// that shows them from the first differing line on.
func (m *match) sameLines(what string, real, ours []string, proto string, steps [][]string) *difference {
	if slices.Equal(real, ours) {
		return nil
	}
	at := 0
	for at < len(real) && at < len(ours) && real[at] == ours[at] {
		at++
	}
	wire := func(lines []string) []byte {
		lines = lines[at:min(len(lines), at+6)]
		var out []byte
		out = fmt.Appendf(out, "*%d\r\n", len(lines))
		for _, l := range lines {
			out = fmt.Appendf(out, "$%d\r\n%s\r\n", len(l), l)
		}
		return out
	}
	return &difference{name: what, real: wire(real), ours: wire(ours), proto: proto, steps: slices.Clone(steps)}
}

// counted are the fields of INFO that must be equal after equal commands.
var counted = []string{"keyspace_hits", "keyspace_misses", "total_error_replies"}

// compareCounts compares the counters of the server after the steps.
func (m *match) compareCounts(proto string, steps [][]string) (*difference, error) {
	if newer("7.4", m.version) {
		return nil, nil // other commands were counted too
	}
	// A SCAN by type counts keys, and how many it visits at once depends on the
	// hash function.
	scans := slices.ContainsFunc(steps, func(args []string) bool {
		args = called(args)
		return strings.EqualFold(args[0], "scan") && slices.ContainsFunc(args, func(s string) bool { return strings.EqualFold(s, "type") })
	})
	var lines [2][]string
	ask := [][]string{{"INFO", "stats", "commandstats", "errorstats"}}
	err := m.exchange(ask, func(_ int, a, b *reply, _, _ []byte) bool {
		for i, r := range []*reply{a, b} {
			for line := range strings.SplitSeq(r.text, "\r\n") {
				name, value, _ := strings.Cut(line, ":")
				switch {
				case slices.Contains(counted, name) && !(scans && strings.HasPrefix(name, "keyspace")):
				case strings.HasPrefix(name, "errorstat_"):
				case strings.HasPrefix(name, "cmdstat_"):
					parts := strings.Split(value, ",")
					parts = slices.DeleteFunc(parts, func(s string) bool { return strings.HasPrefix(s, "usec") || strings.HasPrefix(s, "slowlog") })
					value = strings.Join(parts, ",")
				default:
					continue
				}
				lines[i] = append(lines[i], name+" "+value)
			}
			slices.Sort(lines[i])
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	m.compared++
	return m.sameLines("counts", lines[0], lines[1], proto, steps), nil
}
