package aof

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/vfs"
	"github.com/resp-server/resp-server/internal/vfs/crashfs"
)

var states = flag.Int("states", 8, "of crashes to look at before each operation; more take longer")

// ledger counts units. Unit i appends the same letter to a key in two
// databases.
type ledger struct {
	issued, acked atomic.Int64
}

func letters(n int64) string {
	var b strings.Builder
	for i := range n {
		b.WriteByte(byte('a' + i%26))
	}
	return b.String()
}

// next hands over the next unit.
func (l *ledger) next(s *server) int64 {
	i := l.issued.Add(1) - 1
	return s.do(fmt.Sprintf("0 APPEND k %c; 1 APPEND k %[1]c", 'a'+i%26))
}

// check says what is wrong with data that a restart found.
func (l *ledger) check(d *data, acked int64) error {
	zero, one := d.keys["0/k"], d.keys["1/k"]
	switch {
	case zero != one:
		return fmt.Errorf("half a unit: %q and %q", zero, one)
	case !strings.HasPrefix(letters(l.issued.Load()), zero):
		return fmt.Errorf("%q, which nobody wrote", zero)
	case int64(len(zero)) < acked:
		return fmt.Errorf("only %d units of the %d that were answered", len(zero), acked)
	}
	return nil
}

// TestCrash: with Always, after a crash at any moment, of whatever the log does,
// every unit that was answered is there, and units are there in order and whole.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, commands := range []bool{false, true} {
		set := Settings{Fsync: Always, Commands: commands}
		var l ledger
		looked := 0
		crashfs.New(dir).Explore(*states, func(fsys vfs.FS) {
			ack := func(s *server, n int) {
				for range n {
					if err := s.await(l.next(s)); err != nil {
						t.Fatal(err)
					}
					l.acked.Add(1)
				}
			}
			// together rewrites while units come.
			together := func(s *server) {
				r, err := s.BeginRewrite()
				if err != nil {
					t.Fatal(err)
				}
				ack(s, 1)
				l.next(s) // and waits for nothing
				if !r.Cut() {
					t.Fatal("no cut")
				}
				base := s.base(set)
				var wg sync.WaitGroup
				wg.Go(func() {
					if err := r.Run(base); err != nil {
						t.Error(err)
					}
				})
				for range 3 {
					if err := s.await(l.next(s)); err != nil {
						t.Error(err)
					}
				}
				wg.Wait()
				l.acked.Store(l.issued.Load())
			}
			s, err := run(fsys, set, nil, lenient)
			if err != nil {
				t.Fatal(err)
			}
			ack(s, 2)
			together(s)
			ack(s, 1)
			r, err := s.BeginRewrite()
			if err != nil || !r.Cut() {
				t.Fatal(err)
			}
			ack(s, 1)
			if err := r.Run(func(io.Writer) error { return errors.New("no data") }); err == nil {
				t.Fatal("rewritten")
			}
			ack(s, 1)
			together(s) // with two files of commands
			if err := s.Disable(); err != nil {
				t.Fatal(err)
			}
			s.Enable()
			if r, err = s.BeginRewrite(); err != nil || !r.Cut() {
				t.Fatal(err)
			}
			base := s.base(set)
			l.next(s) // is not promised yet
			if err := r.Run(base); err != nil {
				t.Fatal(err)
			}
			ack(s, 2)
			l.acked.Store(l.issued.Load())
			if err := s.Disable(); err != nil {
				t.Fatal(err)
			}
			s, err = run(fsys, set, nil, lenient)
			if err != nil {
				t.Fatal(err)
			}
			ack(s, 2)
			if err := s.Disable(); err != nil {
				t.Fatal(err)
			}
		}, func(op vfs.Op, name string) func(*crashfs.FS) {
			acked := l.acked.Load()
			return func(left *crashfs.FS) {
				looked++
				s, err := run(left, set, nil, lenient)
				if err == nil {
					err = l.check(s.data, acked)
					s.Disable()
				}
				if err != nil && !t.Failed() {
					t.Errorf("after a crash before %s %s: %v\n%s", op, name, err, s.logText())
				}
			}
		})
		t.Logf("%d states", looked)
	}
}

// TestCrashDurable: whatever the policy, what Durable says is there after a
// crash, and no crash leaves something that can't be loaded.
func TestCrashDurable(t *testing.T) {
	t.Parallel()
	for _, fsync := range []Fsync{EverySecond, No} {
		set := Settings{Fsync: fsync}
		var (
			l    ledger
			s    *server
			ends sync.Map // of units, by their number
		)
		next := func() int64 {
			end := l.next(s)
			ends.Store(l.issued.Load(), end)
			return end
		}
		c := clock.NewManual(time.Unix(1_700_000_000, 0))
		started := false
		crashfs.New(dir).Explore(*states, func(fsys vfs.FS) {
			var err error
			if s, err = run(fsys, set, c, lenient); err != nil {
				t.Fatal(err)
			}
			started = true
			for i := range 4 {
				for range 3 {
					end := next()
					if fsync == EverySecond {
						c.Advance(time.Second)
						s.durable(end)
					}
					next()
				}
				r, err := s.BeginRewrite()
				if err != nil {
					t.Fatal(err)
				}
				next()
				if !r.Cut() {
					t.Fatal("no cut")
				}
				base := s.base(set)
				next()
				if i%2 == 0 {
					base = func(io.Writer) error { return errors.New("no data") }
				}
				if err := r.Run(base); (err == nil) != (i%2 == 1) {
					t.Fatal(err)
				}
			}
			if err := s.Disable(); err != nil {
				t.Fatal(err)
			}
		}, func(op vfs.Op, name string) func(*crashfs.FS) {
			acked := int64(0)
			if started {
				durable := s.Durable().Log
				ends.Range(func(n, end any) bool {
					if end.(int64) <= durable {
						acked = max(acked, n.(int64))
					}
					return true
				})
			}
			return func(left *crashfs.FS) {
				found, err := run(left, set, c, lenient)
				if err == nil {
					err = l.check(found.data, acked)
					found.Disable()
				}
				if err != nil && !t.Failed() {
					t.Errorf("policy %d, after a crash before %s %s: %v\n%s", fsync, op, name, err, found.logText())
				}
			}
		})
		if got := s.data.keys["0/k"]; got != letters(l.issued.Load()) {
			t.Fatalf("the test has %q", got)
		}
	}
}

// TestLeftBehind: files that a crash has left under names that are used again
// do not come back.
func TestLeftBehind(t *testing.T) {
	t.Parallel()
	fsys := crashfs.New(dir)
	old := command("SELECT", "0") + command("APPEND", "k", "old") + command("SELECT", "1") + command("APPEND", "k", "old")
	for _, name := range []string{"appendonly.aof.1.incr.aof", "appendonly.aof.2.incr.aof", "temp-appendonly.aof.incr"} {
		put(t, fsys, parts(name), old)
	}
	fsys.SyncDir(dir)
	fsys.SyncDir(parts(""))
	set := Settings{Fsync: Always}
	var l ledger
	fsys.Explore(4**states, func(fsys vfs.FS) {
		s, err := run(fsys, set, nil, lenient)
		if err != nil {
			t.Fatal(err)
		}
		s.await(l.next(s))
		if err := s.rewriteNow(set); err != nil {
			t.Fatal(err)
		}
		s.await(l.next(s))
		s.Disable()
		put(t, fsys, parts("temp-appendonly.aof.incr"), old)
		s.Enable()
		if err := s.rewriteNow(set); err != nil {
			t.Fatal(err)
		}
		s.await(l.next(s))
		s.Disable()
	}, func(op vfs.Op, name string) func(*crashfs.FS) {
		return func(left *crashfs.FS) {
			s, err := run(left, set, nil, lenient)
			if err == nil {
				err = l.check(s.data, 0)
				s.Disable()
			}
			if err != nil && !t.Failed() {
				t.Errorf("after a crash before %s %s: %v\n%s", op, name, err, s.logText())
			}
		}
	})
}
