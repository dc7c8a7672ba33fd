package command

import (
	"cmp"
	"encoding/binary"
	"math/bits"

	"github.com/resp-server/resp-server/internal/datastruct/hashing"
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
	errIDMPTwice   resp.Error = "ERR syntax error, IDMP/IDMPAUTO specified multiple times"
	errIDMPID      resp.Error = "ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs"
	errIDMPPID     resp.Error = "ERR syntax error, IDMP requires a non-empty producer ID"
	errIDMPIID     resp.Error = "ERR syntax error, IDMP requires a non-empty idempotent ID"
	errIDMPAutoPID resp.Error = "ERR syntax error, IDMPAUTO requires a non-empty producer ID"
	errRecordPID   resp.Error = "ERR producer ID must be non-empty"
	errRecordIID   resp.Error = "ERR idempotent ID must be non-empty"
	errRecordEntry resp.Error = "ERR No such message in stream"
	errRecordOther resp.Error = "ERR IID already exists for this producer with a different stream ID"
	errIDMPNothing resp.Error = "ERR At least one parameter must be specified"
)

// idempotence holds the IDMP options of XADD: the producer id and the
// idempotent id of the message.
type idempotence struct {
	on, auto bool
	pid, iid []byte
}

// arg reads an IDMP option at argument i, if there is one, and returns the
// index of its last word.
func (m *idempotence) arg(c *engine.Ctx, i int) (last int, found bool, err error) {
	more := len(c.Args) - 1 - i
	auto := more >= 1 && c.ArgIsNewer(i, "idmpauto")
	switch {
	case !auto && (more < 2 || !c.ArgIsNewer(i, "idmp")):
		return i, false, nil
	case m.on:
		return i, false, errIDMPTwice
	}
	m.on, m.auto, m.pid = true, auto, c.Args[i+1]
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
	var sum, xor hashing.Hash128
	var b []byte
	for i := 0; i < len(pairs); i += 2 {
		b = binary.LittleEndian.AppendUint64(append(b[:0], pairs[i]...), uint64(len(pairs[i])))
		h := hashing.XXH3128(append(b, pairs[i+1]...))
		sum.Low += h.Low
		sum.High += h.High
		xor.Low ^= h.Low
		xor.High ^= h.High
	}
	m.iid = binary.LittleEndian.AppendUint64(nil, sum.Low^bits.RotateLeft64(xor.High, 1))
	m.iid = binary.LittleEndian.AppendUint64(m.iid, sum.High^bits.RotateLeft64(xor.Low, 1))
}

// XCFGSET key [IDMP-DURATION idmp-duration] [IDMP-MAXSIZE idmp-maxsize]
func xcfgset(c *engine.Ctx) error {
	key := c.Args[1]
	s, err := engine.FindToWrite[*value.Stream](c, key)
	if err != nil {
		return err
	}
	if s == nil {
		return resp.ErrNoSuchKey
	}
	duration, maxSize := int64(0), int64(0)
	for i := 2; i < len(c.Args); i += 2 {
		to, most, name, unit := &duration, int64(86400), "IDMP-DURATION", "seconds"
		switch {
		case i+1 == len(c.Args):
			return resp.ErrSyntax
		case c.ArgIs(i, "idmp-duration"):
		case c.ArgIs(i, "idmp-maxsize"):
			to, most, name, unit = &maxSize, 10000, "IDMP-MAXSIZE", "entries"
		default:
			return resp.ErrSyntax
		}
		if *to != 0 {
			return resp.Errorf("ERR %s specified multiple times", name)
		}
		if *to, err = c.ArgInt(i + 1); err != nil {
			return err
		}
		if *to < 1 || *to > most {
			return resp.Errorf("ERR %s must be between 1 and %d %s", name, most, unit)
		}
	}
	if duration == 0 && maxSize == 0 {
		return errIDMPNothing
	}
	m := s.Remember(c.Limits())
	if m.Configure(cmp.Or(duration, m.Duration), cmp.Or(maxSize, m.MaxSize)) {
		c.Altered(key, event.None)
	}
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
		return errRecordPID
	case len(iid) == 0:
		return errRecordIID
	}
	s, err := engine.FindToWrite[*value.Stream](c, key)
	if err != nil {
		return err
	}
	if s == nil {
		return resp.ErrNoSuchKey
	}
	if !s.FindEntry(id) {
		return errRecordEntry
	}
	m := s.Remember(c.Limits())
	known, ok := m.Find(pid, iid, c.ShownMilli())
	switch {
	case ok && known != id:
		return errRecordOther
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
