package snapshot

import (
	"io"
	"strconv"

	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

const (
	// commandItems is the maximum number of elements in a command, as in Redis.
	commandItems = 64
	// commandChunk is the approximate size of a write in bytes.
	commandChunk = 64 << 10
)

// SaveCommands writes the keys and functions of Save as commands, those of an
// append-only file rewritten by Redis 7.4. It uses only the options Functions
// and EachKey.
//
// Values without a command in Redis 7.4, such as the types of modules, become
// RESTORE. As in Redis, streams lose the times at which consumers were last
// seen, and pending entries that were deleted.
func SaveCommands(dst io.Writer, ks *keyspace.Keyspace, o SaveOptions) error {
	w := &commandWriter{dst: dst}
	for _, code := range o.Functions {
		w.start("FUNCTION", 3)
		w.out.BulkString("LOAD")
		w.out.Bulk(code)
	}
	for db := range ks.Used {
		w.start("SELECT", 2)
		w.out.BulkInt(int64(db.Index()))
		for e := range db.All {
			w.entry(e)
			if at := e.ExpireAt(); at != 0 {
				w.key("PEXPIREAT", 3, e.Key())
				w.out.BulkInt(at)
			}
			if err := w.flush(commandChunk); err != nil {
				return err
			}
			if o.EachKey != nil {
				o.EachKey()
			}
		}
	}
	return w.flush(0)
}

// commandWriter writes the commands that make keys.
type commandWriter struct {
	dst  io.Writer
	out  resp.Writer
	err  error
	dump Dumper
}

// flush writes the buffer to the destination if it has more than least bytes.
func (w *commandWriter) flush(least int) error {
	if len(w.out.Buf) > least && w.err == nil {
		_, w.err = w.dst.Write(w.out.Buf)
		w.out.Buf = w.out.Buf[:0]
	}
	return w.err
}

// start begins a command and writes its name.
func (w *commandWriter) start(name string, words int) {
	w.out.Array(words)
	w.out.BulkString(name)
}

// key begins a command and writes its name and key.
func (w *commandWriter) key(name string, words int, key []byte) {
	w.start(name, words)
	w.out.Bulk(key)
}

// item is called before element i of n, each of the given number of words. It
// begins a new command before every commandItems-th element.
func (w *commandWriter) item(i, n, words int, name string, key []byte) {
	if i%commandItems == 0 {
		w.flush(commandChunk)
		w.key(name, 2+min(n-i, commandItems)*words, key)
	}
}

// entry writes the commands that make the value of a key.
func (w *commandWriter) entry(e keyspace.Entry) {
	key := e.Key()
	var scratch [32]byte
	if e.Type() == value.TypeString {
		w.key("SET", 3, key)
		w.out.Bulk(e.Bytes(scratch[:]))
		return
	}
	switch v := e.Value().(type) {
	case *value.List:
		it := v.Walk(0, false)
		for i := range v.Len() {
			x, _ := it.Next()
			w.item(i, v.Len(), 1, "RPUSH", key)
			w.out.Bulk(x.AppendTo(scratch[:0]))
		}
	case *value.Set:
		i := 0
		for m := range v.Texts {
			w.item(i, v.Len(), 1, "SADD", key)
			w.out.Bulk(m)
			i++
		}
	case *value.ZSet:
		i := 0
		for m, score := range v.All() {
			w.item(i, v.Len(), 2, "ZADD", key)
			w.out.Bulk(numfmt.AppendGrisu(scratch[:0], score))
			w.out.Bulk(m)
			i++
		}
	case *value.Hash:
		w.hash(key, v)
	case *value.Stream:
		if !w.stream(key, v) {
			w.restore(e)
		}
	default:
		w.restore(e)
	}
}

// restore writes a RESTORE with the value's DUMP payload.
func (w *commandWriter) restore(e keyspace.Entry) {
	payload, err := w.dump.Dump(e)
	if err != nil {
		w.err = err
		return
	}
	w.key("RESTORE", 4, e.Key())
	w.out.BulkString("0")
	w.out.Bulk(payload)
}

func (w *commandWriter) hash(key []byte, h *value.Hash) {
	timed := h.NextExpiry() != 0
	i := 0
	for name, v := range h.All {
		if timed {
			w.flush(commandChunk)
			w.key("HMSET", 4, key)
		} else {
			w.item(i, h.Len(), 2, "HMSET", key)
		}
		w.out.Bulk(name)
		w.out.Bulk(v)
		if at, _ := h.Time(name); at != 0 {
			w.key("HPEXPIREAT", 6, key)
			w.out.BulkInt(at)
			w.out.BulkString("FIELDS")
			w.out.BulkString("1")
			w.out.Bulk(name)
		}
		i++
	}
}

// stream writes a stream. It returns false and writes nothing if commands
// can't create the stream.
func (w *commandWriter) stream(key []byte, s *value.Stream) bool {
	if s.Idempotency() != nil {
		return false
	}
	for g := range s.Groups {
		if g.Released() > 0 {
			return false
		}
	}
	if s.Len() == 0 {
		w.key("XADD", 7, key)
		for _, word := range []string{"MAXLEN", "0", "0-1", "x", "y"} {
			w.out.BulkString(word)
		}
	}
	var room [24]byte
	for it := s.Range(value.StreamID{}, value.MaxStreamID); it.Next(); {
		w.flush(commandChunk)
		w.key("XADD", 3+2*it.Fields, key)
		w.id(it.ID)
		for range it.Fields {
			name, v := it.Field()
			w.out.Bulk(name.AppendTo(room[:0]))
			w.out.Bulk(v.AppendTo(room[:0]))
		}
	}
	w.key("XSETID", 7, key)
	w.id(s.LastID)
	w.out.BulkString("ENTRIESADDED")
	w.out.BulkInt(int64(s.EntriesAdded))
	w.out.BulkString("MAXDELETEDID")
	w.id(s.MaxDeletedID)
	for g := range s.Groups {
		w.start("XGROUP", 7)
		w.out.BulkString("CREATE")
		w.out.Bulk(key)
		w.out.BulkString(g.Name())
		w.id(g.LastID)
		w.out.BulkString("ENTRIESREAD")
		w.out.BulkInt(g.EntriesRead)
		for c := range g.Consumers {
			w.consumer(key, g, c)
		}
	}
	return true
}

func (w *commandWriter) consumer(key []byte, g *value.Group, c *value.Consumer) {
	if c.PendingCount() == 0 {
		w.start("XGROUP", 5)
		w.out.BulkString("CREATECONSUMER")
		w.out.Bulk(key)
		w.out.BulkString(g.Name())
		w.out.BulkString(c.Name())
		return
	}
	for it := c.PendingFrom(value.StreamID{}); ; {
		id, ok := it.Next()
		if !ok {
			return
		}
		p, _ := g.Pending(id)
		w.flush(commandChunk)
		w.key("XCLAIM", 12, key)
		w.out.BulkString(g.Name())
		w.out.BulkString(c.Name())
		w.out.BulkString("0")
		w.id(id)
		w.out.BulkString("TIME")
		w.out.BulkInt(p.DeliveredAt)
		w.out.BulkString("RETRYCOUNT")
		w.out.BulkInt(int64(p.Deliveries))
		w.out.BulkString("JUSTID")
		w.out.BulkString("FORCE")
	}
}

func (w *commandWriter) id(id value.StreamID) {
	var room [41]byte
	b := append(strconv.AppendUint(room[:0], id.Ms, 10), '-')
	w.out.Bulk(strconv.AppendUint(b, id.Seq, 10))
}
