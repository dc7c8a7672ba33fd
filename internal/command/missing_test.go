package command

import (
	"fmt"
	"go/format"
	"os"
	"slices"
	"testing"

	stdstrings "strings"

	"github.com/resp-server/resp-server/internal/spec"
)

// missing is the one list of what the command table has and the server has
// not, with the reason: a command, a container with all its subcommands, or
// what is left of a whole group ("@set"). Commands that are newer than
// RedisVersion need no entry. Who adds a command removes its entry.
var missing = map[string]string{
	"@cluster":       "there is no cluster mode",
	"bgrewriteaof":   noAOF,
	"failover":       noReplication,
	"migrate":        "a server opens no connections to others",
	"psync":          noReplication,
	"replconf":       noReplication,
	"replicaof":      noReplication,
	"restore-asking": "there is no cluster mode",
	"script|debug":   "there is no debugger for scripts",
	"slaveof":        noReplication,
	"sync":           noReplication,
}

const (
	notYet        = "not yet"
	noAOF         = "there is no append-only file"
	noReplication = "there is no replication"
	newer         = "newer than Redis " + RedisVersion
)

// whyMissing returns the reason for a missing command and the entry that has
// it; the entry is empty for newer commands.
func whyMissing(name string) (why, entry string) {
	container, _, _ := stdstrings.Cut(name, "|")
	row := spec.Find(name)
	for _, entry := range []string{name, container} {
		if why, ok := missing[entry]; ok && !isNewer(row) {
			return why, entry
		}
	}
	if isNewer(row) {
		return newer, ""
	}
	entry = "@" + row.Group
	return missing[entry], entry
}

// isNewer tells whether the version of Redis that we are has no such command.
func isNewer(row *spec.Command) bool {
	if row.Since == "" {
		return true
	}
	return slices.Compare(stdstrings.Split(row.Since, ".")[:2], stdstrings.Split(RedisVersion, ".")[:2]) > 0
}

func TestMissing(t *testing.T) {
	used := map[string]bool{}
	for _, name := range Table().Missing {
		why, entry := whyMissing(name)
		if why == "" {
			t.Errorf("%s has no handler and no entry in missing", name)
		}
		used[entry] = true
	}
	dropUnused(t, "missing_test.go", missing, used)
}

// dropUnused complains about the entries of a list of exceptions that are none
// any more; with -fix it removes their lines from the file.
func dropUnused(t *testing.T, file string, list map[string]string, used map[string]bool) {
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := stdstrings.SplitAfter(string(src), "\n")
	for entry := range list {
		if used[entry] {
			continue
		}
		if !*fix {
			t.Errorf("%s: the entry %q is out of date (-fix removes it)", file, entry)
		}
		lines = slices.DeleteFunc(lines, func(l string) bool { return stdstrings.HasPrefix(l, fmt.Sprintf("\t%q:", entry)) })
	}
	if !*fix {
		return
	}
	src, err = format.Source([]byte(stdstrings.Join(lines, "")))
	if err == nil {
		err = os.WriteFile(file, src, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
