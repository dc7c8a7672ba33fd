package respserver

import (
	"strconv"
	"strings"
	"testing"
)

// TestChanges compares the increments of rdb_changes_since_last_save with those of
// Redis 7.4.1.
func TestChanges(t *testing.T) {
	s := start(t, Options{})
	last := 0
	for _, c := range []struct {
		command string
		changes int
	}{
		{"SET a 1", 1},
		{"MSET a 1 b 2 c 3", 3},
		{"DEL a b zz", 2},
		{"RPUSH l 1 2 3 4 5 6 7 8 9", 9},
		{"LPOP l 2", 2},
		{"LPOP l", 1},
		{"LMOVE l l2 LEFT RIGHT", 1},
		{"RPOPLPUSH l l2", 1},
		{"LINSERT l BEFORE 5 x", 1},
		{"LREM l 0 x", 1},
		{"LTRIM l 0 1", 2},
		{"LTRIM l 0 -1", 0},
		{"LMPOP 1 l LEFT COUNT 2", 2},
		{"RPUSH r a a b", 3},
		{"LREM r 0 a", 2},
		{"SADD s a b c d", 4},
		{"SREM s a b zz", 2},
		{"SPOP s 2", 2},
		{"SADD s a b c d", 4},
		{"SPOP s 2", 2},
		{"HSET h a 1 b 2 c 3", 3},
		{"HMSET h a 1 b 2", 2},
		{"HSET h a 1", 1},
		{"HEXPIRE h 100 FIELDS 2 b c", 2},
		{"HDEL h a b zz", 2},
		{"ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g", 7},
		{"ZADD z 1 a 9 b", 1},
		{"ZREM z a b q", 2},
		{"ZPOPMAX z 2", 2},
		{"ZREMRANGEBYRANK z 0 1", 2},
		{"GEOADD g 1 1 a 2 2 b", 2},
		{"SORT l2 STORE l3", 2},
		{"FLUSHALL", 8},
	} {
		say(t, s, strings.Fields(c.command)...)
		now, err := strconv.Atoi(infoField(t, s, "rdb_changes_since_last_save"))
		if err != nil {
			t.Fatal(err)
		}
		if now-last != c.changes {
			t.Errorf("%s: %d changes, want %d", c.command, now-last, c.changes)
		}
		last = now
	}
}
