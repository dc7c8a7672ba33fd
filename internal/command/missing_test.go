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

// missing lists the commands of the table that the server lacks, with the
// reason. A key is a command, a container with all its subcommands, or the
// missing rest of a group ("@set"). Commands newer than RedisVersion need no
// entry. Remove the entry when you add the command.
var missing = map[string]string{}

// partly lists commands of which the server lacks a part: a call that it
// refuses, the missing part, and the reason. Remove the row when you add the
// part.
var partly = []struct{ call, part, why string }{
	{"VADD k VALUES 1 1 e", "`VADD`, `VCARD`, `VDIM`, `VEMB`, `VGETATTR`, `VINFO`, `VISMEMBER`, `VLINKS`, `VRANDMEMBER`, `VRANGE`, `VREM`, `VSETATTR` and `VSIM`",
		"vector sets are a module of Redis 8"},
	{"TRIMSLOTS RANGES 1 0 1", "`CLUSTER SYNCSLOTS` and `TRIMSLOTS`", "nodes of Redis 8.4 say these to each other when they move slots"},
	{"SCRIPT DEBUG YES", "`SCRIPT DEBUG YES` and `SYNC`", "there is no debugger for scripts"},
}

const (
	newer = "newer than Redis " + RedisVersion
)

// whyMissing returns the reason for a missing command and the matching key of
// missing. The key is empty for newer commands.
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

// isNewer reports whether a command is newer than RedisVersion.
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
			t.Errorf("%s is listed as missing but replies %q", p.call, got)
		}
	}
}

// dropUnused reports entries of a list of exceptions that are out of date.
// With -fix it removes their lines from the file.
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
