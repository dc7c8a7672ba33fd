package command

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var streamIdempotenceCommands = engine.Handlers{
	"xcfgset":     xcfgset,
	"xidmprecord": xidmprecord,
}

const (
	errIDMPTwice    resp.Error = "ERR IDMP/IDMPAUTO specified multiple times"
	errIDMPID       resp.Error = "ERR IDMP/IDMPAUTO can be used only with auto-generated IDs"
	errIDMPPID      resp.Error = "ERR IDMP requires a non-empty producer ID"
	errIDMPIID      resp.Error = "ERR IDMP requires a non-empty idempotent ID"
	errIDMPAutoPID  resp.Error = "ERR IDMPAUTO requires a non-empty producer ID"
	errIDMPNothing  resp.Error = "ERR At least one parameter must be specified"
	errIDMPDuration resp.Error = "ERR IDMP-DURATION must be between 1 and 86400 seconds"
	errIDMPMaxSize  resp.Error = "ERR IDMP-MAXSIZE must be between 1 and 10000 entries"
	errIDMPEntry    resp.Error = "ERR The specified stream ID was deleted or doesn't exist"
	errIDMPOther    resp.Error = "ERR The specified IDMP producer-id/idempotent-id pair maps to a different stream ID"
)

// idempotence holds the IDMP options of XADD: the producer id and the
// idempotent id of the message.
type idempotence struct {
	on, auto bool
	pid, iid []byte
	at       int // index of the option in Args
}

// arg reads an IDMP option at argument i, if there is one, and returns the
// index of its last word.
func (m *idempotence) arg(c *engine.Ctx, i int) (last int, found bool, err error) {
	more := len(c.Args) - 1 - i
	auto := more >= 1 && c.ArgIs(i, "idmpauto")
	switch {
	case !auto && (more < 2 || !c.ArgIs(i, "idmp")):
		return i, false, nil
	case m.on:
		return i, false, errIDMPTwice
	}
	m.on, m.auto, m.at, m.pid = true, auto, i, c.Args[i+1]
	switch {
	case auto && len(m.pid) == 0:
		return i, false, errIDMPAutoPID
	case auto:
		return i + 1, true, nil
	case len(m.pid) == 0:
		return i, false, errIDMPPID
	}
	if m.iid = c.Args[i+2]; len(m.iid) == 0 {
		return i, false, errIDMPIID
	}
	return i + 2, true, nil
}

// identify derives the idempotent id of IDMPAUTO from the fields and values.
// Their order does not matter.
func (m *idempotence) identify(pairs [][]byte) {
	if !m.auto {
		return
	}
	var high, low uint64
	var b []byte
	for i := 0; i < len(pairs); i += 2 {
		b = binary.BigEndian.AppendUint64(b[:0], uint64(len(pairs[i])))
		b = append(append(b, pairs[i]...), pairs[i+1]...)
		sum := sha256.Sum256(b)
		high += binary.BigEndian.Uint64(sum[:])
		low += binary.BigEndian.Uint64(sum[8:])
	}
	m.iid = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, high), low)
}

// blank sets the words of the option in args, a copy of the command's
// arguments, to nil. The caller removes them.
func (m *idempotence) blank(args [][]byte) {
	switch {
	case m.on && m.auto:
		clear(args[m.at : m.at+2])
	case m.on:
		clear(args[m.at : m.at+3])
	}
}

// XCFGSET key [IDMP-DURATION duration] [IDMP-MAXSIZE maxsize]
func xcfgset(c *engine.Ctx) error {
	if len(c.Args) == 2 {
		return errIDMPNothing
	}
	duration, maxSize := int64(0), int64(0)
	for i := 2; i < len(c.Args); i += 2 {
		to, most, wrong := &duration, int64(86400), errIDMPDuration
		switch {
		case i+1 == len(c.Args):
			return resp.ErrSyntax
		case c.ArgIs(i, "idmp-duration"):
		case c.ArgIs(i, "idmp-maxsize"):
			to, most, wrong = &maxSize, 10000, errIDMPMaxSize
		default:
			return resp.ErrSyntax
		}
		n, err := c.ArgInt(i + 1)
		if err != nil {
			return err
		}
		if n < 1 || n > most {
			return wrong
		}
		*to = n
	}
	key := c.Args[1]
	s, err := engine.FindToWrite[*value.Stream](c, key)
	if err != nil {
		return err
	}
	if s == nil {
		return resp.ErrNoSuchKey
	}
	m := s.Remember(c.Limits())
	if duration == 0 {
		duration = m.Duration
	}
	if maxSize == 0 {
		maxSize = m.MaxSize
	}
	m.Configure(duration, maxSize)
	c.Altered(key, event.None)
	return c.OK()
}

// XIDMPRECORD key pid iid stream-id
func xidmprecord(c *engine.Ctx) error {
	id, err := argStreamID(c, 4, 0)
	if err != nil {
		return err
	}
	key, pid, iid := c.Args[1], c.Args[2], c.Args[3]
	switch {
	case len(pid) == 0:
		return errIDMPPID
	case len(iid) == 0:
		return errIDMPIID
	}
	s, err := engine.FindToWrite[*value.Stream](c, key)
	if err != nil {
		return err
	}
	if s == nil {
		return resp.ErrNoSuchKey
	}
	if !s.FindEntry(id) {
		return errIDMPEntry
	}
	m := s.Remember(c.Limits())
	known, ok := m.Find(pid, iid, c.ShownMilli())
	switch {
	case ok && known != id:
		return errIDMPOther
	case !ok:
		m.Add(pid, iid, id, c.ShownMilli())
		c.Altered(key, event.None)
	}
	return c.OK()
}

// infoIdempotency writes the idempotence state of a stream.
func infoIdempotency(w *resp.Writer, m *value.Idempotency, now int64) {
	producers, ids := 0, 0
	for _, sent := range m.Producers(now) {
		producers++
		ids += len(sent)
	}
	infoNumber(w, "idmp-duration", m.Duration)
	infoNumber(w, "idmp-maxsize", m.MaxSize)
	infoNumber(w, "pids-tracked", int64(producers))
	infoNumber(w, "iids-tracked", int64(ids))
	infoNumber(w, "iids-added", int64(m.Added))
	infoNumber(w, "iids-duplicates", int64(m.Duplicates))
}
