package journal

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
)

func op(db int, to Target, words ...string) Op {
	o := Op{DB: db, To: to}
	for _, w := range words {
		o.Args = append(o.Args, []byte(w))
	}
	return o
}

// drain reads everything available, with line ends replaced by blanks.
func drain(r *Reader) string {
	bufs, n := r.Peek(nil, 1<<30)
	text := string(bytes.Join(bufs, nil))
	r.Advance(n)
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", " "), "$", "")
}

func TestForms(t *testing.T) {
	for _, c := range []struct {
		name     string
		do       func(s *Stream)
		aof      string
		replicas string
	}{
		{"one command", func(s *Stream) {
			s.Append([]Op{op(0, Both, "SET", "k", "v")}, 1)
		}, "*2 6 SELECT 1 0 *3 3 SET 1 k 1 v ", "*2 6 SELECT 1 0 *3 3 SET 1 k 1 v "},
		{"a second one in the same database, a third in another", func(s *Stream) {
			s.Append([]Op{op(0, Both, "A")}, 1)
			s.Append([]Op{op(0, Both, "B")}, 1)
			s.Append([]Op{op(12, Both, "C")}, 1)
		}, "*2 6 SELECT 1 0 *1 1 A *1 1 B *2 6 SELECT 2 12 *1 1 C ", "*2 6 SELECT 1 0 *1 1 A *1 1 B *2 6 SELECT 2 12 *1 1 C "},
		{"a unit of two", func(s *Stream) {
			s.Append([]Op{op(0, Both, "A"), op(1, Both, "B")}, 1)
		}, "*1 5 MULTI *2 6 SELECT 1 0 *1 1 A *2 6 SELECT 1 1 *1 1 B *1 4 EXEC ",
			"*1 5 MULTI *2 6 SELECT 1 0 *1 1 A *2 6 SELECT 1 1 *1 1 B *1 4 EXEC "},
		{"a unit for one of them", func(s *Stream) {
			s.Append([]Op{op(0, AOF, "A"), op(0, AOF, "B")}, 1)
			s.Append([]Op{op(0, Replicas, "R"), op(0, Both, "C")}, 1)
		}, "*1 5 MULTI *2 6 SELECT 1 0 *1 1 A *1 1 B *1 4 EXEC *1 5 MULTI *1 1 C *1 4 EXEC ",
			"*1 5 MULTI *2 6 SELECT 1 0 *1 1 R *1 1 C *1 4 EXEC "},
		{"for one of them", func(s *Stream) {
			s.Append([]Op{op(3, AOF, "A")}, 1)
			s.Append([]Op{op(3, Replicas, "R")}, 1)
			s.Append([]Op{op(AnyDB, Replicas, "PING")}, 1)
			s.Append([]Op{op(3, Both, "B")}, 1)
		}, "*2 6 SELECT 1 3 *1 1 A *1 1 B ", "*2 6 SELECT 1 3 *1 1 R *1 4 PING *1 1 B "},
		{"databases differ", func(s *Stream) {
			s.Append([]Op{op(1, AOF, "A")}, 1)
			s.Append([]Op{op(2, Replicas, "R")}, 1)
			s.Append([]Op{op(1, Both, "B")}, 1)
			s.Append([]Op{op(2, Both, "C")}, 1)
		}, "*2 6 SELECT 1 1 *1 1 A *1 1 B *2 6 SELECT 1 2 *1 1 C ",
			"*2 6 SELECT 1 2 *1 1 R *2 6 SELECT 1 1 *1 1 B *2 6 SELECT 1 2 *1 1 C "},
		{"a new file", func(s *Stream) {
			s.Append([]Op{op(0, Both, "A")}, 1)
			s.Cut(AOF)
			s.Append([]Op{op(0, Both, "B")}, 1)
			s.Cut(Replicas)
			s.Append([]Op{op(0, Both, "C")}, 1)
		}, "*2 6 SELECT 1 0 *1 1 A *2 6 SELECT 1 0 *1 1 B *1 1 C ",
			"*2 6 SELECT 1 0 *1 1 A *1 1 B *2 6 SELECT 1 0 *1 1 C "},
		{"annotations", func(s *Stream) {
			s.Annotate(true)
			s.Append([]Op{op(0, Both, "A")}, 7)
			s.Append([]Op{op(0, Both, "B")}, 7)
			s.Append([]Op{op(0, Both, "C"), op(0, Both, "D")}, 8)
			s.Append([]Op{op(0, Replicas, "E")}, 9)
			s.Append([]Op{op(0, Both, "F")}, 6) // the clock was set back
			s.Annotate(false)
			s.Append([]Op{op(0, Both, "G")}, 10)
		}, "#TS:7 *2 6 SELECT 1 0 *1 1 A *1 1 B #TS:8 *1 5 MULTI *1 1 C *1 1 D *1 4 EXEC *1 1 F *1 1 G ",
			"*2 6 SELECT 1 0 *1 1 A *1 1 B *1 5 MULTI *1 1 C *1 1 D *1 4 EXEC *1 1 E *1 1 F *1 1 G "},
		{"what a master sent", func(s *Stream) {
			s.AppendRaw([]byte("*1\r\n$1\r\nM\r\n"))
			s.Append([]Op{op(0, AOF, "M")}, 1)
		}, "*2 6 SELECT 1 0 *1 1 M ", "*1 1 M "},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := New(0)
			aof, replica := s.NewReader(AOF), s.NewReader(Replicas)
			defer aof.Close()
			defer replica.Close()
			c.do(s)
			if got := drain(aof); got != c.aof {
				t.Errorf("file:\ngot  %q\nwant %q", got, c.aof)
			}
			if got := drain(replica); got != c.replicas {
				t.Errorf("replicas:\ngot  %q\nwant %q", got, c.replicas)
			}
		})
	}
}

// TestLateReader starts a reader behind a part for another target, which then
// grows.
func TestLateReader(t *testing.T) {
	s := New(0)
	file, early := s.NewReader(AOF), s.NewReader(Replicas)
	defer file.Close()
	defer early.Close()
	s.Append([]Op{op(0, AOF, "A")}, 1)
	late := s.NewReader(Replicas)
	defer late.Close()
	s.Append([]Op{op(0, AOF, "B")}, 1)
	s.Append([]Op{op(0, Replicas, "R")}, 1)
	if got := drain(late); got != "*2 6 SELECT 1 0 *1 1 R " {
		t.Errorf("got %q", got)
	}
}

// TestUntil: a reader ends where another one starts.
func TestUntil(t *testing.T) {
	s := New(0)
	first, replica := s.NewReader(AOF), s.NewReader(Replicas)
	defer first.Close()
	defer replica.Close()
	s.Append([]Op{op(0, Both, "A")}, 1)
	s.Append([]Op{op(0, Replicas, "R")}, 1)
	second := s.NewReader(AOF)
	defer second.Close()
	at := second.Position()
	first.Until(at.Log)
	s.Append([]Op{op(0, Both, "B")}, 1)
	s.Append([]Op{op(0, Both, "C")}, 1)
	if first.Lag() == 0 || second.Lag() == 0 {
		t.Error("nothing to read")
	}
	for _, c := range []struct {
		r    *Reader
		want string
	}{
		{first, "*2 6 SELECT 1 0 *1 1 A "},
		{second, "*2 6 SELECT 1 0 *1 1 B *1 1 C "},
		{replica, "*2 6 SELECT 1 0 *1 1 A *1 1 R *1 1 B *1 1 C "},
	} {
		if got := drain(c.r); got != c.want || c.r.Lag() != 0 {
			t.Errorf("got %q, want %q; lag %d", got, c.want, c.r.Lag())
		}
	}
	if got := first.Position(); got != at {
		t.Errorf("the first stands at %v, where the second began at %v", got, at)
	}
}

// TestNobody: without a reader nothing is stored, but the replication offset counts
// commands, as in Redis with only an append-only file.
func TestNobody(t *testing.T) {
	s := New(100)
	big := op(0, Both, "SET", "k", strings.Repeat("x", 1000))
	for range 10000 {
		s.Append([]Op{big}, 1)
	}
	s.Append([]Op{big, op(0, AOF, "A"), op(0, Replicas, "R")}, 1)
	if end := s.End(); end != (Position{0, 10104}) {
		t.Errorf("end %v", end)
	}
	file := s.NewReader(AOF)
	end := s.Append([]Op{op(0, Both, "A")}, 1)
	if got := file.Position(); got.Log != 0 {
		t.Errorf("position %v before anything was read", got)
	}
	if drain(file); file.Position() != end || end.Replicas != 10105 {
		t.Errorf("position %v, end %v", file.Position(), end)
	}
	end = s.Append([]Op{op(0, Replicas, "R")}, 1)
	if file.Position() != end || file.Lag() != 0 {
		t.Errorf("position %v, end %v: the reader must skip bytes for other targets", file.Position(), end)
	}
	file.Close()
	if m := s.Memory(); m > 3*maxBlock {
		t.Errorf("%d bytes of memory", m)
	}
}

// reference writes each target's stream separately, without shared blocks.
type reference struct {
	out      [targets][]byte
	selected [targets]int
	stamped  int64
}

func (m *reference) command(i, db int, args [][]byte) {
	if db != AnyDB && m.selected[i] != db {
		m.selected[i] = db
		n := fmt.Sprint(db)
		m.out[i] = fmt.Appendf(m.out[i], "*2\r\n$6\r\nSELECT\r\n$%d\r\n%s\r\n", len(n), n)
	}
	m.out[i] = fmt.Appendf(m.out[i], "*%d\r\n", len(args))
	for _, a := range args {
		m.out[i] = fmt.Appendf(m.out[i], "$%d\r\n%s\r\n", len(a), a)
	}
}

func (m *reference) append(unit []Op, now int64) {
	for i := range targets {
		all := Target(0)
		for _, o := range unit {
			all |= o.To
		}
		together := len(unit) > 1 && all&(1<<i) != 0
		for k, o := range unit {
			if i == 0 && now > m.stamped && (o.To&AOF != 0 || together) {
				m.stamped = now
				m.out[i] = fmt.Appendf(m.out[i], "#TS:%d\r\n", now)
			}
			if k == 0 && together {
				m.command(i, AnyDB, [][]byte{[]byte("MULTI")})
			}
			if o.To&(1<<i) != 0 {
				m.command(i, o.DB, o.Args)
			}
		}
		if together {
			m.command(i, AnyDB, [][]byte{[]byte("EXEC")})
		}
	}
}

// TestModel appends at random while readers come and go, and compares their data
// with the reference.
func TestModel(t *testing.T) {
	for seed := range effort.Of(uint64(10)) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		s := New(1000)
		s.Annotate(true)
		s.SetBacklogSize(int64(rnd.IntN(200 << 10)))
		s.StartBacklog(1000)
		type reader struct {
			*Reader
			from int // offset in the reference
			got  []byte
		}
		m := &reference{selected: [targets]int{AnyDB, AnyDB}}
		file := &reader{Reader: s.NewReader(AOF)}
		all := []*reader{file}
		now := int64(1)
		for step := range 2000 {
			switch n := rnd.IntN(20); {
			case n < 10:
				var unit []Op
				for range 1 + max(0, rnd.IntN(6)-3) {
					o := op(rnd.IntN(3), Target(1+rnd.IntN(3)), "SET", fmt.Sprint("key:", step))
					if rnd.IntN(8) == 0 {
						o.DB = AnyDB
					}
					if rnd.IntN(10) < 4 {
						o.To = Both
					}
					size := rnd.IntN(100)
					if rnd.IntN(100) == 0 {
						size = rnd.IntN(200 << 10)
					}
					o.Args = append(o.Args, bytes.Repeat([]byte{byte('a' + step%26)}, size))
					unit = append(unit, o)
				}
				now += int64(rnd.IntN(2))
				m.append(unit, now)
				end := s.Append(unit, now)
				if want := 1000 + int64(len(m.out[1])); end.Replicas != want {
					t.Fatalf("seed %d: replication offset %d, want %d", seed, end.Replicas, want)
				}
			case n == 10:
				b := s.Backlog()
				if b.End-b.First > b.Size+3*maxBlock+file.Lag()+lags(all, func(r *reader) int64 { return r.Lag() }) {
					t.Fatalf("seed %d: the backlog has %d bytes", seed, b.End-b.First)
				}
				if b.End-b.First < min(b.Size, b.End-1000) {
					t.Fatalf("seed %d: the backlog has only %d bytes of %d", seed, b.End-b.First, b.Size)
				}
				at := b.First + rnd.Int64N(b.End-b.First+1)
				r, ok := s.ReplicaReader(at)
				if !ok || r.Position().Replicas != at {
					t.Fatalf("seed %d: no reader at %d of %v", seed, at, b)
				}
				for _, out := range []int64{b.First - 1, b.End + 1} {
					if r, ok := s.ReplicaReader(out); ok {
						t.Fatalf("seed %d: a reader at %d of %v: %v", seed, out, b, r.Position())
					}
				}
				all = append(all, &reader{Reader: r, from: int(at - 1000)})
			case n == 11 && len(all) > 1:
				i := 1 + rnd.IntN(len(all)-1)
				all[i].Close()
				all = append(all[:i], all[i+1:]...)
			default:
				r := all[rnd.IntN(len(all))]
				limit := rnd.IntN(1000)
				if rnd.IntN(2) == 0 {
					limit = 1 << 20
				}
				bufs, n := r.Peek(nil, limit)
				if n > limit {
					t.Fatalf("seed %d: %d bytes, limit %d", seed, n, limit)
				}
				take := n
				if n > 0 && rnd.IntN(3) == 0 {
					take = rnd.IntN(n)
				}
				r.got = append(r.got, bytes.Join(bufs, nil)[:take]...)
				r.Advance(take)
				form := 0
				if r != file {
					form = 1
				}
				if want := m.out[form][r.from:]; !bytes.HasPrefix(want, r.got) || take == n && n < limit && len(want) != len(r.got) {
					t.Fatalf("seed %d, step %d: a reader of form %d got %d bytes, of %d, that differ", seed, step, form, len(r.got), len(want))
				}
				p := r.Position()
				if r != file && p.Replicas != 1000+int64(r.from+len(r.got)) {
					t.Fatalf("seed %d: position %v after %d bytes", seed, p, len(r.got))
				}
				if r == file && len(r.got) == len(m.out[0]) && p != s.End() {
					t.Fatalf("seed %d: position %v after all, end %v", seed, p, s.End())
				}
			}
			if err := s.Check(); err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, step, err)
			}
		}
		for _, r := range all {
			r.Close()
		}
		s.StopBacklog()
		if got := s.Memory(); got > 2*maxBlock {
			t.Errorf("seed %d: %d bytes of memory for nobody", seed, got)
		}
	}
}

func lags[T any](all []T, lag func(T) int64) (sum int64) {
	for _, r := range all {
		sum = max(sum, lag(r))
	}
	return sum
}

// TestOtherHistory: a new history contains nothing of the earlier one.
func TestOtherHistory(t *testing.T) {
	s := New(0)
	s.SetBacklogSize(1 << 20)
	s.StartBacklog(1_000_000)
	for range 1000 {
		s.Append([]Op{op(0, Both, "SET", "k", strings.Repeat("x", 1000))}, 1)
	}
	s.StartBacklog(50)
	if b := s.Backlog(); b.First != 50 || b.End != 50 {
		t.Errorf("backlog %+v", b)
	}
	for _, at := range []int64{0, 49, 51, 1_000_000, 1_000_100} {
		if _, ok := s.ReplicaReader(at); ok {
			t.Errorf("a reader at %d", at)
		}
	}
	if m := s.Memory(); m > 3*maxBlock {
		t.Errorf("%d bytes of memory", m)
	}
	r, ok := s.ReplicaReader(50)
	if !ok {
		t.Fatal("no reader")
	}
	s.Append([]Op{op(0, Both, "A")}, 1)
	if got := drain(r); got != "*2 6 SELECT 1 0 *1 1 A " {
		t.Errorf("got %q", got)
	}
	s.StopBacklog()
	if _, ok := s.ReplicaReader(50); ok {
		t.Error("a reader without a backlog")
	}
}

// TestBacklogSize: a backlog that nobody reads keeps at least its size, and less than
// one block more.
func TestBacklogSize(t *testing.T) {
	const size = 16 << 10
	s := New(0)
	s.SetBacklogSize(size)
	s.StartBacklog(0)
	for i := range 5000 {
		s.Append([]Op{op(i%3, Both, "DEL", fmt.Sprint("key:", i))}, 0)
		b := s.Backlog()
		if n := b.End - b.First; n < min(size, b.End) || n > size+minBlock {
			t.Fatalf("after %d bytes the backlog has %d", b.End, n)
		}
	}
}

// TestConcurrent reads while other goroutines append.
func TestConcurrent(t *testing.T) {
	s := New(0)
	s.SetBacklogSize(32 << 10)
	s.StartBacklog(0)
	const units = 3000
	want := &reference{selected: [targets]int{AnyDB, AnyDB}}
	var ops []Op
	for i := range units {
		o := op(i/100%2, Both, "SET", fmt.Sprint("key:", i), strings.Repeat("v", i%500))
		want.append([]Op{o}, 0)
		ops = append(ops, o)
	}
	var wg sync.WaitGroup
	for i, to := range []Target{AOF, Replicas, Replicas} {
		r := s.NewReader(to)
		form := min(i, 1)
		wg.Go(func() {
			defer r.Close()
			var got []byte
			for len(got) < len(want.out[form]) {
				bufs, n := r.Peek(nil, 4096)
				for _, b := range bufs {
					got = append(got, b...)
				}
				r.Advance(n)
			}
			if !bytes.Equal(got, want.out[form]) {
				t.Errorf("reader %d got other data", i)
			}
		})
	}
	for i := range ops {
		s.Append(ops[i:i+1], 0)
	}
	wg.Wait()
}

func BenchmarkAppend(b *testing.B) {
	unit := []Op{op(0, Both, "SET", "key:000012345678", strings.Repeat("v", 32))}
	for _, who := range []struct {
		name string
		to   []Target
	}{{"none", nil}, {"file", []Target{AOF}}, {"file, replicas", []Target{AOF, Replicas, Replicas}}} {
		b.Run(who.name, func(b *testing.B) {
			s := New(0)
			s.SetBacklogSize(1 << 20)
			var readers []*Reader
			for _, to := range who.to {
				readers = append(readers, s.NewReader(to))
			}
			var bufs [][]byte
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s.Append(unit, 1)
				if i%64 == 0 {
					for _, r := range readers {
						var n int
						bufs, n = r.Peek(bufs[:0], 1<<20)
						r.Advance(n)
					}
				}
			}
		})
	}
}

// TestCheck breaks each invariant in turn: Check has to notice it.
func TestCheck(t *testing.T) {
	for name, sabotage := range map[string]func(*Stream){
		"a byte that nobody wrote":        func(s *Stream) { s.last.buf = append(s.last.buf, 'x') },
		"a block at the wrong place":      func(s *Stream) { s.last.start.Log++ },
		"a block that is not in the list": func(s *Stream) { s.first.next = nil },
		"parts out of order":              func(s *Stream) { s.first.parts = append(s.first.parts, part{0, 1, AOF}, part{0, 1, AOF}) },
		"a part beyond the block":         func(s *Stream) { s.first.parts = []part{{0, maxBlock + 1, AOF}} },
		"memory":                          func(s *Stream) { s.memory++ },
		"a reader that nobody counted":    func(s *Stream) { s.last.refs++ },
		"a reader that is gone":           func(s *Stream) { s.first.refs-- },
		"a backlog that is gone":          func(s *Stream) { s.backlog.first = new(block) },
	} {
		t.Run(name, func(t *testing.T) {
			s := New(0)
			s.StartBacklog(0)
			s.NewReader(AOF)
			for range 3 {
				s.Append([]Op{op(0, Both, "SET", "k", string(make([]byte, maxBlock)))}, 1)
			}
			if err := s.Check(); err != nil {
				t.Fatalf("before any sabotage: %v", err)
			}
			sabotage(s)
			err := s.Check()
			if err == nil {
				t.Error("nobody notices")
			}
			t.Log(err)
		})
	}
}
