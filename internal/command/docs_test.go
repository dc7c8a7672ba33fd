package command

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/generated"
	"github.com/resp-server/resp-server/internal/spec"
)

// TestDocs compares docs/compatibility.md with the table. `go test
// ./internal/command -run TestDocs -fix` rewrites it.
func TestDocs(t *testing.T) {
	generated.Check(t, "../../docs/compatibility.md", compatibility())
}

// coverage lists the commands of a group.
type coverage struct {
	have    []string
	missing map[string][]string // by reason
	partly  []string            // lines
}

func compatibility() []byte {
	groups := map[string]*coverage{}
	of := func(group string) *coverage {
		if groups[group] == nil {
			groups[group] = &coverage{missing: map[string][]string{}}
		}
		return groups[group]
	}
	have, total := 0, 0
	for _, cmd := range Table().All() {
		if cmd.Runs() {
			g := of(cmd.Group)
			g.have = append(g.have, shown(cmd.FullName))
			if !isNewer(cmd.Command) {
				have++
				total++
			}
		}
	}
	for _, name := range Table().Missing {
		row := spec.Find(name)
		if len(row.Subcommands) > 0 {
			continue // its subcommands have lines of their own
		}
		why, _ := whyMissing(name)
		g := of(row.Group)
		g.missing[why] = append(g.missing[why], shown(name))
		if why != newer {
			total++
		}
	}

	for _, p := range partly {
		g := of("server") // what no group has
		if row := spec.Find(strings.ToLower(strings.Fields(p.call)[0])); row != nil {
			g = of(row.Group)
		}
		g.partly = append(g.partly, fmt.Sprintf("- %s: %s\n", p.why, p.part))
	}

	var b bytes.Buffer
	fmt.Fprintf(&b, "# Compatibility\n\nThe server behaves as Redis %s, of whose %d commands and subcommands it has %d.\n"+
		"This page is made from the command table; a test keeps it true.\n", RedisVersion, total, have)
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		g := groups[name]
		fmt.Fprintf(&b, "\n## %s\n\n", name)
		if len(g.have) > 0 {
			fmt.Fprintf(&b, "%s\n", list(g.have))
		} else {
			fmt.Fprintf(&b, "None.\n")
		}
		for i, why := range slices.Sorted(maps.Keys(g.missing)) {
			if i == 0 {
				fmt.Fprintf(&b, "\nMissing:\n\n")
			}
			fmt.Fprintf(&b, "- %s: %s\n", why, list(g.missing[why]))
		}
		if len(g.partly) > 0 {
			fmt.Fprintf(&b, "\nRefused with an error:\n\n%s", strings.Join(g.partly, ""))
		}
	}
	fmt.Fprintf(&b, "\n## Versions\n\n`compat redis-7.0` (or 7.2, 7.4, 8.0, 8.2, 8.4, 8.6, 8.8), in redis.conf, as `--compat` or as `Options.Compat`, makes the\n"+
		"server that version: it says so in INFO and HELLO, writes its RDB format, and lacks what came later: commands, options,\n"+
		"subcommands, settings and fields of INFO. Payloads and files of later versions are refused. By default it is 7.4.1, and has the commands and settings of later versions too.\n\n"+
		"What else changed, which matters to those who upgrade:\n\n| since | where | what |\n|---|---|---|\n")
	for _, r := range compat.Changes() {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.Since, r.Where, r.What)
	}
	fmt.Fprintf(&b, "\nWhat a version does not follow yet: Redis 7.0 serves a blocked client from the key that woke it, and creates the consumer\n"+
		"of XCLAIM and XAUTOCLAIM only if it gets something; COMMAND DOCS has the trees of 7.4 for it.\n")
	return b.Bytes()
}

// shown returns a full name as people write it.
func shown(name string) string {
	return strings.ToUpper(strings.ReplaceAll(name, "|", " "))
}

func list(names []string) string {
	slices.Sort(names)
	return "`" + strings.Join(names, "`, `") + "`"
}

// syntaxLine returns the first line of a handler's comment.
func syntaxLine(cmd *engine.Command) string {
	return strings.TrimSpace(shown(cmd.FullName) + " " + cmd.Syntax())
}
