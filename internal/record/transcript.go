package record

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/resp-server/resp-server/internal/notation"
)

// Writer writes events as a transcript. Output belongs together with the commands before
// it: commands and then output are a round, which ends with the next command, or with
// Flush. A command that waits for others is the last one of its round, since it may wait
// for the next one.
type Writer struct {
	w      io.Writer
	from   uint64 // the next event
	began  bool
	stamp  int64 // ms of the last line about the time
	known  map[*client]bool
	placed map[*client]bool // the text shows how the client has come to its space
	round  []event          // commands, and then output
	first  uint64           // the number of the first of them
	sent   bool             // the round has output
	broken bool             // mark writes the time even if it has not changed
	err    error
}

// NewWriter returns a Writer whose text begins with a line that names the recorded
// server, such as "resp-server 7.4.1".
func NewWriter(w io.Writer, what string) *Writer {
	wr := &Writer{w: w, known: make(map[*client]bool), placed: make(map[*client]bool)}
	if what != "" {
		wr.printf("%s%s.\n", notation.Recorded, what)
		wr.broken = true
	}
	return wr
}

func (w *Writer) printf(format string, args ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.w, format, args...)
	}
}

// longest bounds a round without a reply.
const longest = 10000

// Write writes the events of r that are not written yet.
func (w *Writer) Write(r *Recorder) error {
	events, first, missing := r.events(w.from)
	w.add(events, first, missing)
	return w.err
}

func (w *Writer) add(events []event, first, missing uint64) {
	w.from = first + uint64(len(events))
	if missing > 0 && w.began {
		w.flush()
		w.printf("\n# %d commands and replies are missing here.\n", missing)
		w.stamp = 0
		clear(w.placed)
	}
	w.began = true
	for i, e := range events {
		if e.kind == command && w.sent || len(w.round) >= longest {
			w.flush()
		}
		if len(w.round) == 0 {
			w.first = first + uint64(i)
		}
		if e.kind != waits {
			w.sent = w.sent || e.kind != command
		} else if n := len(w.round) - 1; n >= 0 && w.round[n].client == e.client {
			w.sent = true // it is no other one that waits again
		}
		w.round = append(w.round, e)
	}
}

// Flush writes the events that wait.
func (w *Writer) Flush() error {
	w.flush()
	return w.err
}

// flush writes a round: commands in their order, then output. If a client has only one
// command in it, and the reply is its first output, the reply follows the command.
func (w *Writer) flush() {
	round := w.round
	w.round, w.sent = nil, false
	if len(round) == 0 {
		return
	}
	commands, answers := map[*client]int{}, map[*client][]int{}
	for i := range round {
		switch e := &round[i]; e.kind {
		case command:
			commands[e.client]++
		case waits:
		default:
			answers[e.client] = append(answers[e.client], i)
		}
	}
	written := map[int]bool{}
	open := map[*client]int{} // written commands without a reply
	w.mark(round[0].at)
	for i := range round {
		e := &round[i]
		if e.kind != command {
			continue
		}
		w.introduce(e)
		line := notation.Join(e.words())
		if e.cut > 0 {
			line += fmt.Sprintf(" (%d bytes more)", e.cut)
		}
		mine := answers[e.client]
		for _, a := range mine {
			if round[a].kind != reply || round[a].of != w.first+uint64(i) {
				continue
			}
			for _, c := range round[a].calls {
				w.printf("# the next command calls %s\n", Line(c.Args))
			}
			break
		}
		switch {
		case e.silent:
			w.printf("%s>> %s\n", prefix(e.client), line)
		case commands[e.client] > 1:
			w.printf("%s>> %s\n", prefix(e.client), line)
			open[e.client]++
		case len(mine) > 0 && round[mine[0]].kind == reply && round[mine[0]].of == w.first+uint64(i):
			w.printf("%s> %s\n%s\n", prefix(e.client), line, show(&round[mine[0]]))
			written[mine[0]] = true
		case len(mine) > 0 && round[mine[0]].kind == closed:
			w.printf("%s> %s\n%s\n", prefix(e.client), line, notation.Closed)
			written[mine[0]] = true
		case len(mine) > 0:
			w.printf("%s>> %s\n", prefix(e.client), line)
			open[e.client]++
		default:
			w.printf("%s> %s\n%s\n", prefix(e.client), line, notation.Blocked)
		}
	}
	for i := range round {
		e := &round[i]
		if e.kind == command || e.kind == waits || written[i] {
			continue
		}
		w.introduce(e)
		w.printf("%s<\n%s\n", prefix(e.client), show(e))
		switch {
		case e.kind == closed:
			delete(open, e.client)
		case e.kind == reply && e.of >= w.first && !e.more:
			open[e.client]--
		}
	}
	for i := range round {
		if c := round[i].client; open[c] > 0 {
			w.printf("%s<\n%s\n", prefix(c), notation.Blocked)
			delete(open, c)
		}
	}
}

// prefix names the client at the beginning of a line, except for the client a.
func prefix(c *client) string {
	if c.name == "a" {
		return ""
	}
	return c.name
}

// mark writes the time if it has changed.
func (w *Writer) mark(at int64) {
	at /= 1000
	if at != w.stamp || w.broken {
		w.stamp, w.broken = at, false
		w.printf("\n# %s\n", time.UnixMilli(at).UTC().Format("2006-01-02 15:04:05.000"))
	}
}

// introduce describes a client before its first line, with its space if no command in
// the text has brought it there.
func (w *Writer) introduce(e *event) {
	c := e.client
	if !w.known[c] {
		w.known[c] = true
		if c.program {
			w.printf("# %s is the program around the server.\n@resp 3 %s\n", c.name, c.name)
		} else {
			w.printf("# %s is the client %d at %s.\n", c.name, e.id, c.addr)
		}
	}
	if !w.placed[c] {
		w.placed[c] = true
		if e.space != "" {
			w.printf("%s %s %s\n", notation.Space, notation.Join([]string{e.space}), c.name)
		}
	}
}

// show returns output as redis-cli prints it.
func show(e *event) string {
	switch {
	case e.kind == closed:
		return notation.Closed
	case e.cut > 0:
		return fmt.Sprintf("%s (%d bytes more)", notation.Quote(e.data), e.cut)
	}
	return notation.Reply(e.data)
}

// Text returns the last events of the record, or all if last is 0, as a
// transcript.
func (r *Recorder) Text(what string, last int) string {
	events, first, _ := r.events(0)
	if last > 0 && len(events) > last {
		first += uint64(len(events) - last)
		events = events[len(events)-last:]
	}
	var b strings.Builder
	w := NewWriter(&b, what)
	w.add(events, first, 0)
	w.flush()
	return b.String()
}
