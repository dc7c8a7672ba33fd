package replication

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/resp-server/resp-server/internal/resp"
)

// Greeting is what a replica says of itself.
type Greeting struct {
	// User and Password are sent if there is a password.
	User, Password string
	// Port is the one that the replica listens on. Addr is what it is to be known
	// as, "" for where the connection comes from.
	Port int
	Addr string
	// ID and Offset are those of the history that the replica has; ID is "" for none.
	ID     string
	Offset int64
	// Failover asks the master, which is a replica still, to become one.
	Failover bool
}

// Answer is how a master answers the request for its history.
type Answer uint8

// The answers.
const (
	NoAnswer  Answer = iota
	Full             // a snapshot follows
	Continue         // the stream follows, from where the replica is
	OldMaster        // it does not know PSYNC; SYNC is what is left
)

// Handshake is the replica's side of what is said before the snapshot or the
// stream. Start and Line return what is to be sent.
type Handshake struct {
	// Log gets what happens, if it is not nil. Level 1 is for what went wrong.
	Log func(level int, text string)

	// Answer is set at the end. ID is the name of the history that follows, ""
	// if that stays the same; Offset is that of the snapshot.
	Answer Answer
	ID     string
	Offset int64

	g     Greeting
	steps []step
}

// step is a reply that is to come.
type step uint8

const (
	awaitPing step = iota
	awaitAuth
	awaitPort
	awaitAddr
	awaitCapa
	awaitPSYNC
)

// ErrLater is wrapped by errors after which another try may succeed at once.
var ErrLater = errors.New("the master can't be replicated now")

// NewHandshake returns a handshake that is about to begin.
func NewHandshake(g Greeting) *Handshake { return &Handshake{g: g} }

// Start returns the first command.
func (h *Handshake) Start() []byte {
	h.steps = []step{awaitPing}
	return command(nil, "PING")
}

// Line takes a line of the master, without its end, and returns what is to be
// sent. The handshake is over when Answer is set or there is an error.
func (h *Handshake) Line(line string) (send []byte, err error) {
	if len(h.steps) == 0 {
		return nil, fmt.Errorf("unexpected reply %q", line)
	}
	at := h.steps[0]
	if at == awaitPSYNC && line == "" {
		return nil, nil // it only shows that it is alive
	}
	h.steps = h.steps[1:]
	failed := strings.HasPrefix(line, "-")
	switch at {
	case awaitPing:
		if !strings.HasPrefix(line, "+") && !strings.HasPrefix(line, "-NOAUTH") && !strings.HasPrefix(line, "-NOPERM") &&
			!strings.HasPrefix(line, "-ERR operation not permitted") {
			return nil, fmt.Errorf("Error reply to PING from master: '%s'", line)
		}
		h.log(0, "Master replied to PING, replication can continue...")
		return h.introduce(), nil
	case awaitAuth:
		if failed {
			return nil, fmt.Errorf("Unable to AUTH to MASTER: %s", line)
		}
	case awaitPort, awaitAddr, awaitCapa:
		if failed {
			what := map[step]string{awaitPort: "listening-port", awaitAddr: "ip-address", awaitCapa: "capa"}[at]
			h.log(0, "(Non critical) Master does not understand REPLCONF "+what+": "+line)
		}
	case awaitPSYNC:
		return nil, h.answer(line)
	}
	if len(h.steps) == 0 {
		return h.ask(), nil
	}
	return nil, nil
}

// introduce says who the replica is, in one go.
func (h *Handshake) introduce() (b []byte) {
	g := &h.g
	if g.Password != "" {
		words := []string{"AUTH"}
		if g.User != "" {
			words = append(words, g.User)
		}
		b = command(b, append(words, g.Password)...)
		h.steps = append(h.steps, awaitAuth)
	}
	b = command(b, "REPLCONF", "listening-port", strconv.Itoa(g.Port))
	h.steps = append(h.steps, awaitPort)
	if g.Addr != "" {
		b = command(b, "REPLCONF", "ip-address", g.Addr)
		h.steps = append(h.steps, awaitAddr)
	}
	h.steps = append(h.steps, awaitCapa)
	return command(b, "REPLCONF", "capa", "eof", "capa", "psync2")
}

// ask asks for the history.
func (h *Handshake) ask() []byte {
	h.steps = append(h.steps, awaitPSYNC)
	id, from := "?", "-1"
	if h.g.ID != "" {
		id, from = h.g.ID, strconv.FormatInt(h.g.Offset+1, 10)
		h.log(0, fmt.Sprintf("Trying a partial resynchronization (request %s:%s).", id, from))
	} else {
		h.log(0, "Partial resynchronization not possible (no cached master)")
	}
	words := []string{"PSYNC", id, from}
	if h.g.Failover {
		words = append(words, "FAILOVER")
	}
	return command(nil, words...)
}

// answer reads the reply to PSYNC.
func (h *Handshake) answer(line string) error {
	words := strings.Fields(line)
	switch {
	case strings.HasPrefix(line, "+FULLRESYNC"):
		h.Answer = Full
		if len(words) != 3 || len(words[1]) != IDLen {
			h.log(1, "Master replied with wrong +FULLRESYNC syntax.")
			h.ID, h.Offset = NoID, 0
			return nil
		}
		offset, err := strconv.ParseInt(words[2], 10, 64)
		if err != nil {
			return fmt.Errorf("Master replied with wrong +FULLRESYNC syntax: %s", line)
		}
		h.ID, h.Offset = words[1], offset
		h.log(0, fmt.Sprintf("Full resync from master: %s:%d", h.ID, h.Offset))
		return nil
	case strings.HasPrefix(line, "+CONTINUE") && h.g.ID != "":
		h.Answer = Continue
		h.log(0, "Successful partial resynchronization with master.")
		if len(words) > 1 && len(words[1]) == IDLen && words[1] != h.g.ID {
			h.ID = words[1]
			h.log(0, "Master replication ID changed to "+h.ID)
		}
		return nil
	case strings.HasPrefix(line, "-NOMASTERLINK"), strings.HasPrefix(line, "-LOADING"):
		h.log(0, "Master is currently unable to PSYNC but should be in the future: "+line)
		return ErrLater
	case strings.HasPrefix(line, "-ERR"):
		h.log(0, "Master does not support PSYNC or is in error state (reply: "+line+")")
	default:
		h.log(1, "Unexpected reply to PSYNC from master: "+line)
	}
	h.Answer = OldMaster
	h.log(0, "Retrying with SYNC...")
	return nil
}

func (h *Handshake) log(level int, text string) {
	if h.Log != nil {
		h.Log(level, text)
	}
}

// command appends a command.
func command(b []byte, words ...string) []byte {
	w := resp.Writer{Buf: b}
	w.Array(len(words))
	for _, word := range words {
		w.BulkString(word)
	}
	return w.Buf
}
