package respserver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/oracle"
)

// TestRenameCommand compares renamed and disabled commands with a real server.
func TestRenameCommand(t *testing.T) {
	renames := [][]string{{"get", "fetch"}, {"CONFIG", "cfg-1"}, {"set", ""}, {"Xgroup", "XG"}, {"debug", ""}, {"lpush", "SET"}, {"replicaof", ""}}
	var flags, lines []string
	for _, r := range renames {
		flags = append(flags, "--rename-command", r[0], r[1])
		lines = append(lines, fmt.Sprintf("rename-command %s %q", r[0], r[1]))
	}
	real := realServer(t, t.TempDir(), flags...)
	s, err := Start(Options{Config: lines})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	self, err := oracle.Dial(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	for _, line := range []string{
		"GET k", "fetch k", "FETCH", "Fetch k k", "CONFIG GET hz", "cfg-1 GET maxclients", "cfg-1 NOSUCH", "cfg-1 get", "CFG-1", "SET a b", "LPUSH l a", "set l a b", "LRANGE l 0 -1",
		"XG CREATE s g $ MKSTREAM", "XGROUP CREATE s g2 $", "XG nosuch", "DEBUG SLEEP 0", "REPLICAOF NO ONE", "SLAVEOF x",
		"COMMAND INFO get", "COMMAND GETKEYS fetch k", "COMMAND GETKEYS get k", "COMMAND GETKEYS xg create s g $",
		"ACL SETUSER u on nopass ~* -@all +get +lpush +config|get", "ACL SETUSER u +fetch", "ACL SETUSER u -set -debug", "ACL DRYRUN u fetch k", "ACL DRYRUN u get k", "ACL DRYRUN u set k v",
		"MULTI", "fetch k", "GET k", "EXEC", "MULTI", "set l2 v", "fetch k", "EXEC", "EVAL return{redis.pcall('fetch','k'),redis.pcall('get','k').err,redis.pcall('set','l3','v')} 0",
		"EVAL return{redis.acl_check_cmd('fetch','k')} 0", "TYPE l3",
	} {
		words := strings.Fields(line)
		want := ask(t, real, words...)
		got := ask(t, self, words...)
		if got != want {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
	}
	for _, name := range []string{"fetch", "get", "cfg-1", "set", "lpush", "xg"} {
		if got, want := len(ask(t, self, "COMMAND", "INFO", name)) > 10, len(ask(t, real, "COMMAND", "INFO", name)) > 10; got != want {
			t.Errorf("COMMAND INFO %s finds the command: %v, on the real server: %v", name, got, want)
		}
	}
}
