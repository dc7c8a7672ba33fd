package server

import (
	"bufio"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/alicebob/miniredis/v2/internal/direct"
	respserver "github.com/resp-server/resp-server"
)

// Peer is a client, for hooks and registered commands. What they write is sent when
// they return, or by Flush.
type Peer struct {
	// Resp3 says that the client understands RESP3.
	Resp3 bool
	// SwitchResp3 becomes Resp3 after the command.
	SwitchResp3 *bool
	// Ctx is for the test.
	Ctx interface{}
	// ClientName is what CLIENT SETNAME has set.
	ClientName string

	call     *respserver.Call // that is being answered; nil: of NewPeer
	attached *direct.Conn     // of a Peer of NewPeer that has run something

	mu     sync.Mutex // guards what follows
	w      *bufio.Writer
	closed bool
	gone   []func() // for OnDisconnect
}

// NewPeer returns a peer that is no client: what it is answered goes to w.
func NewPeer(w *bufio.Writer) *Peer { return &Peer{w: w} }

// peer returns the peer whose command is to be answered.
func (s *Server) peer(call *respserver.Call) *Peer {
	p, _ := call.Client.Data.(*Peer)
	if p == nil {
		p = &Peer{w: bufio.NewWriter(call.Client)}
		call.Client.Data = p
		call.Client.OnClose(p.disconnected)
		p.call = call
		p.learnName(s)
	}
	p.call = call
	p.Resp3 = call.Protocol == 3
	return p
}

func (c *Peer) disconnected() {
	c.mu.Lock()
	c.closed = true
	gone := c.gone
	c.mu.Unlock()
	for _, f := range gone {
		f()
	}
}

// learnName looks what the client is called.
func (c *Peer) learnName(s *Server) {
	if s.alone {
		return
	}
	line, _ := s.behind.Do(0, "CLIENT", "LIST", "ID", strconv.FormatUint(c.call.Client.ID(), 10))
	for word := range strings.SplitSeq(line.Text(), " ") {
		if name, ok := strings.CutPrefix(word, "name="); ok {
			c.ClientName = name
		}
	}
}

// run has the server behind run a command and answer the peer.
func (c *Peer) run(s *Server, args []string) {
	c.Flush()
	if c.call != nil {
		c.call.Run(args...)
		c.Resp3 = c.call.Protocol == 3
		if name := strings.ToUpper(args[0]); name == "CLIENT" || name == "HELLO" {
			c.learnName(s)
		}
		return
	}
	if reply, err := c.runAttached(s, args); err != nil {
		c.WriteError("ERR " + err.Error())
	} else {
		c.WriteRaw(reply)
	}
}

// runAttached runs a command of a peer that is no client, on a connection of its
// own, which keeps its database and transaction.
func (c *Peer) runAttached(s *Server, args []string) (reply string, err error) {
	s.mu.Lock()
	if c.attached == nil && !s.closed {
		if c.attached, err = s.behind.Attach(); err == nil {
			s.attached[c] = struct{}{}
		}
	}
	conn := c.attached
	s.mu.Unlock()
	if conn == nil {
		return "", respserver.ErrClosed
	}
	if err := conn.Send(args...); err != nil {
		return "", err
	}
	return conn.Read()
}

// Flush sends what was written.
func (c *Peer) Flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.w.Flush()
}

// Close closes the connection after the command that runs.
func (c *Peer) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
}

// Closed reports whether the connection is closed, or will be after the command.
func (c *Peer) Closed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// OnDisconnect has f called when the client is gone, beside others.
func (c *Peer) OnDisconnect(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = append(c.gone, f)
}

// Block has f write, and nobody else meanwhile.
func (c *Peer) Block(f func(*Writer)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&Writer{c.w, c.Resp3})
}

// WriteError writes an error reply.
func (c *Peer) WriteError(e string) { c.Block(func(w *Writer) { w.WriteError(e) }) }

// WriteInline writes a status.
func (c *Peer) WriteInline(s string) { c.Block(func(w *Writer) { w.WriteInline(s) }) }

// WriteOK writes the status OK.
func (c *Peer) WriteOK() { c.WriteInline("OK") }

// WriteBulk writes a bulk string.
func (c *Peer) WriteBulk(s string) { c.Block(func(w *Writer) { w.WriteBulk(s) }) }

// WriteNull writes a null.
func (c *Peer) WriteNull() { c.Block(func(w *Writer) { w.WriteNull() }) }

// WriteLen begins an array of n elements.
func (c *Peer) WriteLen(n int) { c.Block(func(w *Writer) { w.WriteLen(n) }) }

// WriteMapLen begins a map of n keys and values; in RESP2 an array of both.
func (c *Peer) WriteMapLen(n int) { c.Block(func(w *Writer) { w.WriteMapLen(n) }) }

// WriteSetLen begins a set of n elements; in RESP2 an array.
func (c *Peer) WriteSetLen(n int) { c.Block(func(w *Writer) { w.WriteSetLen(n) }) }

// WritePushLen begins a push message of n elements; in RESP2 an array.
func (c *Peer) WritePushLen(n int) { c.Block(func(w *Writer) { w.WritePushLen(n) }) }

// WriteInt writes an integer.
func (c *Peer) WriteInt(n int) { c.Block(func(w *Writer) { w.WriteInt(n) }) }

// WriteFloat writes a double; in RESP2 a bulk string.
func (c *Peer) WriteFloat(n float64) { c.Block(func(w *Writer) { w.WriteFloat(n) }) }

// WriteRaw writes a reply that is bytes of the protocol already.
func (c *Peer) WriteRaw(s string) { c.Block(func(w *Writer) { w.WriteRaw(s) }) }

// WriteStrings writes an array of bulk strings.
func (c *Peer) WriteStrings(strs []string) { c.Block(func(w *Writer) { w.WriteStrings(strs) }) }

// Writer writes to a peer, in Peer.Block. Its methods are those of Peer.
type Writer struct {
	w     *bufio.Writer
	resp3 bool
}

// WriteError writes an error reply.
func (w *Writer) WriteError(e string) { w.WriteRaw("-" + oneLine(e) + "\r\n") }

// WriteInline writes a status.
func (w *Writer) WriteInline(s string) { w.WriteRaw("+" + oneLine(s) + "\r\n") }

// WriteBulk writes a bulk string.
func (w *Writer) WriteBulk(s string) {
	w.header('$', len(s))
	w.WriteRaw(s + "\r\n")
}

// WriteNull writes a null.
func (w *Writer) WriteNull() {
	if w.resp3 {
		w.WriteRaw("_\r\n")
	} else {
		w.WriteRaw("$-1\r\n")
	}
}

// WriteLen begins an array of n elements.
func (w *Writer) WriteLen(n int) { w.header('*', n) }

// WriteMapLen begins a map of n keys and values; in RESP2 an array of both.
func (w *Writer) WriteMapLen(n int) {
	if w.resp3 {
		w.header('%', n)
	} else {
		w.WriteLen(2 * n)
	}
}

// WriteSetLen begins a set of n elements; in RESP2 an array.
func (w *Writer) WriteSetLen(n int) { w.newer('~', n) }

// WritePushLen begins a push message of n elements; in RESP2 an array.
func (w *Writer) WritePushLen(n int) { w.newer('>', n) }

// WriteInt writes an integer.
func (w *Writer) WriteInt(n int) { w.header(':', n) }

// WriteFloat writes a double; in RESP2 a bulk string.
func (w *Writer) WriteFloat(n float64) {
	if w.resp3 {
		w.WriteRaw("," + formatFloat(n) + "\r\n")
	} else {
		w.WriteBulk(formatFloat(n))
	}
}

// WriteRaw writes a reply that is bytes of the protocol already.
func (w *Writer) WriteRaw(s string) { w.w.WriteString(s) }

// WriteStrings writes an array of bulk strings.
func (w *Writer) WriteStrings(strs []string) {
	w.WriteLen(len(strs))
	for _, s := range strs {
		w.WriteBulk(s)
	}
}

// Flush sends what was written.
func (w *Writer) Flush() { w.w.Flush() }

func (w *Writer) header(kind byte, n int) { w.WriteRaw(string(kind) + strconv.Itoa(n) + "\r\n") }

// newer writes the header of an aggregate of RESP3, which RESP2 has as an array.
func (w *Writer) newer(kind byte, n int) {
	if !w.resp3 {
		kind = '*'
	}
	w.header(kind, n)
}

// oneLine makes a text one that a status or an error may have.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, s)
}

// formatFloat writes a float as Redis writes the doubles of RESP3: with as many
// digits as it needs, and an exponent where zeros would take more. Integers that
// a float has exactly are written out.
func formatFloat(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case math.IsNaN(f):
		return "nan"
	case f == math.Trunc(f) && math.Abs(f) < 1<<52:
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	text := strconv.FormatFloat(f, 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(text, "e")
	point, _ := strconv.Atoi(exponent) // after the first digit
	digits := strings.Count(mantissa, "") - 1 - strings.Count(mantissa, ".") - strings.Count(mantissa, "-")
	switch zeros := point + 1 - digits; { // behind the last digit
	case zeros >= 0 && point < digits+7, zeros < 0 && (zeros > -7 || -4 < point && point < 4):
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return fmt.Sprintf("%se%+d", mantissa, point)
}
