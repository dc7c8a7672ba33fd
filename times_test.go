package respserver_test

import (
	"fmt"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
)

func TestHoldExpiry(t *testing.T) {
	t.Parallel()
	clock := respserver.NewManualClock(time.UnixMilli(1_700_000_000_000))
	s := respserver.StartTest(t, respserver.Options{Clock: clock})
	s.HoldExpiry()
	s.Must("SET", "k", "v", "PX", 5000)
	s.Must("HSET", "h", "f", "1")
	s.Must("HPEXPIRE", "h", 5000, "FIELDS", 1, "f")
	clock.Advance(time.Hour)
	s.Want(5000, "PTTL", "k")
	s.Want([]any{5000}, "HPTTL", "h", "FIELDS", 1, "f")
	// The absolute time of expiry moves with the clock.
	s.Want(1_700_003_605_000, "PEXPIRETIME", "k")
	s.Want([]any{1_700_003_605_000}, "HPEXPIRETIME", "h", "FIELDS", 1, "f")
	s.Must("SET", "at", "v")
	s.Must("PEXPIREAT", "at", 1_700_003_607_000)
	s.Want(7000, "PTTL", "at")
	s.Must("SET", "past", "v", "PXAT", 1_700_003_599_999)
	s.Want(0, "EXISTS", "past")

	s.PassExpiry(4999 * time.Millisecond)
	s.Want(1, "PTTL", "k")
	s.Want([]string{"1700003600", "0"}, "TIME")
	s.PassExpiry(time.Millisecond)
	s.Want(1, "DBSIZE") // expired keys are deleted, not only hidden; "at" is left

	s.ReleaseExpiry()
	s.Want(2000, "PTTL", "at")
	clock.Advance(2 * time.Second)
	s.Want(0, "DBSIZE")
}

func TestShowTime(t *testing.T) {
	t.Parallel()
	clock := respserver.NewManualClock(time.UnixMilli(1_700_000_000_000))
	s := respserver.StartTest(t, respserver.Options{Clock: clock})
	s.Must("SET", "k", "v", "PX", 5000)
	s.ShowTime(time.UnixMilli(1_000_000_000_500))
	s.Want([]string{"1000000000", "500000"}, "TIME")
	s.Want("1000000000500-0", "XADD", "s", "*", "f", "v")
	s.Want("1000000000500-1", "XADD", "s", "*", "f", "v")
	s.Want(5000, "PTTL", "k")
	s.Want(1_000_000_005_500, "PEXPIRETIME", "k")
	s.Must("SET", "at", "v", "PXAT", 1_000_000_001_500)
	s.Want(1000, "PTTL", "at")

	// Idle times of streams follow ShowTime; timeouts follow the clock.
	s.Must("XGROUP", "CREATE", "s", "g", "0")
	s.Must("XREADGROUP", "GROUP", "g", "c", "COUNT", 1, "STREAMS", "s", ">")
	s.ShowTime(time.UnixMilli(1_000_000_060_500))
	s.Want([]any{[]any{"1000000000500-0", "c", 60_000, 1}}, "XPENDING", "s", "g", "-", "+", 10)
	timedOut := make(chan respserver.Reply, 1)
	go func() {
		reply, _ := s.Do(t.Context(), "BLPOP", "q", 1)
		timedOut <- reply
	}()
	if err := s.WaitBlocked(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Second)
	if reply := <-timedOut; !reply.IsNull() {
		t.Errorf("BLPOP: %v", reply)
	}

	f := s.Fork(t)
	f.Want([]string{"1000000060", "500000"}, "TIME")
	s.ShowTime(time.Time{})
	s.Want([]string{"1700000001", "0"}, "TIME")
	clock.Advance(4 * time.Second)
	s.Want(0, "EXISTS", "k")
}

func TestSeedAgain(t *testing.T) {
	t.Parallel()
	var runs [2]string
	for i := range runs {
		s := respserver.StartTest(t, respserver.Options{Seed: 7})
		for n := range 100 {
			s.Must("SADD", "set", fmt.Sprint("m", n))
		}
		for range i * 10 {
			s.Must("SRANDMEMBER", "set")
		}
		s.Reseed(3)
		for range 20 {
			runs[i] += s.Must("SRANDMEMBER", "set").Text() + " "
		}
	}
	if runs[0] != runs[1] {
		t.Errorf("the same seed chooses\n%s\n%s", runs[0], runs[1])
	}
}
