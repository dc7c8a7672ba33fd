package respserver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/resp"
)

// TestGuides runs the dialogues of the docs: blocks of ```redis with commands
// behind "> " and what redis-cli prints. Each block has a server of its own.
func TestGuides(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range strings.Split(string(text), "```redis\n")[1:] {
			dialogue, _, _ := strings.Cut(block, "```")
			var got, commands strings.Builder
			s := StartTest(t)
			for line := range strings.Lines(dialogue) {
				command, is := strings.CutPrefix(line, "> ")
				if !is {
					continue
				}
				var reader resp.Reader
				reader.Feed([]byte(command))
				words, err := reader.Next()
				if err != nil {
					t.Fatalf("%s: %s: %v", file, line, err)
				}
				args := make([]any, len(words))
				for i, w := range words {
					args[i] = w
				}
				r, _ := s.Do(t.Context(), args...)
				got.WriteString(line + cliText(r, "") + "\n")
				commands.WriteString(line)
			}
			if got.String() != dialogue {
				t.Errorf("%s has\n%s\nthe server says\n%s", file, dialogue, got.String())
			}
		}
	}
}

// cliText shows a reply as redis-cli does.
func cliText(r Reply, indent string) string {
	switch r.Kind {
	case KindNull, KindNullArray:
		return "(nil)"
	case KindInteger:
		return fmt.Sprintf("(integer) %d", r.Integer)
	case KindError, KindBulkError:
		return "(error) " + r.Str
	case KindSimpleString:
		return r.Str
	case KindArray, KindSet, KindMap:
		if len(r.Elems) == 0 {
			return "(empty array)"
		}
		var lines []string
		for i, e := range r.Elems {
			number := fmt.Sprintf("%d) ", i+1)
			lines = append(lines, number+cliText(e, indent+strings.Repeat(" ", len(number))))
		}
		return strings.Join(lines, "\n"+indent)
	}
	return fmt.Sprintf("%q", r.Text())
}
