package command

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/engine/enginetest"
	"github.com/resp-server/resp-server/internal/journal"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/module/array"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/snapshot"
	"github.com/resp-server/resp-server/internal/spec"
	"github.com/resp-server/resp-server/internal/transcript"
	"github.com/resp-server/resp-server/internal/transport"
	"github.com/resp-server/resp-server/internal/value"
)

// TestEffects plays all transcripts on an engine with watched handlers. It
// checks that each command that changes the data
//
//   - has a flag that permits it,
//   - reports it with Changed,
//   - does not reply an error,
//   - leaves a snapshot taken just before unchanged,
//   - and propagates effects that make the same change on a second engine.
//
// It ignores replies, since other tests compare them.
func TestEffects(t *testing.T) {
	for name, f := range transcript.All(t, "../../testdata/transcripts") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWatched(t)
			defer w.close()
			if _, err := f.Record(w); err != nil {
				t.Logf("other replies than expected: %v", err)
			}
			w.engine.Run(w.compare)
		})
	}
}

// watched is an engine with a second one that replays its effects.
type watched struct {
	t      *testing.T
	config *config.Config
	clock  *clock.Manual
	engine *engine.Engine
	net    transport.Goroutines
	copy   *engine.Engine
	dst    *engine.Session
	dstDB  int
	last   string // command
	calls  int
	failed bool
}

func newWatched(t *testing.T) *watched {
	w := &watched{t: t, config: config.New(), clock: clock.NewManual(time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC))}
	for _, line := range []string{"enable-debug-command yes", `save ""`} {
		if err := w.config.SetLine(line); err != nil {
			t.Fatal(err)
		}
	}
	parts := engine.Parts{Table: Table(), Config: w.config, Clock: w.clock, Logger: slog.New(slog.DiscardHandler), Seed: 1}
	w.copy = engine.New(parts)
	w.dst = w.copy.NewInternalSession(enginetest.Conn("copy:0"))
	w.dst.Obey()
	watchedGroups := groups()
	for i, g := range watchedGroups {
		watchedGroups[i] = engine.Handlers{}
		for name, h := range g {
			watchedGroups[i][name] = w.wrap(name, h)
		}
	}
	parts.Table, parts.Journal = engine.NewTable(append(join(watchedGroups), array.Module())...), w
	w.engine = engine.New(parts)
	w.net.New = func(c transport.Conn) transport.Session {
		s, _ := w.engine.NewSession(c)
		return s
	}
	return w
}

func (w *watched) close() {
	for _, e := range []*engine.Engine{w.engine, w.copy} {
		if err := e.Check(); err != nil {
			w.t.Error(err)
		}
	}
	w.engine.Close()
	w.net.Close(nil)
	w.copy.Close()
}

func (w *watched) Dial(context.Context) (net.Conn, error) {
	client, server := transport.Pipe()
	w.net.Handle(server)
	return client, nil
}

func (w *watched) Advance(d time.Duration) error {
	w.clock.Advance(d)
	return nil
}

func (w *watched) Name() string    { return transcript.Self }
func (w *watched) Version() string { return RedisVersion }

func (w *watched) wrap(name string, h engine.Handler) engine.Handler {
	if name == "exec" {
		return h // wrap watches each queued command
	}
	return func(c *engine.Ctx) error {
		forgetExpired(c)
		if c.MayBlock() { // otherwise a unit is still open
			w.compare(c.Core)
		}
		w.last = fmt.Sprintf("%.60q", c.Args)
		w.config = c.Config // CONFIG SET replaces it
		now := c.NowMilli()
		before := imageOf(c.Keyspace, content, now)
		changes := c.Stats.Changes
		var snap *keyspace.Keyspace
		var taken image
		if w.calls++; w.calls%2 == 0 { // every other call has no snapshot, so that values are written in place
			snap = c.Keyspace.Clone()
			taken = imageOf(snap, everything, 0)
		}
		err := h(c)
		if len(c.Args) == 3 && c.ArgIs(1, "set-skip-checksum-validation") {
			w.replay(c.Args) // the copy must accept the same payloads
		}
		if name == "debug" && c.ArgIs(1, "populate") && err == nil { // it has no effects: each server is populated by itself
			w.dstDB = c.Session.DB()
			w.replay([][]byte{[]byte("SELECT"), []byte(strconv.Itoa(w.dstDB))})
			w.replay(c.Args)
		}
		last := fmt.Sprintf("%.60q", c.Args)
		if change := before.difference(imageOf(c.Keyspace, content, now)); change != "" {
			if c.Cmd.Flags&(spec.Write|spec.MayReplicate) == 0 && name != "debug" {
				w.t.Errorf("%s changes data without the write or may_replicate flag: %s", last, change)
			}
			if c.Stats.Changes == changes {
				w.t.Errorf("%s changes data without a call of Changed: %s", last, change)
			}
			if r, ok := err.(resp.Error); ok && name != "pfadd" { // PFADD keeps what it added before it found the corruption
				w.t.Errorf("%s changes data and answers %s: %s", last, r, change)
			}
		}
		if change := taken.difference(imageOf(snap, everything, 0)); change != "" {
			w.t.Errorf("%s changes a snapshot: %s", last, change)
		}
		return err
	}
}

// forgetExpired deletes expired keys and fields, as a look-up would.
func forgetExpired(c *engine.Ctx) {
	type place struct {
		db  int
		key []byte
	}
	var past []place
	for db := range c.Keyspace.Used {
		for k := range db.All {
			at := k.ExpireAt()
			if v, ok := k.Value().(value.Expirer); ok && at == 0 {
				at = v.NextExpiry()
			}
			if at != 0 && at <= c.NowMilli() {
				past = append(past, place{db.Index(), k.Key()})
			}
		}
	}
	for _, p := range past {
		c.PeekIn(p.db, p.key)
	}
}

// Append implements engine.Journal: it replays the effects on the second
// engine.
func (w *watched) Append(unit []journal.Op, _ int64) journal.Position {
	w.copy.Run(func(c *engine.Core) {
		settings := *w.config
		settings.MaxMemory = 0 // a replica never refuses an effect for lack of memory
		c.Config = &settings
		c.ConfigChanged()
	})
	for _, op := range unit {
		if op.DB != w.dstDB {
			w.replay([][]byte{[]byte("SELECT"), strconv.AppendInt(nil, int64(op.DB), 10)})
			w.dstDB = op.DB
		}
		w.replay(op.Args)
	}
	return journal.Position{}
}

func (w *watched) replay(args [][]byte) {
	w.dst.Do(args)
	reply := enginetest.Output(w.dst)
	if len(reply) == 0 || reply[0] == '-' && !strings.EqualFold(string(args[0]), "pfadd") {
		w.t.Errorf("the effect %.60q of %s is answered with %q", args, w.last, reply)
	}
}

// compare fails the test, once, if the engines differ. The caller holds the
// lock of the first one.
func (w *watched) compare(c *engine.Core) {
	if w.failed {
		return
	}
	var got image
	now := w.clock.Now().UnixMilli()
	w.copy.Run(func(c *engine.Core) { got = imageOf(c.Keyspace, content, now) })
	if change := imageOf(c.Keyspace, content, now).difference(got); change != "" {
		w.failed = true
		w.t.Errorf("after %s the replayed effects give another result: %s", w.last, change)
	}
}

// image describes the contents of a keyspace, by database and key.
type image map[string]string

// detail selects what an image contains of a key.
type detail bool

const (
	// content is the data itself: neither encodings nor what Redis changes
	// without propagating it when a consumer reads a stream.
	content detail = false
	// everything includes the representation.
	everything detail = true
)

// largest is the size above which databases are not compared.
const largest = 2000

// imageOf returns the image of a keyspace at a time.
func imageOf(ks *keyspace.Keyspace, d detail, now int64) image {
	if ks == nil {
		return nil
	}
	var dumper snapshot.Dumper
	img := image{}
	for db := range ks.Used {
		if db.Len() > largest {
			continue
		}
		for k := range db.All {
			if at := k.ExpireAt(); at != 0 && at <= now {
				continue
			}
			text := fmt.Sprintf("%v %d", k.Type(), k.ExpireAt())
			switch v := k.Value().(type) {
			case *value.Stream:
				text += fmt.Sprintf(" %x", k.Digest()) + describeStream(v)
			case *value.Hash:
				n, fields := v.Live(now)
				if n == 0 {
					continue
				}
				text += describeFields(v, fields)
			case *value.Foreign: // its digest may not cover all of its data
				payload, _ := dumper.Dump(k)
				text += fmt.Sprintf(" %q", payload)
			default:
				text += fmt.Sprintf(" %x", k.Digest())
			}
			if d == everything {
				payload, err := dumper.Dump(k)
				text += fmt.Sprintf(" %s %q %v", k.Encoding(), payload, err)
			}
			img[fmt.Sprintf("%d %q", db.Index(), k.Key())] = text
		}
	}
	return img
}

func describeStream(s *value.Stream) string {
	text := fmt.Sprint(" ", s.LastID, s.MaxDeletedID, s.EntriesAdded)
	for pid, sent := range s.Idempotency().Producers(math.MinInt64 / 2) {
		text += fmt.Sprint(" sent ", pid, sent)
	}
	for g := range s.Groups {
		text += fmt.Sprintf(" group %q %v %d:", g.Name(), g.LastID, g.EntriesRead)
		for c := range g.Consumers {
			if c.PendingCount() == 0 {
				continue // a consumer without pending entries is not propagated, as in Redis
			}
			text += fmt.Sprintf(" %q", c.Name())
			it := c.PendingFrom(value.StreamID{})
			for id, ok := it.Next(); ok; id, ok = it.Next() {
				text += fmt.Sprint(" ", id)
			}
		}
	}
	return text
}

func describeFields(h *value.Hash, fields iter.Seq2[[]byte, []byte]) string {
	var list []string
	for name, v := range fields {
		at, _ := h.Time(name)
		list = append(list, fmt.Sprintf(" %q %q %d", name, v, at))
	}
	slices.Sort(list)
	return fmt.Sprint(list)
}

// difference describes the first key in which two images differ. It returns ""
// if there is none.
func (img image) difference(other image) string {
	keys := map[string]bool{}
	for k := range img {
		keys[k] = true
	}
	for k := range other {
		keys[k] = true
	}
	first := ""
	for k := range keys {
		if img[k] != other[k] && (first == "" || k < first) {
			first = k
		}
	}
	if first == "" {
		return ""
	}
	return fmt.Sprintf("%s was %.300s and is %.300s", first, img[first], other[first])
}
