package record

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/resp-server/resp-server/internal/glob"
	"github.com/resp-server/resp-server/internal/notation"
)

// Pattern matches commands: it has a glob for each word. The last word "..." stands for
// any further words.
type Pattern struct {
	text  string
	words []string
	more  bool
}

var errEmptyPattern = errors.New("the pattern has no words")

// ParsePattern reads a pattern, whose words are split and quoted as in redis-cli.
func ParsePattern(text string) (*Pattern, error) {
	words, err := notation.SplitWords(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("pattern %s: %w", text, err)
	case len(words) == 0:
		return nil, errEmptyPattern
	}
	p := &Pattern{text: text, words: words}
	if n := len(words) - 1; words[n] == "..." {
		p.words, p.more = words[:n], true
	}
	return p, nil
}

// Matches reports whether a command matches. The case of its name does not matter.
func (p *Pattern) Matches(args []string) bool {
	if len(args) < len(p.words) || len(args) > len(p.words) && !p.more {
		return false
	}
	for i, w := range p.words {
		if w != "*" && !glob.Match([]byte(w), []byte(args[i]), i == 0) {
			return false
		}
	}
	return true
}

// String returns the pattern as it was written.
func (p *Pattern) String() string { return p.text }

// Run is a command that one client has sent again and again, and each time waited for
// the reply.
type Run struct {
	Client   uint64
	Commands []Command
}

// Runs returns the places where a client has sent commands of the same shape at least n
// times in a row, without a pipeline. Two commands have the same shape if their names
// and numbers of words are the same.
func Runs(commands []Command, n int) []Run {
	var runs []Run
	now := make(map[string]*Run) // ids of clients are unique only within a space
	end := func(r *Run) {
		if len(r.Commands) >= n {
			runs = append(runs, *r)
		}
	}
	var clients []string
	for _, c := range commands {
		r := now[c.ClientName]
		if r == nil {
			r = &Run{Client: c.Client}
			now[c.ClientName] = r
			clients = append(clients, c.ClientName)
		}
		if last := len(r.Commands) - 1; last >= 0 && !continues(&r.Commands[last], &c) {
			end(r)
			r.Commands = nil
		}
		r.Commands = append(r.Commands, c)
	}
	for _, name := range clients {
		end(now[name])
	}
	slices.SortStableFunc(runs, func(a, b Run) int { return int(a.Commands[0].number) - int(b.Commands[0].number) })
	return runs
}

func continues(last, c *Command) bool {
	return strings.EqualFold(last.Args[0], c.Args[0]) && len(last.Args) == len(c.Args) &&
		last.RoundTrip != c.RoundTrip && last.Transaction == 0 && c.Transaction == 0 && !c.Silent
}

// String describes the run.
func (r Run) String() string {
	c := r.Commands[0]
	return fmt.Sprintf("%d times in a row, without a pipeline: %s", len(r.Commands), Line(c.Args))
}

// maxLine bounds Line.
const maxLine = 200

// Line returns a command as redis-cli reads it, cut if it is long.
func Line(args []string) string {
	s := notation.Join(args)
	if len(s) > maxLine {
		s = s[:maxLine] + "..."
	}
	return s
}

// RoundTrips returns the number of times that clients have waited for the server.
func RoundTrips(commands []Command) int {
	type trip struct {
		client string
		n      int
	}
	seen := make(map[trip]bool)
	for _, c := range commands {
		if !c.Silent {
			seen[trip{c.ClientName, c.RoundTrip}] = true
		}
	}
	return len(seen)
}
