package command

import (
	"bytes"
	"fmt"
	"go/format"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/engine/enginetest"
	"github.com/resp-server/resp-server/internal/generated"
	"github.com/resp-server/resp-server/internal/spec"
)

// missing is the one list of what the command table has and the server has
// not, with the reason: a command, a container with all its subcommands, or
// what is left of a whole group ("@set"). Commands that are newer than
// RedisVersion need no entry. Who adds a command removes its entry.
var missing = map[string]string{}

// partly are the commands of which the server has a part only: a call that it
// refuses, what is missing, and why. Who adds it removes the row.
var partly = []struct{ call, part, why string }{
	{"SCRIPT DEBUG YES", "`SCRIPT DEBUG YES` and `SYNC`", "there is no debugger for scripts"},
}

const (
	newer = "newer than Redis " + RedisVersion
)

// whyMissing returns the reason for a missing command and the entry that has
// it; the entry is empty for newer commands.
func whyMissing(name string) (why, entry string) {
	container, _, _ := strings.Cut(name, "|")
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
	return slices.Compare(strings.Split(row.Since, ".")[:2], strings.Split(RedisVersion, ".")[:2]) > 0
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

// TestPartly checks that the server refuses the calls in partly.
func TestPartly(t *testing.T) {
	e := engine.New(engine.Parts{Table: Table(), Config: config.New(), Clock: clock.Real{}, Logger: slog.New(slog.DiscardHandler), Seed: 1})
	defer e.Close()
	s := e.NewInternalSession(enginetest.Conn(""))
	do := func(line string) string {
		s.Do(bytes.Fields([]byte(line)))
		return string(enginetest.Output(s))
	}
	do("SET k v")
	for _, p := range partly {
		if got := do(p.call); !strings.HasPrefix(got, "-ERR ") {
			t.Errorf("%s is listed as missing and answers %q", p.call, got)
		}
	}
}

// dropUnused complains about the entries of a list of exceptions that are none
// any more; with -fix it removes their lines from the file.
func dropUnused(t *testing.T, file string, list map[string]string, used map[string]bool) {
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(src), "\n")
	for entry := range list {
		if used[entry] {
			continue
		}
		if !*generated.Fix {
			t.Errorf("%s: the entry %q is out of date (-fix removes it)", file, entry)
		}
		lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, fmt.Sprintf("\t%q:", entry)) })
	}
	if !*generated.Fix {
		return
	}
	src, err = format.Source([]byte(strings.Join(lines, "")))
	if err == nil {
		err = os.WriteFile(file, src, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
