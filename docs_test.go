package respserver

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/resp"
)

// TestGuides runs the dialogues of the docs: ```redis blocks of commands behind ">
// " and the output of redis-cli. Each block has its own server.
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
			conn, err := net.Dial("tcp", s.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			in := bufio.NewReader(conn)
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
				args := make([]string, len(words))
				for i, w := range words {
					args[i] = string(w)
				}
				conn.Write(resp.AppendCommand(nil, args...))
				r, err := resp.ReadReply(in)
				if err != nil {
					t.Fatalf("%s: %s: %v", file, line, err)
				}
				got.WriteString(line + cliText(r, "") + "\n")
				commands.WriteString(line)
			}
			s.ResetStrict() // the guides show warnings on purpose
			if got.String() != dialogue {
				t.Errorf("%s has\n%s\nthe server says\n%s", file, dialogue, got.String())
			}
		}
	}
}

// cliText formats a reply like redis-cli.
func cliText(r resp.Reply, indent string) string {
	switch r.Kind {
	case resp.Null, resp.NullArray:
		return "(nil)"
	case resp.Integer:
		return fmt.Sprintf("(integer) %d", r.Integer)
	case resp.ErrorReply, resp.BulkError:
		return "(error) " + r.Str
	case resp.SimpleString:
		return r.Str
	case resp.Array, resp.Set, resp.Map:
		if len(r.Elems) == 0 {
			return "(empty array)"
		}
		var lines []string
		for i, e := range r.Elems {
			number := fmt.Sprintf("%*d) ", len(fmt.Sprint(len(r.Elems))), i+1)
			lines = append(lines, number+cliText(e, indent+strings.Repeat(" ", len(number))))
		}
		return strings.Join(lines, "\n"+indent)
	}
	return fmt.Sprintf("%q", r.Str)
}
