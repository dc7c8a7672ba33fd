package inspector

import (
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/resp-server/resp-server/internal/clock"
)

// Limits of what is sent while the page is open.
const (
	maxViewers = 32
	linesKept  = 500 // between two times that they are sent; more are lost
	lineBytes  = 300 // of a command
	wordBytes  = 100 // of an argument
	pace       = 250 * time.Millisecond
	beats      = 4 // of which every so many have the figures
	writing    = 10 * time.Second
)

// line is a command in the feed.
type line struct {
	At      int64  `json:"at"`
	Took    int64  `json:"took"` // ns
	DB      int    `json:"db"`
	Client  uint64 `json:"client"`
	Addr    string `json:"addr"`
	Text    string `json:"text"`
	Error   string `json:"error,omitempty"`
	Blocked bool   `json:"blocked,omitempty"`
	Script  bool   `json:"script,omitempty"`
	Program bool   `json:"program,omitempty"`
}

// viewer is an open page. Commands come from the server, which does not wait for it:
// what a slow viewer has no room for is lost and counted.
type viewer struct {
	commands bool // it wants to see them, not only the figures
	filter   filter

	mu      sync.Mutex
	lines   []line
	lost    int
	seen    int // since the last figures
	latency histogram
}

// filter says which commands somebody wants to see.
type filter struct {
	with, without []string // in lower case
	least         time.Duration
}

// parseFilter reads words, of which each must occur in a command, and with a minus
// must not.
func parseFilter(words string, least time.Duration) filter {
	f := filter{least: least}
	for _, w := range strings.Fields(strings.ToLower(words)) {
		if not, ok := strings.CutPrefix(w, "-"); ok && not != "" {
			f.without = append(f.without, not)
		} else {
			f.with = append(f.with, w)
		}
	}
	return f
}

func (f *filter) passes(l *line, client string) bool {
	if time.Duration(l.Took) < f.least {
		return false
	}
	if len(f.with)+len(f.without) == 0 {
		return true
	}
	all := strings.ToLower(l.Text + " " + l.Addr + " " + client)
	for _, w := range f.with {
		if !strings.Contains(all, w) {
			return false
		}
	}
	for _, w := range f.without {
		if strings.Contains(all, w) {
			return false
		}
	}
	return true
}

// see takes a command. It runs under the server's lock.
func (v *viewer) see(c *Command) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.seen++
	if !c.Blocked {
		v.latency.add(c.Took)
	}
	if !v.commands {
		return
	}
	if len(v.lines) >= linesKept {
		v.lost++
		return
	}
	l := line{
		At: c.At, Took: int64(c.Took), DB: c.DB, Client: c.Client, Addr: c.Addr, Text: commandLine(c.Args),
		Error: printable(c.Error, wordBytes), Blocked: c.Blocked, Script: c.Script, Program: c.Program,
	}
	if v.filter.passes(&l, c.Name) {
		v.lines = append(v.lines, l)
	}
}

// take returns what has come since the last time.
func (v *viewer) take() (lines []line, lost int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	lines, lost = v.lines, v.lost
	v.lines, v.lost = nil, 0
	return lines, lost
}

// measured returns how many commands have come, and how long they took.
func (v *viewer) measured() (seen int, h histogram) {
	v.mu.Lock()
	defer v.mu.Unlock()
	seen, h = v.seen, v.latency
	v.seen, v.latency = 0, histogram{}
	return seen, h
}

// commandLine prints a command as redis-cli would, cut off where it is long.
func commandLine(args [][]byte) string {
	var b strings.Builder
	for i, a := range args {
		if i > 0 {
			b.WriteByte(' ')
		}
		if b.Len() > lineBytes {
			fmt.Fprintf(&b, "… %d more", len(args)-i)
			break
		}
		cut := len(a) > wordBytes
		word := printable(string(a[:min(len(a), wordBytes)]), wordBytes)
		if i > 0 && (word == "" || strings.ContainsAny(word, " \"\\'")) { // as redis-cli takes it
			word = `"` + strings.ReplaceAll(word, `"`, `\"`) + `"`
		}
		b.WriteString(word)
		if cut {
			fmt.Fprintf(&b, "… (%d bytes)", len(a))
		}
	}
	return b.String()
}

// printable returns the beginning of a text with escapes for what can't be seen.
func printable(s string, most int) string {
	var b strings.Builder
	for len(s) > 0 && b.Len() < most {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 || r == '\\' || !strconv.IsPrint(r) {
			for _, c := range []byte(s[:n]) {
				switch c {
				case '\n':
					b.WriteString(`\n`)
				case '\r':
					b.WriteString(`\r`)
				case '\t':
					b.WriteString(`\t`)
				case '\\':
					b.WriteString(`\\`)
				default:
					fmt.Fprintf(&b, `\x%02x`, c)
				}
			}
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// histogram counts durations in steps of an eighth of a power of two.
type histogram struct {
	counts [64 * 8]uint32
	n      int
	max    time.Duration
}

func (h *histogram) add(d time.Duration) {
	d = max(d, 8)
	e := bits.Len64(uint64(d)) - 4
	h.counts[e*8+int(uint64(d)>>e)&7]++
	h.n++
	h.max = max(h.max, d)
}

// at returns the duration that a share of all do not exceed, in ns.
func (h *histogram) at(share float64) int64 {
	want := int(math.Ceil(share * float64(h.n)))
	for i, c := range h.counts {
		if want -= int(c); want <= 0 && h.n > 0 {
			return int64(min(time.Duration(9+i%8)<<(i/8), h.max))
		}
	}
	return 0
}

// live sends events until the page is closed: "stats" each second, and "commands" as
// they come.
func (in *Inspector) live(w http.ResponseWriter, r *http.Request) {
	q, err := in.open(r)
	if err != nil {
		refuse(w, http.StatusNotFound, err.Error())
		return
	}
	if !in.admit() {
		refuse(w, http.StatusServiceUnavailable, "too many pages are open")
		return
	}
	defer in.dismiss()
	v := &viewer{
		commands: q.FormValue("commands") != "",
		filter:   parseFilter(q.FormValue("filter"), time.Duration(q.number("least", 0))*time.Microsecond),
	}
	stop := q.server.Watch(v.see)
	defer stop()
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	send := func(event string, data any) bool {
		text, err := json.Marshal(data)
		if err != nil {
			return false
		}
		out.SetWriteDeadline(clock.Real{}.Now().Add(writing))
		if _, err = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, text); err == nil {
			err = out.Flush()
		}
		return err == nil
	}
	tick := make(chan struct{}, 1)
	timer := clock.Real{}.AfterFunc(pace, func() { tick <- struct{}{} })
	defer timer.Stop()
	for beat := 0; ; beat++ {
		if beat%beats == 0 {
			stats, err := q.figures(v)
			if err == nil && !send("stats", stats) {
				return
			}
		}
		if lines, lost := v.take(); len(lines) > 0 || lost > 0 {
			if !send("commands", map[string]any{"lines": lines, "lost": lost}) {
				return
			}
		}
		select {
		case <-tick:
			timer.Reset(pace)
		case <-r.Context().Done():
			return
		}
	}
}

// figures returns what the charts show.
func (q *request) figures(v *viewer) (any, error) {
	f, err := q.info("stats", "memory", "clients", "persistence", "keyspace")
	if err != nil {
		return nil, err
	}
	n := func(name string) int64 {
		n, _ := strconv.ParseInt(f[name], 10, 64)
		return n
	}
	keys := int64(0)
	databases := map[string]int64{}
	for name, value := range f {
		if db, ok := strings.CutPrefix(name, "db"); ok {
			if count, err := strconv.ParseInt(pairs(value)["keys"], 10, 64); err == nil {
				databases[db] = count
				keys += count
			}
		}
	}
	now, frozen := q.server.Clock()
	seen, h := v.measured()
	return map[string]any{
		"now": now.UnixMilli(), "frozen": frozen, "real": clock.Real{}.Now().UnixMilli(),
		"commands": n("total_commands_processed"), "hits": n("keyspace_hits"), "misses": n("keyspace_misses"),
		"memory": n("used_memory"), "clients": n("connected_clients"), "blocked": n("blocked_clients"),
		"expired": n("expired_keys"), "evicted": n("evicted_keys"), "changes": n("rdb_changes_since_last_save"),
		"input": n("total_net_input_bytes"), "output": n("total_net_output_bytes"),
		"keys": keys, "databases": databases,
		"seen": seen, "p50": h.at(0.5), "p99": h.at(0.99), "max": int64(h.max),
	}, nil
}

// admit counts a viewer, unless there are too many.
func (in *Inspector) admit() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.viewers >= maxViewers {
		return false
	}
	in.viewers++
	return true
}

func (in *Inspector) dismiss() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.viewers--
}
