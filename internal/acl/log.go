package acl

// Context is the context in which a command was denied.
type Context uint8

// The contexts.
const (
	TopLevel Context = iota
	InMulti
	InScript
)

// String returns the word in ACL LOG.
func (c Context) String() string { return [...]string{"toplevel", "multi", "lua"}[c] }

// Entry is a denial, which may have happened several times.
type Entry struct {
	ID       int64
	Count    int64
	Reason   Reason
	Context  Context
	Object   string // the command, the key or the channel
	User     string
	Client   string // the latest client, as CLIENT LIST shows it
	Created  int64  // ms since 1970
	LastSeen int64  // ms since 1970
}

const (
	// sameWithin is the time in ms within which a repetition counts for the same
	// entry.
	sameWithin = 60_000
	// sameAmong is the number of newest entries that a repetition is compared with.
	sameAmong = 10
)

// Log holds denials. The zero Log is empty.
type Log struct {
	entries []*Entry // newest last
	nextID  int64
}

// Add records a denial at LastSeen, and keeps the given number of entries at most.
func (l *Log) Add(e Entry, most int) {
	if most > 0 && !l.repeats(&e) {
		e.ID, e.Count, e.Created = l.nextID, 1, e.LastSeen
		l.nextID++
		l.entries = append(l.entries, &e)
	}
	if n := len(l.entries) - most; n > 0 {
		clear(l.entries[:n])
		l.entries = l.entries[n:]
	}
}

// repeats counts e as a repetition of an existing entry, if it is one.
func (l *Log) repeats(e *Entry) bool {
	for i := len(l.entries) - 1; i >= max(0, len(l.entries)-sameAmong); i-- {
		o := l.entries[i]
		ago := max(e.LastSeen-o.LastSeen, o.LastSeen-e.LastSeen)
		if o.Reason != e.Reason || o.Context != e.Context || o.Object != e.Object || o.User != e.User || ago > sameWithin {
			continue
		}
		o.Count++
		o.LastSeen, o.Client = e.LastSeen, e.Client
		copy(l.entries[i:], l.entries[i+1:])
		l.entries[len(l.entries)-1] = o
		return true
	}
	return false
}

// Len returns the number of entries.
func (l *Log) Len() int { return len(l.entries) }

// Last yields the last n entries, or all if there are fewer, newest first.
func (l *Log) Last(n int) func(func(*Entry) bool) {
	return func(yield func(*Entry) bool) {
		for i := len(l.entries) - 1; i >= 0 && n > 0; i, n = i-1, n-1 {
			if !yield(l.entries[i]) {
				return
			}
		}
	}
}

// Reset removes all entries.
func (l *Log) Reset() { l.entries = nil }
