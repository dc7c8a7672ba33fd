// Package record keeps the commands of clients and the replies of the server, so that a
// test can look at them afterwards, show them and play them again.
//
// It knows bytes only; its owner passes in the input and output of clients. Replies
// belong to commands in the order in which both come, as clients match them. Messages,
// which are no replies, are kept apart.
package record

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Limits bound a Recorder. A field that is 0 is no limit.
type Limits struct {
	Bytes  int // of all events; above it the oldest are forgotten
	Events int // likewise
	Each   int // bytes to keep of a command or reply
}

// Recorder keeps commands and replies. It is safe for concurrent use.
type Recorder struct {
	limits Limits

	mu      sync.Mutex
	ring    []event
	head    int    // of the oldest
	first   uint64 // its number
	n       int
	bytes   int
	stopped bool
	clients map[any]*client // by State.Who
	named   [2]int          // number of clients with a name: of the network, of the program
	multis  int
	wake    func() // after each event; nil: nobody waits
}

type kind uint8

const (
	command kind = iota
	reply
	message
	closed
	waits // the last command waits for others
)

// event is a piece of input or output, or the end of a connection.
type event struct {
	kind   kind
	client *client
	at     int64  // µs since 1970
	of     uint64 // of a reply: the number of its command
	trip   int    // of a command: the number of its round trip
	multi  int    // of a command: that of its transaction, from 1
	silent bool   // a command that gets no reply
	more   bool   // of a reply: its command gets another one
	data   []byte
	ends   []int // of a command: where its words end in data
	cut    int   // bytes dropped
	calls  []Call
	called int // bytes of calls

	id    uint64 // of the client at that time
	space string // of the client at that time
}

// Call is a command that a script or function has run.
type Call struct {
	Args  []string
	Reply []byte
	At    int64 // µs since 1970
}

// client is a connection.
type client struct {
	id      uint64 // now
	space   string // its present space; empty: none
	name    string // in the notation
	addr    string
	program bool      // it is the program around the server
	waiting []request // from next on
	next    int
	partial []byte // of a reply
	trip    int
	multi   int
	last    uint64 // the number of its last command
	monitor bool
	listens bool // in RESP2 messages look like arrays
}

// request is a command that still waits for replies.
type request struct {
	number  uint64
	replies int
	listen  bool // its replies look like messages
	monitor bool
	hidden  bool
}

// New returns an empty Recorder.
func New(l Limits) *Recorder { return &Recorder{limits: l, clients: make(map[any]*client)} }

// State is the part of a client's state that is needed to find its replies.
type State struct {
	// Who identifies the client: each has another value.
	Who     any
	ID      uint64
	Space   string // its present space; empty: none
	Conn    interface{ Addr() string }
	Program bool // it is the program around the server
	InMulti bool
	// Silent is set if commands get no replies now (CLIENT REPLY).
	Silent bool
	// Subscriptions are the numbers of channels, patterns and shard channels.
	Subscriptions [3]int
}

// Received notes a command line. at is in microseconds since 1970.
func (r *Recorder) Received(s State, at int64, args [][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return
	}
	c := r.client(s)
	q := request{number: r.first + uint64(r.n), replies: 1}
	silent := s.Silent
	var lower [len("sunsubscribe")]byte
	name := lower[:copy(lower[:], args[0])]
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			name[i] = c + 'a' - 'A'
		}
	}
	switch string(name) {
	case "subscribe", "psubscribe", "ssubscribe":
		if !s.InMulti {
			q.replies, q.listen, c.listens = max(1, len(args)-1), true, true
		}
	case "unsubscribe", "punsubscribe", "sunsubscribe":
		if !s.InMulti {
			q.replies, q.listen = len(args)-1, true
			if q.replies == 0 {
				q.replies = max(1, s.Subscriptions[strings.IndexByte("ups", name[0])])
			}
		}
	case "monitor":
		q.monitor = !s.InMulti
	case "client":
		if len(args) == 3 && is(args[1], "reply") && !s.InMulti {
			silent = !is(args[2], "on") && (s.Silent || is(args[2], "off") || is(args[2], "skip"))
		}
	case "multi":
		if !s.InMulti {
			r.multis++
			c.multi = r.multis
		}
	case "testing":
		q.hidden = len(args) > 1 && is(args[1], "record")
	}
	if q.listen {
		silent = false // these replies are messages, which arrive in any case
	}
	if !silent {
		if c.next == len(c.waiting) {
			c.trip++
		}
		c.waiting = append(c.waiting, q)
	}
	if q.hidden {
		return
	}
	e := r.add(command, c, at)
	c.last = r.first + uint64(r.n) - 1
	e.silent, e.trip = silent, c.trip
	if s.InMulti || is(args[0], "multi") {
		e.multi = c.multi
	}
	for _, a := range args {
		r.keep(e, a)
		e.ends = append(e.ends, len(e.data))
	}
	r.added(e)
}

func is(b []byte, word string) bool { return strings.EqualFold(string(b), word) }

// Called notes a command that the last command of a client has called: that runs a
// script or a function.
func (r *Recorder) Called(who any, at int64, args [][]byte, reply []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.clients[who]
	if r.stopped || c == nil || c.last < r.first || c.last >= r.first+uint64(r.n) {
		return
	}
	e := &r.ring[(r.head+int(c.last-r.first))%len(r.ring)]
	if e.kind != command || e.client != c {
		return // it is hidden
	}
	call := Call{Args: make([]string, len(args)), Reply: bytes.Clone(reply), At: at}
	size := len(reply)
	for i, a := range args {
		call.Args[i] = string(a)
		size += len(a)
	}
	e.calls = append(e.calls, call)
	e.called += size
	r.bytes += size
	for r.limits.Bytes > 0 && r.bytes > r.limits.Bytes && r.n > 0 {
		r.forget()
	}
}

// Waits notes that the last command of a client waits for others.
func (r *Recorder) Waits(who any, at int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.clients[who]; c != nil && !r.stopped {
		r.added(r.add(waits, c, at))
	}
}

// Owed notes that a client waits for the reply to a command outside the record.
func (r *Recorder) Owed(s State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.client(s)
	c.waiting = append(c.waiting, request{replies: 1, hidden: true})
}

// Moved notes that a client has gone to another space. The owner calls it before the
// client sends anything there.
func (r *Recorder) Moved(from any, to State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.clients[from]; c != nil && !r.stopped {
		delete(r.clients, from)
		c.id, c.space = to.ID, to.Space
		r.clients[to.Who] = c
	}
}

// Sent notes output to a client.
func (r *Recorder) Sent(who any, at int64, output []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.clients[who]
	if r.stopped || c == nil {
		return
	}
	if c.partial != nil {
		output = append(c.partial, output...)
		c.partial = nil
	}
	for len(output) > 0 {
		n := replyLen(output, 0)
		if n <= 0 {
			c.partial = bytes.Clone(output)
			return
		}
		r.sent(c, at, output[:n])
		output = output[n:]
	}
}

func (r *Recorder) sent(c *client, at int64, wire []byte) {
	if c.next == len(c.waiting) || c.isMessage(wire) {
		e := r.add(message, c, at)
		r.keep(e, wire)
		r.added(e)
		return
	}
	q := &c.waiting[c.next]
	number, hidden := q.number, q.hidden
	if q.replies--; wire[0] == '-' {
		q.replies = 0
	} else if q.monitor {
		c.monitor = true
	}
	more := q.replies > 0
	if !more {
		if c.next++; c.next == len(c.waiting) {
			c.waiting, c.next = c.waiting[:0], 0
		}
	}
	if hidden {
		return
	}
	var calls []Call
	if number >= r.first && number < r.first+uint64(r.n) {
		calls = r.ring[(r.head+int(number-r.first))%len(r.ring)].calls
	}
	e := r.add(reply, c, at)
	// A reader may have read the command before it called something.
	e.of, e.more, e.calls = number, more, calls
	r.keep(e, wire)
	r.added(e)
}

// isMessage reports whether output is a message, which is no reply to a command.
func (c *client) isMessage(wire []byte) bool {
	switch wire[0] {
	case '>':
		return !c.waiting[c.next].listen || !confirms(wire)
	case '*':
		if c.listens {
			name := firstWord(wire)
			return (wire[1] == '3' && (name == "message" || name == "smessage") || wire[1] == '4' && name == "pmessage") && wire[2] == '\r'
		}
	case '+':
		return c.monitor && len(wire) > 1 && '0' <= wire[1] && wire[1] <= '9'
	}
	return false
}

// confirms reports whether a push confirms the begin or end of a subscription.
func confirms(wire []byte) bool { return strings.HasSuffix(firstWord(wire), "subscribe") }

// firstWord returns the first element of an aggregate, if it is a bulk string.
func firstWord(wire []byte) string {
	_, rest, _ := bytes.Cut(wire, []byte("\r\n"))
	if len(rest) == 0 || rest[0] != '$' {
		return ""
	}
	_, rest, _ = bytes.Cut(rest, []byte("\r\n"))
	word, _, _ := bytes.Cut(rest[:min(len(rest), 64)], []byte("\r\n"))
	return string(word)
}

// Closed notes that a client is gone, and whether the server has closed the connection.
func (r *Recorder) Closed(who any, at int64, byServer bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.clients[who]
	delete(r.clients, who)
	if c == nil || r.stopped {
		return
	}
	if len(c.partial) > 0 {
		e := r.add(message, c, at) // the connection ends within a reply
		r.keep(e, c.partial)
		r.added(e)
	}
	if byServer {
		r.added(r.add(closed, c, at))
	}
}

// client returns the client, with a name if it is new.
func (r *Recorder) client(s State) *client {
	c := r.clients[s.Who]
	if c == nil {
		c = &client{id: s.ID, space: s.Space, addr: s.Conn.Addr(), program: s.Program}
		if s.Program {
			c.name = numbered("do", r.named[1])
			r.named[1]++
		} else {
			c.name = numbered("", r.named[0])
			r.named[0]++
		}
		r.clients[s.Who] = c
	}
	return c
}

// numbered makes the names a to z, then c27, c28 and so on; do, do2, do3.
func numbered(prefix string, n int) string {
	switch {
	case prefix != "" && n == 0:
		return prefix
	case prefix == "" && n < 26:
		return string(rune('a' + n))
	case prefix == "":
		prefix = "c"
	}
	return prefix + strconv.Itoa(n+1)
}

// add makes room for an event. The caller fills it in and then calls added.
func (r *Recorder) add(k kind, c *client, at int64) *event {
	if r.n == len(r.ring) && (r.limits.Events == 0 || r.n < r.limits.Events) {
		next := make([]event, max(16, 2*len(r.ring)))
		if most := r.limits.Events; most > 0 && len(next) > most {
			next = next[:most]
		}
		n := copy(next, r.ring[r.head:])
		copy(next[n:], r.ring[:r.head])
		r.ring, r.head = next, 0
	}
	if r.n == len(r.ring) {
		r.forget()
	}
	e := &r.ring[(r.head+r.n)%len(r.ring)]
	r.n++
	*e = event{kind: k, client: c, id: c.id, space: c.space, at: at, data: e.data[:0], ends: e.ends[:0]} // the memory of a forgotten event
	return e
}

// forget drops the oldest event.
func (r *Recorder) forget() {
	old := &r.ring[r.head]
	r.bytes -= len(old.data) + old.called
	old.calls = nil
	if r.limits.Each == 0 || cap(old.data) > 2*r.limits.Each {
		old.data = nil
	}
	r.head = (r.head + 1) % len(r.ring)
	r.first++
	r.n--
}

// keep appends bytes to an event, as many as the limits allow.
func (r *Recorder) keep(e *event, b []byte) {
	if most := r.limits.Each; most > 0 && len(e.data)+len(b) > most {
		n := max(0, most-len(e.data))
		e.cut += len(b) - n
		b = b[:n]
	}
	e.data = append(e.data, b...)
}

// added ends add.
func (r *Recorder) added(e *event) {
	r.bytes += len(e.data)
	for r.limits.Bytes > 0 && r.bytes > r.limits.Bytes {
		r.forget()
	}
	if r.wake != nil {
		r.wake()
	}
}

// Stop ends the record, which can still be read.
func (r *Recorder) Stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
}

// Reset empties the record and goes on.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.first += uint64(r.n)
	r.head, r.n, r.bytes = 0, 0, 0
	r.ring = nil
}

// events returns copies of the events from a number on, and the number of events before
// them that are forgotten.
func (r *Recorder) events(from uint64) (list []event, first uint64, missing uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if from < r.first {
		missing, from = r.first-from, r.first
	}
	for i := int(from - r.first); i < r.n; i++ {
		e := r.ring[(r.head+i)%len(r.ring)]
		e.data, e.ends, e.calls = bytes.Clone(e.data), slices.Clone(e.ends), slices.Clone(e.calls)
		list = append(list, e)
	}
	return list, from, missing
}

// words returns the words of a command.
func (e *event) words() []string {
	words := make([]string, len(e.ends))
	from := 0
	for i, end := range e.ends {
		words[i] = string(e.data[from:end])
		from = end
	}
	return words
}

// Command is a command of the record.
type Command struct {
	Client      uint64
	ClientName  string // in the notation
	Space       string
	ByProgram   bool
	Args        []string
	At          int64    // µs since 1970
	Replies     [][]byte // as they were sent; only subscriptions have several
	AnsweredAt  int64
	RoundTrip   int // of the client, from 1
	Transaction int // the number of its MULTI, from 1; 0: none
	Silent      bool
	Calls       []Call

	number uint64
}

// Message is output to a client that is no reply to a command.
type Message struct {
	Client     uint64
	ClientName string
	Space      string
	At         int64
	Wire       []byte
}

// Contents are the contents of a record.
type Contents struct {
	Commands []Command
	Messages []Message
	Missing  int // forgotten events
}

// Contents returns copies of everything that is kept.
func (r *Recorder) Contents() Contents {
	events, first, missing := r.events(0)
	out := Contents{Missing: int(missing)}
	index := make(map[uint64]int)
	for i := range events {
		e := &events[i]
		switch e.kind {
		case command:
			index[first+uint64(i)] = len(out.Commands)
			out.Commands = append(out.Commands, Command{
				Client: e.id, ClientName: e.client.name, Space: e.space, ByProgram: e.client.program, Args: e.words(), At: e.at,
				RoundTrip: e.trip, Transaction: e.multi, Silent: e.silent, Calls: e.calls, number: first + uint64(i),
			})
		case reply:
			if at, ok := index[e.of]; ok {
				c := &out.Commands[at]
				c.Replies, c.AnsweredAt = append(c.Replies, e.data), e.at
			}
		case message:
			out.Messages = append(out.Messages, Message{Client: e.id, ClientName: e.client.name, Space: e.space, At: e.at, Wire: e.data})
		}
	}
	return out
}

// OnEvent makes the Recorder call f after each event. Call it before the first one.
func (r *Recorder) OnEvent(f func()) { r.wake = f }
