package aof

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resp-server/resp-server/internal/vfs"
	"github.com/resp-server/resp-server/internal/vfs/crashfs"
)

// TestFaultsAlways lets each operation fail: what was answered is there after
// a restart, and after a crash; the server is told to end when it can't be
// written; and a rewrite that fails does no harm.
func TestFaultsAlways(t *testing.T) {
	t.Parallel()
	set := Settings{Fsync: Always}
	faults, fatals, rewrites := 0, 0, 0
	crashfs.Faults(func(inject func(vfs.FS) vfs.FS, fault *crashfs.Fault) {
		faults++
		fsys := crashfs.New(dir)
		var l ledger
		var failed error
		s, err := run(inject(fsys), set, nil, lenient)
		if err != nil {
			failed = err
		} else {
			for i := 0; failed == nil && i < 6; i++ {
				if failed = s.await(l.next(s)); failed == nil {
					l.acked.Store(l.issued.Load())
				}
				if i%3 == 1 && s.rewriteNow(set) != nil {
					rewrites++
				}
			}
			if failed != nil {
				fatals++
			}
			err := s.Disable()
			if failed == nil && err == nil {
				l.acked.Store(l.issued.Load())
			}
		}
		if failed != nil && !errors.Is(failed, fault.Err) && !strings.Contains(failed.Error(), vfs.Reason(fault.Err)) {
			t.Errorf("%v: %v", fault, failed)
		}
		check := func(fsys *crashfs.FS, how string) {
			s, err := run(fsys, set, nil, lenient)
			if err == nil {
				err = l.check(s.data, l.acked.Load())
			}
			if err == nil {
				// It is not only there, but can go on.
				before := s.data.String()
				if err = s.rewriteNow(set); err == nil {
					s.Disable()
					if got := reload(t, fsys, lenient); got != before {
						t.Errorf("%v, %s: %q before a rewrite, %q after it", fault, how, before, got)
					}
				}
			}
			if err != nil {
				t.Errorf("%v, %s: %v\n%s", fault, how, err, s.logText())
			}
		}
		fsys.Explore(3, func(vfs.FS) {}, func(vfs.Op, string) func(*crashfs.FS) {
			return func(left *crashfs.FS) { check(left, "after a crash") }
		})
		check(fsys, "after a restart")
	})
	if faults < 100 || fatals < 10 || rewrites < 10 {
		t.Errorf("%d faults, %d times the server ended, %d rewrites failed", faults, fatals, rewrites)
	}
}

// TestFaultsEverySecond lets each operation fail: when the disk is well again,
// what was appended meanwhile is there.
func TestFaultsEverySecond(t *testing.T) {
	t.Parallel()
	set := Settings{Fsync: EverySecond}
	refused := 0
	crashfs.Faults(func(inject func(vfs.FS) vfs.FS, fault *crashfs.Fault) {
		synctest.Test(t, func(t *testing.T) {
			fsys := crashfs.New(dir)
			faulty := inject(fsys)
			s, err := run(faulty, set, nil, lenient)
			if err != nil {
				return // for TestFaultsAlways
			}
			var l ledger
			for i := range 6 {
				l.next(s)
				if i%2 == 1 {
					s.rewriteNow(set)
				}
				time.Sleep(1100 * time.Millisecond)
				if s.WriteError() != nil {
					refused++
				}
			}
			fault.Heal()
			time.Sleep(5 * time.Second)
			if err := s.WriteError(); err != nil {
				t.Errorf("%v: writes are refused: %v\n%s", fault, err, s.logText())
			}
			if err := s.rewriteNow(set); err != nil {
				t.Errorf("%v: %v", fault, err)
			}
			if err := s.Disable(); err != nil {
				t.Errorf("%v: %v", fault, err)
			}
			got := newData()
			restarted, err := run(fsys, set, nil, lenient)
			if err == nil {
				got = restarted.data
				restarted.Disable()
			}
			if err != nil || l.check(got, l.issued.Load()) != nil {
				t.Errorf("%v: %v, %v\n%s", fault, err, l.check(got, l.issued.Load()), s.logText())
			}
		})
	})
	if refused < 10 {
		t.Errorf("writes were refused %d times", refused)
	}
}
