// Package replication is the protocol between a master and its replicas, as data:
// which history the data are of, what the two sides say before the stream of
// commands, how a snapshot travels, and what a replica is sent next. It is PSYNC
// version 2 of Redis 4.0 and later, as Redis 7.4 speaks it.
//
// Nothing here knows a server, opens a connection or starts a goroutine.
package replication

import "strings"

// IDLen is the length of the name of a history.
const IDLen = 40

// NoID is shown where there is no name of a history.
const NoID = "0000000000000000000000000000000000000000"

// History names what the data are the result of. Two servers that have the same
// history have the same data at the same replication offset.
type History struct {
	// ID is the name of the history.
	ID string
	// Former is the name that the history had before the server was promoted, or
	// its master was. It is valid up to the byte before FormerEnd; without one it is
	// NoID, and FormerEnd is -1.
	Former    string
	FormerEnd int64
}

// Begin makes it a new history.
func (h *History) Begin(id string) { *h = History{ID: id, Former: NoID, FormerEnd: -1} }

// Shift gives the history another name from an offset on.
func (h *History) Shift(id string, offset int64) {
	*h = History{ID: id, Former: h.ID, FormerEnd: offset + 1}
}

// Mismatch returns why a replica with a history of this name can't go on with the
// byte that it asks for, "" if it can.
func (h *History) Mismatch(id string, from int64) Mismatch {
	switch {
	case strings.EqualFold(id, h.ID):
		return Same
	case strings.EqualFold(id, h.Former):
		if from <= h.FormerEnd {
			return Same
		}
		return TooNew
	}
	return Unknown
}

// Mismatch is how two histories differ.
type Mismatch uint8

// The outcomes of a comparison.
const (
	Same    Mismatch = iota
	Unknown          // the name is that of another history
	TooNew           // the name is the former one, which was not valid any more
)
