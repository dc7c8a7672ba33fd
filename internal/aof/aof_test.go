package aof

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/journal"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/vfs"
	"github.com/resp-server/resp-server/internal/vfs/crashfs"
)

// data is a small database: what the commands of the tests do, and the Sink
// that files are loaded into.
type data struct {
	db     int
	keys   map[string]string // "db/key"
	queue  [][]string        // of MULTI
	multi  bool
	loaded int // commands and keys
}

func newData() *data { return &data{keys: make(map[string]string)} }

func (d *data) clone() *data {
	c := newData()
	maps.Copy(c.keys, d.keys)
	return c
}

func (d *data) String() string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(d.keys)) {
		fmt.Fprintf(&b, "%s=%s ", k, d.keys[k])
	}
	return strings.TrimSpace(b.String())
}

func (d *data) Command(args [][]byte) error {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = string(a)
	}
	d.loaded++
	return d.do(words)
}

func (d *data) do(words []string) error {
	switch name := strings.ToUpper(words[0]); {
	case name == "MULTI":
		d.multi, d.queue = true, nil
	case name == "EXEC":
		d.multi = false
		for _, w := range d.queue {
			d.do(w)
		}
	case name == "DISCARD":
		d.multi, d.queue = false, nil
	case name != "SET" && name != "APPEND" && name != "DEL" && name != "SELECT" && name != "PING" && name != "PEXPIREAT":
		return ErrUnknownCommand
	case d.multi:
		d.queue = append(d.queue, words)
	case name == "SELECT":
		d.db, _ = strconv.Atoi(words[1])
	case name == "SET":
		d.keys[fmt.Sprint(d.db, "/", words[1])] = words[2]
	case name == "APPEND":
		d.keys[fmt.Sprint(d.db, "/", words[1])] += words[2]
	case name == "DEL":
		delete(d.keys, fmt.Sprint(d.db, "/", words[1]))
	}
	return nil
}

func (d *data) Snapshot(r io.Reader, size int64) (int64, io.Reader, error) {
	in := rdb.NewReader(r, rdb.Options{})
	err := in.Read(snapshotSink{d})
	return in.Offset(), in.Tail(), err
}

// snapshotSink takes the strings of an RDB file.
type snapshotSink struct{ *data }

func (s snapshotSink) Aux(key, value []byte) error       { return nil }
func (s snapshotSink) DB(n int) error                    { s.db = n; return nil }
func (s snapshotSink) Resize(keys, expires uint64) error { return nil }
func (s snapshotSink) Function(code []byte) error        { return nil }
func (s snapshotSink) Entry(e *rdb.Entry) error {
	text, ok := e.Value.(rdb.String)
	if !ok {
		return fmt.Errorf("a value of type %T", e.Value)
	}
	s.keys[fmt.Sprint(s.db, "/", string(e.Key))] = string(text)
	s.loaded++
	return nil
}

// writeRDB and writeCommands write a base.
func (d *data) writeRDB(w io.Writer) error {
	out := rdb.NewWriter(w, rdb.WriterOptions{Encoding: rdb.Encoding{Version: 10}}) // which Redis 7.0 reads
	out.Aux("redis-ver", "7.4.1")
	for _, name := range slices.Sorted(maps.Keys(d.keys)) {
		db, key, _ := strings.Cut(name, "/")
		n, _ := strconv.Atoi(db)
		out.DB(n)
		out.Entry(&rdb.Entry{Key: []byte(key), Value: rdb.String(d.keys[name])})
	}
	return out.Close()
}

func (d *data) writeCommands(w io.Writer) error {
	for _, name := range slices.Sorted(maps.Keys(d.keys)) {
		db, key, _ := strings.Cut(name, "/")
		_, err := io.WriteString(w, command("SELECT", db)+command("SET", key, d.keys[name]))
		if err != nil {
			return err
		}
	}
	return nil
}

func command(words ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	return b.String()
}

// server is what a server does with a Log.
type server struct {
	*Log
	data   *data
	stream *journal.Stream

	mu     sync.Mutex
	woken  sync.Cond
	fatals error
	log    bytes.Buffer
}

const dir = "/srv"

// newServer makes a server whose Log has not been opened.
func newServer(s Settings) *server {
	srv := &server{data: newData(), stream: journal.New(0)}
	srv.woken.L = &srv.mu
	return srv
}

func (s *server) options(fsys vfs.FS, set Settings, c clock.Clock) Options {
	if c == nil {
		c = clock.Real{}
	}
	return Options{
		FS: fsys, Dir: dir, DirName: "appendonlydir", Name: "appendonly.aof",
		Stream: s.stream, Clock: c, Settings: set,
		Log: slog.New(slog.NewTextHandler(&lockedWriter{s}, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}})),
		Wake: func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.woken.Broadcast()
		},
		Fatal: func(err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.fatals = err
			s.woken.Broadcast()
		},
	}
}

type lockedWriter struct{ s *server }

func (s *server) logText() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	return w.s.log.Write(p)
}

// lenient are options with which everything that a crash may leave loads.
var lenient = LoadOptions{Truncated: true, CorruptTail: 1 << 40}

// run starts a server with what there is.
func run(fsys vfs.FS, set Settings, c clock.Clock, o LoadOptions) (*server, error) {
	s := newServer(set)
	var err error
	if s.Log, err = Open(s.options(fsys, set, c)); err != nil {
		return s, err
	}
	if _, err := s.Load(s.data, o); err != nil {
		return s, err
	}
	return s, s.Start(s.base(set))
}

func (s *server) base(set Settings) func(io.Writer) error {
	d := s.data.clone()
	if set.Commands {
		return d.writeCommands
	}
	return d.writeRDB
}

// do changes the data by a unit, "db command args; ...", and hands it over. It
// returns the end of the unit.
func (s *server) do(unit string) int64 {
	var ops []journal.Op
	for _, part := range strings.Split(unit, ";") {
		w := strings.Fields(part)
		db, _ := strconv.Atoi(w[0])
		op := journal.Op{DB: db, To: journal.Both}
		for _, a := range w[1:] {
			op.Args = append(op.Args, []byte(a))
		}
		ops = append(ops, op)
		s.data.db = db
		s.data.do(w[1:])
	}
	end := s.stream.Append(ops, 1)
	s.Flush()
	return end.Log
}

// await waits until an answer may leave; it fails if that can't be promised
// any more.
func (s *server) await(end int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.Synced() < end && s.fatals == nil {
		s.woken.Wait()
	}
	if s.Synced() >= end {
		return nil
	}
	return s.fatals
}

// durable waits until a unit is on the disk.
func (s *server) durable(end int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.Durable().Log < end {
		s.woken.Wait()
	}
}

// rewriteNow rewrites the file.
func (s *server) rewriteNow(set Settings) error {
	r, err := s.BeginRewrite()
	if err != nil {
		return err
	}
	if !r.Cut() {
		return errors.New("no cut")
	}
	return r.Run(s.base(set))
}

// list returns the files with their sizes, or as texts.
func list(t *testing.T, fsys vfs.FS, name string) string {
	t.Helper()
	names, err := fsys.List(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

func read(t *testing.T, fsys vfs.FS, name string) string {
	t.Helper()
	f, err := fsys.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func put(t *testing.T, fsys vfs.FS, name, text string) {
	t.Helper()
	if err := fsys.Mkdir(filepath.Dir(name)); err != nil {
		t.Fatal(err)
	}
	f, err := fsys.Create(name)
	if err == nil {
		err = vfs.WriteAndClose(f, func(w io.Writer) error { _, err := io.WriteString(w, text); return err })
	}
	if err != nil {
		t.Fatal(err)
	}
}

func parts(name string) string { return filepath.Join(dir, "appendonlydir", name) }

// reload returns what a restart finds.
func reload(t *testing.T, fsys vfs.FS, o LoadOptions) string {
	t.Helper()
	s := newServer(Settings{})
	l, err := Open(s.options(fsys, Settings{}, nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Load(s.data, o); err != nil {
		t.Fatal(err)
	}
	return s.data.String()
}

// TestLife goes through what a server does in its life, with each policy and
// form of the base.
func TestLife(t *testing.T) {
	for _, set := range []Settings{
		{Fsync: Always}, {Fsync: EverySecond}, {Fsync: No},
		{Fsync: Always, Commands: true}, {Fsync: EverySecond, Commands: true, Timestamps: true},
		{Fsync: Always, KeepHistory: true},
	} {
		t.Run(fmt.Sprintf("%+v", set), func(t *testing.T) {
			fsys := crashfs.New(dir)
			s, err := run(fsys, set, nil, LoadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			format := map[bool]string{false: "rdb", true: "aof"}[set.Commands]
			if got, want := read(t, fsys, parts("appendonly.aof.manifest")),
				"file appendonly.aof.1.base."+format+" seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n"; got != want {
				t.Errorf("manifest %q, want %q", got, want)
			}
			for i := range 10 {
				if err := s.await(s.do(fmt.Sprintf("0 APPEND k %d; 1 APPEND k %d", i, i))); err != nil {
					t.Fatal(err)
				}
			}
			s.Drain()
			if text := read(t, fsys, parts("appendonly.aof.1.incr.aof")); set.Timestamps != strings.HasPrefix(text, "#TS:1\r\n*1\r\n$5\r\nMULTI\r\n*2\r\n$6\r\nSELECT\r\n") {
				t.Errorf("commands begin with %.60q", text)
			}
			if err := s.rewriteNow(set); err != nil {
				t.Fatal(err)
			}
			want := "file appendonly.aof.2.base." + format + " seq 2 type b\nfile appendonly.aof.2.incr.aof seq 2 type i\n"
			files := "appendonly.aof.2.base." + format + " appendonly.aof.2.incr.aof appendonly.aof.manifest"
			if set.KeepHistory {
				want = strings.Replace(want, "\n", "\nfile appendonly.aof.1.incr.aof seq 1 type h\nfile appendonly.aof.1.base."+format+" seq 1 type h\n", 1)
				files = "appendonly.aof.1.base." + format + " appendonly.aof.1.incr.aof " + files
			}
			if got := read(t, fsys, parts("appendonly.aof.manifest")); got != want {
				t.Errorf("manifest %q, want %q", got, want)
			}
			if got := list(t, fsys, parts("")); got != files {
				t.Errorf("files %q, want %q", got, files)
			}
			if got := list(t, fsys, dir); got != "appendonlydir" {
				t.Errorf("left behind: %s", got)
			}
			s.await(s.do("0 SET after rewrite"))
			s.await(s.do("2 APPEND k x"))
			info := s.Info()
			if base := int64(len(read(t, fsys, parts("appendonly.aof.2.base."+format)))); info.BaseSize != base || !info.Enabled || info.Rewrites != 1 || info.RewriteFailed || info.WriteFailed {
				t.Errorf("%+v, where the base has %d bytes", info, base)
			}
			if err := s.Drain(); err != nil {
				t.Fatal(err)
			}
			if got := reload(t, fsys, LoadOptions{}); got != s.data.String() {
				t.Errorf("reloaded %s, want %s", got, s.data)
			}
			if err := s.Disable(); err != nil {
				t.Fatal(err)
			}
			// What Disable left is on the disk.
			fsys.Explore(10, func(vfs.FS) {}, func(vfs.Op, string) func(*crashfs.FS) {
				return func(left *crashfs.FS) {
					if got := reload(t, left, LoadOptions{}); got != s.data.String() {
						t.Errorf("after a crash: %s, want %s", got, s.data)
					}
				}
			})
			again, err := run(fsys, set, nil, LoadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer again.Disable()
			if again.data.String() != s.data.String() {
				t.Errorf("restarted with %s, want %s", again.data, s.data)
			}
			if got, size := again.Info(), info.CurrentSize; got.BaseSize != info.BaseSize || set.Fsync == Always && got.CurrentSize != size {
				t.Errorf("sizes %d, %d; before %d, %d", got.CurrentSize, got.BaseSize, size, info.BaseSize)
			}
			if set.KeepHistory {
				again.Set(Settings{})
				again.removeHistory()
				if got := list(t, fsys, parts("")); strings.Contains(got, ".1.") {
					t.Errorf("files %q", got)
				}
			}
		})
	}
}

var slogDiscard = slog.New(slog.DiscardHandler)

// logged returns the texts of a log.
func logged(log string) (lines []string) {
	for line := range strings.Lines(log) {
		_, text, _ := strings.Cut(strings.TrimSpace(line), "msg=")
		if unquoted, err := strconv.Unquote(text); err == nil {
			text = unquoted
		}
		lines = append(lines, text)
	}
	return lines
}
