package config

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/generated"
)

// TestDocs compares docs/settings.md with the table. `go test ./internal/config
// -run TestDocs -fix` rewrites it.
func TestDocs(t *testing.T) {
	generated.Check(t, "../../docs/settings.md", document())
}

func document() []byte {
	var b bytes.Buffer
	b.WriteString(`# Settings

Every directive of redis.conf of Redis 6.2 to 8.8 and of Valkey 8 and 9 is known. It works as there, or it has no meaning
here and stands below with the reason, or it is refused, since ignoring it would be dangerous. Bounds and error texts are
those of Redis 7.4.1. This page is made from the table of settings; a test keeps it true.

CONFIG GET with a pattern lists what Redis 7.4.1 lists, and what of later versions has an effect. CONFIG SET changes what it
changes there, ` + "`bind` and `port`" + ` included: with ` + "`CONFIG SET port 0`" + ` no TCP socket stays open, while ` + "`port 0`" + ` at the start is a
free port. ` + "`rename-command`" + ` gives a command another name, or none; the journal, ACL rules and statistics keep its own.
Lines ` + "`loadmodule`" + ` and of a module's settings (with a dot in the name) are refused; lines ` + "`sentinel`" + ` are for [sentinels](cluster.md#sentinel).
Defaults of Valkey 9 are from its documentation; all others are from servers or their sources.

## With an effect

`)
	for p := range All {
		if p.Why == "" && !p.Program {
			fmt.Fprintf(&b, "- %s\n", p.describe())
		}
	}
	b.WriteString("\n## Of the program\n\n`resp-server` acts on these; a library leaves the process to the program around it.\n\n")
	for p := range All {
		if p.Program {
			fmt.Fprintf(&b, "- %s\n", p.describe())
		}
	}
	b.WriteString("\n## With one value only\n\nAnother value is an error, at the start and in CONFIG SET.\n\n")
	for p := range All {
		if p.OneValue() {
			fmt.Fprintf(&b, "- %s: %s\n", p.describe(), p.Why)
		}
	}
	b.WriteString("\n## Without effect\n\nAny value that Redis takes is kept and shown.\n\n")
	var reasons []string
	rows := map[string][]string{}
	for p := range All {
		if p.Why != "" && !p.OneValue() {
			if rows[p.Why] == nil {
				reasons = append(reasons, p.Why)
			}
			rows[p.Why] = append(rows[p.Why], p.describe())
		}
	}
	for _, why := range reasons {
		fmt.Fprintf(&b, "- %s: %s\n", why, strings.Join(rows[why], ", "))
	}
	return b.Bytes()
}

// describe returns the name of a setting with its default, other names, and origin.
func (p *Param) describe() string {
	text := "`" + p.Name
	if p.Default != "" {
		text += " " + p.Default
	}
	text += "`"
	var more []string
	for _, name := range []string{p.Alias, p.Later} {
		if name != "" {
			more = append(more, "also `"+name+"`")
		}
	}
	if p.From != "" {
		more = append(more, p.From)
	}
	if more != nil {
		text += " (" + strings.Join(more, ", ") + ")"
	}
	return text
}

// TestNamesOnce: no name stands twice in the table.
func TestNamesOnce(t *testing.T) {
	seen := map[string]bool{"include": true, "rename-command": true, "user": true, "loadmodule": true, "sentinel": true}
	for _, name := range retired {
		seen[name] = true
	}
	for _, row := range params {
		for _, name := range []string{row.Name, row.Alias, row.Later} {
			if name == "" {
				continue
			}
			if seen[name] {
				t.Errorf("%s stands twice", name)
			}
			seen[name] = true
			if p, ok := Find(name); !ok || p != row {
				t.Errorf("Find(%q) is another row", name)
			}
		}
	}
}

// TestDirectives: the table knows the directives of all versions. The file lists
// those of Redis 6.2, 7.0, 7.2, 7.4, 8.0 and 8.8 and of Valkey 8 and 9, from their
// sources.
func TestDirectives(t *testing.T) {
	text, err := os.ReadFile("testdata/directives.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for name := range strings.FieldsSeq(string(text)) {
		known[name] = true
		if _, ok := Find(name); !ok {
			t.Errorf("%s is not known", name)
		}
	}
	for p := range All {
		if !known[p.Name] && p.From != "ours" {
			t.Errorf("%s is no directive of any version", p.Name)
		}
	}
}
