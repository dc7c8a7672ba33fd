package spec_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/compat"
	_ "github.com/resp-server/resp-server/internal/module/array"
	. "github.com/resp-server/resp-server/internal/spec"
)

// infoLine formats a row like a line of testdata/info-7.4.1.txt.
func infoLine(name string, c *Command) string {
	first, last, step := c.LegacyKeys()
	var categories []string
	for _, n := range c.Categories.AppendNames(nil) {
		categories = append(categories, "@"+n)
	}
	var keys []string
	for i := range c.Keys {
		keys = append(keys, infoKey(&c.Keys[i]))
	}
	return strings.Join([]string{
		name,
		fmt.Sprint(c.Arity),
		strings.Join(c.Flags.AppendNames(nil), ","),
		fmt.Sprint(first, last, step),
		strings.Join(categories, ","),
		strings.Join(c.Tips, ","),
		strings.Join(keys, "; "),
	}, "\t")
}

func infoKey(k *KeySpec) string {
	begin, find, notes := fmt.Sprintf("index(index=%d)", k.Index), "", ""
	switch {
	case k.Unknown:
		begin = "unknown()"
	case k.Keyword != "":
		begin = fmt.Sprintf("keyword(keyword=%s startfrom=%d)", k.Keyword, k.StartFrom)
	}
	switch {
	case k.UnknownKeys:
		find = "unknown()"
	case k.KeyNum:
		find = fmt.Sprintf("keynum(keynumidx=%d firstkey=%d keystep=%d)", k.KeyNumIdx, k.FirstKey, k.Step)
	default:
		find = fmt.Sprintf("range(lastkey=%d keystep=%d limit=%d)", k.LastKey, k.Step, k.Limit)
	}
	if k.Notes != "" {
		notes = " notes=" + k.Notes
	}
	return strings.Join(k.Flags.AppendNames(nil), ",") + " " + begin + " " + find + notes
}

// infoVersions maps the versions whose COMMAND INFO is recorded to their editions.
var infoVersions = map[string]string{"7.4.1": "redis-7.4", "8.8.0": "redis-8.8"}

// internal are commands that only nodes say to each other.
var internal = []string{"cluster|syncslots", "trimslots"}

func TestRowsAreThoseOfCommandInfo(t *testing.T) {
	for version, edition := range infoVersions {
		t.Run(version, func(t *testing.T) {
			known := compat.Find(edition).Knows
			lines := readLines(t, "info-"+version+".txt")
			recorded := map[string]bool{}
			for _, want := range lines {
				name, _, _ := strings.Cut(want, "\t")
				recorded[name] = true
				c := Find(name)
				if c == nil && !slices.Contains(internal, name) {
					t.Errorf("%s: no row", name)
				}
				if c == nil || c.Group == "array" {
					continue
				}
				if got := infoLine(name, c.Until(name, known)); got != want {
					t.Errorf("%s:\n got %s\nwant %s", name, got, want)
				}
			}
			walk(func(name string, c *Command) {
				if !recorded[name] && known(c.Since) {
					t.Errorf("%s: unknown to %s", name, version)
				}
			})
		})
	}
}

// TestRows compares the names with a list of all commands of servers of the
// Redis family, without modules.
func TestRows(t *testing.T) {
	want := map[string]string{}
	for _, line := range readLines(t, "rows.txt") {
		group, names, _ := strings.Cut(line, ": ")
		for _, name := range strings.Fields(names) {
			want[name] = group
		}
	}
	walk(func(name string, c *Command) {
		if want[name] != c.Group {
			t.Errorf("%s: group %q, want %q", name, c.Group, want[name])
		}
		delete(want, name)
	})
	for name, group := range want {
		t.Errorf("%s of group %s: no row", name, group)
	}
}

func TestKeyPositions(t *testing.T) {
	lines := readLines(t, "getkeys-7.4.1.txt")
	var pos []KeyPos
	for i := 0; i+1 < len(lines); i += 2 {
		args, want := split(lines[i]), strings.TrimPrefix(lines[i+1], "\t")
		var got string
		c := Find(string(args[0]))
		if c != nil && len(c.Subcommands) > 0 {
			c = c.Subcommand(string(args[1]))
		}
		switch {
		case c == nil:
			got = "ERR Invalid command specified"
		case !c.HasKeys():
			got = "ERR The command has no key arguments"
		case c.Arity > 0 && len(args) != c.Arity || len(args) < -c.Arity:
			got = "ERR Invalid number of arguments specified for command"
		default:
			var ok bool
			pos, ok = c.KeyPositions(pos[:0], args)
			if !ok && len(pos) > 0 {
				t.Errorf("%s: returned keys without ok", lines[i])
			}
			if len(pos) == 0 && c.Flags&NoMandatoryKeys == 0 {
				got = "ERR Invalid arguments specified for command"
			}
			for j, p := range pos {
				if j > 0 {
					got += " "
				}
				got += string(args[p.Index]) + "=" + strings.Join(p.Flags.AppendNames(nil), ",")
			}
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", lines[i], got, want)
		}
	}
}

// split cuts a line into arguments at spaces. A quoted argument may be empty or contain spaces.
func split(line string) [][]byte {
	var args [][]byte
	for line != "" {
		var arg string
		if line[0] == '"' {
			arg, line, _ = strings.Cut(line[1:], `"`)
			line = strings.TrimPrefix(line, " ")
		} else {
			arg, line, _ = strings.Cut(line, " ")
		}
		args = append(args, []byte(arg))
	}
	return args
}

func TestRoutingPositions(t *testing.T) {
	args := split("SPUBLISH c m")
	pos, ok := Find("spublish").RoutingPositions(nil, args)
	if !ok || len(pos) != 1 || pos[0].Index != 1 || pos[0].Flags&NotKey == 0 {
		t.Errorf("SPUBLISH: %v, %v", pos, ok)
	}
}

func TestKeyPositionsDoesNotAllocate(t *testing.T) {
	buf := make([]KeyPos, 0, 16)
	for _, line := range []string{"GET k", "SET k v GET", "ZUNIONSTORE d 2 a b", "XREAD COUNT 1 STREAMS a b 0 0", "SORT k STORE d", "ZDIFF 1x a"} {
		args := split(line)
		c := Find(string(args[0]))
		if n := testing.AllocsPerRun(10, func() { buf, _ = c.KeyPositions(buf[:0], args) }); n != 0 {
			t.Errorf("%s: %v allocations", line, n)
		}
	}
}

// FuzzKeyPositions checks that positions lie within the command line, however
// wrong it is.
func FuzzKeyPositions(f *testing.F) {
	f.Add("ZUNIONSTORE d 99999999999 a")
	f.Add("XREAD STREAMS")
	f.Add(`MIGRATE h 1 "" 0 1 AUTH2 KEYS`)
	f.Fuzz(func(t *testing.T, line string) {
		args := split(line)
		if len(args) == 0 {
			return
		}
		c := Find(string(args[0]))
		if c == nil || !c.HasKeys() || c.Arity > 0 && len(args) != c.Arity || len(args) < -c.Arity {
			return
		}
		pos, _ := c.KeyPositions(nil, args)
		for _, p := range pos {
			if p.Index < 1 || p.Index >= len(args) {
				t.Errorf("%q: position %d", line, p.Index)
			}
		}
	})
}

func BenchmarkKeyPositions(b *testing.B) {
	args, c := split("SET k v EX 10"), Find("set")
	buf := make([]KeyPos, 0, 4)
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = c.KeyPositions(buf[:0], args)
	}
}
