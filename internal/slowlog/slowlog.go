// Package slowlog keeps commands that took long, or had a large request or reply,
// for SLOWLOG and COMMANDLOG.
//
// A Log is owned by one engine and does not lock.
package slowlog

import "fmt"

// Entry is a command of a log.
type Entry struct {
	ID     int64
	Time   int64 // s since 1970, at the end of the command
	Amount int64 // duration in microseconds, or size in bytes
	Args   []string
	Addr   string // of the client
	Name   string
}

// Log holds entries, oldest first. The zero Log is empty.
type Log struct {
	entries []Entry
	nextID  int64
}

// Add gives e a unique ID, and drops entries older than the last most ones.
func (l *Log) Add(e Entry, most int) {
	e.ID = l.nextID
	l.nextID++
	l.entries = append(l.entries, e)
	if n := len(l.entries) - most; n > 0 {
		clear(l.entries[:n])
		l.entries = l.entries[n:]
	}
}

// Len returns the number of entries.
func (l *Log) Len() int { return len(l.entries) }

// Last returns the last n entries, or all if there are fewer, oldest first.
// They are valid until the next change.
func (l *Log) Last(n int) []Entry { return l.entries[max(len(l.entries)-n, 0):] }

// Reset removes all entries.
func (l *Log) Reset() { l.entries = nil }

// Trim copies the words of a command, at most maxArgs words and maxLength bytes of
// each. What it cuts it replaces by a note of how much that was.
func Trim(args [][]byte, maxArgs, maxLength int) []string {
	out := make([]string, 0, min(len(args), maxArgs))
	for i, a := range args {
		if i == maxArgs-1 && len(args) > maxArgs {
			return append(out, fmt.Sprintf("... (%d more arguments)", len(args)-i))
		}
		if len(a) > maxLength {
			out = append(out, fmt.Sprintf("%s... (%d more bytes)", a[:maxLength], len(a)-maxLength))
		} else {
			out = append(out, string(a))
		}
	}
	return out
}
