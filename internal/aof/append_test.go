package aof

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resp-server/resp-server/internal/journal"
	"github.com/resp-server/resp-server/internal/vfs"
	"github.com/resp-server/resp-server/internal/vfs/crashfs"
)

// disk is a file system whose syncs of files with commands take a while, and
// are counted.
type disk struct {
	vfs.Faulty
	syncs, writes atomic.Int64
	takes         atomic.Int64 // a sync, as a time.Duration
	fail          atomic.Pointer[error]
}

func newDisk() *disk {
	d := &disk{}
	d.Faulty = vfs.Faulty{FS: crashfs.New(dir), Fail: func(op vfs.Op, name string) error {
		if !strings.Contains(name, ".incr.aof") {
			return nil
		}
		switch op {
		case vfs.OpSync:
			d.syncs.Add(1)
			time.Sleep(time.Duration(d.takes.Load()))
		case vfs.OpWrite:
			d.writes.Add(1)
		default:
			return nil
		}
		if err := d.fail.Load(); err != nil {
			return *err
		}
		return nil
	}}
	return d
}

// bubble runs a test with a server, in a bubble whose time passes by itself.
func bubble(t *testing.T, set Settings, f func(t *testing.T, s *server, d *disk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		s, err := run(d, set, nil, LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		d.syncs.Store(0)
		f(t, s, d)
		s.Disable()
	})
}

// inFile returns the value of a key as a dead process would leave it.
func inFile(t *testing.T, d *disk, key string) string {
	t.Helper()
	s := newServer(Settings{})
	l, err := Open(s.options(d.Faulty.FS, Settings{}, nil))
	if err == nil {
		_, err = l.Load(s.data, LoadOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return s.data.keys["0/"+key]
}

// TestEverySecond: what Flush took is in the file at once, and synced after at
// most a second, once, also if nobody writes any more; then nothing happens.
func TestEverySecond(t *testing.T) {
	bubble(t, Settings{Fsync: EverySecond}, func(t *testing.T, s *server, d *disk) {
		time.Sleep(10 * time.Second)
		for i := range 5 {
			end := s.do(fmt.Sprint("0 SET k ", i))
			if s.Synced() < end {
				t.Error("an answer has to wait")
			}
			synctest.Wait() // for the sync
			if got := inFile(t, d, "k"); got != fmt.Sprint(i) {
				t.Errorf("the file has %q", got)
			}
		}
		time.Sleep(10 * time.Millisecond)
		if n := d.syncs.Load(); n != 1 {
			t.Errorf("%d syncs at first", n)
		}
		time.Sleep(990 * time.Millisecond)
		synctest.Wait()
		if n := d.syncs.Load(); n != 2 || s.Durable() != s.stream.End() {
			t.Errorf("%d syncs after a second; durable %v of %v", n, s.Durable(), s.stream.End())
		}
		time.Sleep(time.Minute)
		if n := d.syncs.Load(); n != 2 {
			t.Errorf("%d syncs after a minute", n)
		}
		end := s.stream.Append([]journal.Op{{DB: 0, Args: [][]byte{[]byte("PING")}, To: journal.Replicas}}, 1)
		if s.Flush(); s.Durable() != end {
			t.Errorf("durable %v of %v, though nothing is for the file", s.Durable(), end)
		}
	})
}

// TestSlowDisk: while a sync runs a write waits for it, but not longer than two
// seconds.
func TestSlowDisk(t *testing.T) {
	bubble(t, Settings{Fsync: EverySecond}, func(t *testing.T, s *server, d *disk) {
		time.Sleep(10 * time.Second)
		d.takes.Store(int64(1500 * time.Millisecond))
		s.do("0 SET k 1") // has it synced
		time.Sleep(time.Millisecond)
		s.do("0 SET k 2")
		if got := inFile(t, d, "k"); got != "1" {
			t.Errorf("the file has %q", got)
		}
		if n := s.Info().BufferLength; n != int64(len(command("SET", "k", "2"))) {
			t.Errorf("%d bytes wait", n)
		}
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		if got := inFile(t, d, "k"); got != "2" || s.Info().DelayedFsync != 0 {
			t.Errorf("the file has %q after the sync, %d writes did not wait", got, s.Info().DelayedFsync)
		}
		time.Sleep(10 * time.Second)
		d.takes.Store(int64(10 * time.Second))
		s.do("0 SET k 3")
		time.Sleep(time.Millisecond)
		s.do("0 SET k 4")
		for range 19 {
			time.Sleep(100 * time.Millisecond)
			s.Flush()
		}
		if got := inFile(t, d, "k"); got != "3" {
			t.Errorf("the file has %q", got)
		}
		time.Sleep(110 * time.Millisecond)
		synctest.Wait()
		if got := inFile(t, d, "k"); got != "4" || s.Info().DelayedFsync != 1 {
			t.Errorf("the file has %q after two seconds, %d writes did not wait", got, s.Info().DelayedFsync)
		}
	})
}

// TestDurableUnderLoad: what was written before a sync is durable after it,
// though more was written meanwhile.
func TestDurableUnderLoad(t *testing.T) {
	bubble(t, Settings{Fsync: EverySecond}, func(t *testing.T, s *server, d *disk) {
		d.takes.Store(int64(3 * time.Second)) // longer than a write waits
		var ends []int64
		for i := range 200 {
			ends = append(ends, s.do(fmt.Sprint("0 SET k ", i)))
			time.Sleep(100 * time.Millisecond)
		}
		if got := s.Durable().Log; got < ends[100] || got >= ends[199] {
			t.Errorf("durable %d, where the 100th of 200 units ended at %d", got, ends[100])
		}
	})
}

// TestGroupCommit: with Always all that arrives during a sync shares the next
// one.
func TestGroupCommit(t *testing.T) {
	bubble(t, Settings{Fsync: Always}, func(t *testing.T, s *server, d *disk) {
		d.takes.Store(int64(10 * time.Millisecond))
		start := time.Now()
		first := s.do("0 SET k 0")
		time.Sleep(time.Millisecond)
		var wg sync.WaitGroup
		for i := range 100 {
			end := s.do(fmt.Sprint("0 SET k ", i))
			wg.Go(func() {
				if err := s.await(end); err != nil {
					t.Error(err)
				}
				if took := time.Since(start); took != 20*time.Millisecond {
					t.Errorf("an answer after %v", took)
				}
			})
		}
		if s.Synced() >= first {
			t.Error("an answer before the sync")
		}
		wg.Wait()
		if n := d.syncs.Load(); n != 2 {
			t.Errorf("%d syncs", n)
		}
		// Nothing for the file: nothing to sync, but to be said.
		end := s.stream.Append([]journal.Op{{DB: 0, Args: [][]byte{[]byte("PING")}, To: journal.Replicas}}, 1)
		s.Flush()
		if err := s.await(end.Log); err != nil || d.syncs.Load() != 2 {
			t.Errorf("%v, %d syncs", err, d.syncs.Load())
		}
	})
}

// TestChangePolicy: from a change to Always on answers wait, also for what was
// written before; and no more after a change to another.
func TestChangePolicy(t *testing.T) {
	bubble(t, Settings{Fsync: No}, func(t *testing.T, s *server, d *disk) {
		d.takes.Store(int64(10 * time.Millisecond))
		end := s.do("0 SET k 1")
		time.Sleep(time.Minute)
		if s.Synced() < end || d.syncs.Load() != 0 || s.Durable().Log >= end {
			t.Errorf("synced %d, durable %v, end %d, %d syncs", s.Synced(), s.Durable(), end, d.syncs.Load())
		}
		s.Set(Settings{Fsync: Always})
		if s.Synced() >= end {
			t.Error("an answer before the sync")
		}
		if err := s.await(end); err != nil || d.syncs.Load() != 1 {
			t.Errorf("%v, %d syncs", err, d.syncs.Load())
		}
		end = s.do("0 SET k 2")
		s.Set(Settings{Fsync: EverySecond})
		if err := s.await(end); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Second)
		if got := inFile(t, d, "k"); got != "2" {
			t.Errorf("the file has %q", got)
		}
	})
}

// TestNoFsyncOnRewrite: while something else writes much, nothing is synced.
func TestNoFsyncOnRewrite(t *testing.T) {
	for _, fsync := range []Fsync{Always, EverySecond} {
		bubble(t, Settings{Fsync: fsync, NoFsyncOnRewrite: true}, func(t *testing.T, s *server, d *disk) {
			s.SetSaving(true)
			time.Sleep(10 * time.Second)
			end := s.do("0 SET k 1")
			if err := s.await(end); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
			if n := d.syncs.Load(); n != 0 || s.Durable().Log >= end {
				t.Errorf("%d syncs, durable %v", n, s.Durable())
			}
			s.SetSaving(false)
			s.durable(end)
			if n := d.syncs.Load(); n != 1 {
				t.Errorf("%d syncs", n)
			}
		})
	}
}

// TestDiskFull: writes are refused while they can't be written, and what was
// appended before comes into the file as soon as it can.
func TestDiskFull(t *testing.T) {
	bubble(t, Settings{Fsync: EverySecond}, func(t *testing.T, s *server, d *disk) {
		var full error = syscall.ENOSPC
		d.fail.Store(&full)
		s.do("0 SET k 1")
		if err := s.WriteError(); !errors.Is(err, full) || !s.Info().WriteFailed {
			t.Errorf("error %v", err)
		}
		time.Sleep(time.Minute)
		log := logged(s.logText())
		if n := strings.Count(strings.Join(log, "\n"), "Error writing to the AOF file: No space left on device"); n != 2 {
			t.Errorf("logged %d times in a minute:\n%s", n, strings.Join(log, "\n"))
		}
		d.fail.Store(nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if err := s.WriteError(); err != nil || inFile(t, d, "k") != "1" {
			t.Errorf("error %v, the file has %q", err, inFile(t, d, "k"))
		}
		if !strings.Contains(s.logText(), "AOF write error looks solved, Redis can write again.") {
			t.Error("not logged that it is well again")
		}
	})
}

// TestFailedSync: after a sync has failed nobody knows what is on the disk, even
// if the next one succeeds, until the data are written anew.
func TestFailedSync(t *testing.T) {
	bubble(t, Settings{Fsync: EverySecond}, func(t *testing.T, s *server, d *disk) {
		end := s.do("0 SET k 1")
		var broken error = syscall.EIO
		d.fail.Store(&broken)
		time.Sleep(2 * time.Second)
		if err := s.WriteError(); !errors.Is(err, broken) {
			t.Errorf("error %v", err)
		}
		d.fail.Store(nil)
		time.Sleep(2 * time.Second)
		if err := s.WriteError(); err != nil || s.Durable().Log >= end || !s.RewriteDue() {
			t.Errorf("error %v, durable %v, a rewrite is due: %v", err, s.Durable(), s.RewriteDue())
		}
		if err := s.rewriteNow(Settings{}); err != nil {
			t.Fatal(err)
		}
		if s.Durable().Log < end || s.RewriteDue() {
			t.Errorf("durable %v, a rewrite is due: %v", s.Durable(), s.RewriteDue())
		}
	})
}

// TestFatal: with Always a disk that fails ends the server, and no answer
// leaves.
func TestFatal(t *testing.T) {
	for _, c := range []struct {
		op   string
		logs string
	}{
		{"write", "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting..."},
		{"sync", "Can't persist AOF for fsync error when the AOF fsync policy is 'always': Input/output error. Exiting..."},
	} {
		bubble(t, Settings{Fsync: Always}, func(t *testing.T, s *server, d *disk) {
			if err := s.await(s.do("0 SET k 1")); err != nil {
				t.Fatal(err)
			}
			var broken error = syscall.EIO
			if c.op == "sync" {
				d.takes.Store(int64(time.Second))
			} else {
				d.fail.Store(&broken)
			}
			end := s.do("0 SET k 2")
			time.Sleep(time.Millisecond)
			d.fail.Store(&broken)
			if err := s.await(end); !errors.Is(err, broken) || s.Synced() >= end {
				t.Errorf("%s: %v", c.op, err)
			}
			if err := s.Disable(); err == nil || s.Synced() >= end {
				t.Errorf("%s: an answer leaves after the end: %v", c.op, err)
			}
			if !strings.Contains(s.logText(), c.logs) {
				t.Errorf("%s: logged %s", c.op, s.logText())
			}
		})
	}
}

// TestRewriteDue: automatic rewrites come with growth, and rarely where they
// fail.
func TestRewriteDue(t *testing.T) {
	set := Settings{Fsync: Always, Commands: true, Percentage: 100, MinSize: 1000}
	bubble(t, set, func(t *testing.T, s *server, d *disk) {
		if s.RewriteDue() {
			t.Error("due with nothing there")
		}
		grow := func() {
			t.Helper()
			for n := 0; !s.RewriteDue(); n++ {
				if n > 1000 {
					t.Fatal("never due")
				}
				s.await(s.do(fmt.Sprintf("0 SET k%d %s", n, strings.Repeat("x", 100))))
			}
		}
		grow()
		if size := s.Info().CurrentSize; size < 1000 || size > 1500 {
			t.Errorf("due with %d bytes", size)
		}
		if err := s.rewriteNow(set); err != nil {
			t.Fatal(err)
		}
		if s.RewriteDue() {
			t.Error("due after a rewrite")
		}
		grow()
		if i := s.Info(); i.CurrentSize < 2*i.BaseSize || i.CurrentSize > 2*i.BaseSize+500 {
			t.Errorf("due with %d bytes after %d", i.CurrentSize, i.BaseSize)
		}
		var delays []int
		for range 9 {
			r, err := s.BeginRewrite()
			if err != nil || !r.Cut() {
				t.Fatal(err)
			}
			if s.RewriteDue() {
				t.Error("due beside another")
			}
			r.Run(func(io.Writer) error { return errors.New("no data") })
			minutes := 0
			for !s.RewriteDue() {
				time.Sleep(time.Minute)
				minutes++
			}
			delays = append(delays, minutes)
		}
		if got := fmt.Sprint(delays); got != "[0 0 1 2 4 8 16 32 60]" {
			t.Errorf("delays %s", got)
		}
		if i := s.Info(); i.Failures != 9 || !i.RewriteFailed || i.Rewrites != 10 {
			t.Errorf("%+v", i)
		}
		s.Schedule()
		if !s.RewriteDue() {
			t.Error("not due when asked for")
		}
	})
}

// TestEnable: while the file waits for its base nothing is promised, and the
// manifest does not know of it; a failure is tried again.
func TestEnable(t *testing.T) {
	bubble(t, Settings{Fsync: Always}, func(t *testing.T, s *server, d *disk) {
		s.await(s.do("0 SET k 1"))
		s.Disable()
		s.do("0 SET k 2")
		running, err := s.BeginRewrite()
		if err != nil || !running.Cut() {
			t.Fatal(err)
		}
		s.Enable()
		if err := running.Run(s.base(Settings{})); !errors.Is(err, ErrKilled) {
			t.Errorf("a rewrite of before: %v", err)
		}
		r, err := s.BeginRewrite()
		if err != nil || !r.Cut() {
			t.Fatal(err)
		}
		if end := s.do("0 SET k 3"); s.Synced() < end || !s.Info().Waiting {
			t.Error("an answer waits")
		}
		if got := list(t, d, parts("")); !strings.Contains(got, "temp-appendonly.aof.incr") {
			t.Errorf("files %s", got)
		}
		r.Run(func(io.Writer) error { return errors.New("no data") })
		if got := list(t, d, parts("")); strings.Contains(got, "temp-") || !s.Info().Scheduled || !s.RewriteDue() {
			t.Errorf("files %s; %+v", got, s.Info())
		}
		s.do("0 SET k 4")
		if got := inFile(t, d, "k"); got != "1" {
			t.Errorf("the file has %q", got)
		}
		if err := s.rewriteNow(Settings{}); err != nil {
			t.Fatal(err)
		}
		if got := inFile(t, d, "k"); got != "4" || s.Info().Waiting {
			t.Errorf("the file has %q", got)
		}
		d.takes.Store(int64(time.Second)) // so that it is not over at once
		end := s.do("0 SET k 5")
		if s.Synced() >= end {
			t.Error("an answer does not wait")
		}
		if s.await(end); inFile(t, d, "k") != "5" {
			t.Errorf("the file has %q", inFile(t, d, "k"))
		}
		// Off while one runs.
		if r, err = s.BeginRewrite(); err != nil {
			t.Fatal(err)
		}
		s.Disable()
		if r.Cut() {
			t.Error("a cut though the log is off")
		}
		if s.Synced() < s.do("0 SET k 6") {
			t.Error("an answer waits for nothing")
		}
	})
}

func BenchmarkFlush(b *testing.B) {
	for _, p := range []struct {
		name  string
		fsync Fsync
	}{{"no", No}, {"everysec", EverySecond}} {
		b.Run(p.name, func(b *testing.B) {
			srv := newServer(Settings{})
			o := srv.options(vfs.OS{}, Settings{Fsync: p.fsync}, nil)
			o.Dir, o.Log = b.TempDir(), slogDiscard
			l, err := Open(o)
			if err != nil {
				b.Fatal(err)
			}
			if err := l.Start(srv.base(Settings{})); err != nil {
				b.Fatal(err)
			}
			defer l.Disable()
			unit := []journal.Op{{To: journal.Both, Args: [][]byte{[]byte("SET"), []byte("key:000012345678"), []byte(strings.Repeat("v", 32))}}}
			b.ReportAllocs()
			for b.Loop() {
				srv.stream.Append(unit, 1)
				l.Flush()
			}
		})
	}
}
