package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/resp-server/resp-server/internal/acl"
	"github.com/resp-server/resp-server/internal/resp"
)

// A Line is a directive with its values, and its place.
type Line struct {
	File   string
	Number int // from 1
	Text   string
}

// LineError reports what is wrong with a line.
type LineError struct {
	Line
	Err error
}

func (e *LineError) Error() string {
	return fmt.Sprintf("%s, line %d, '%s': %v", e.File, e.Number, e.Text, e.Err)
}

// Unwrap returns the error.
func (e *LineError) Unwrap() error { return e.Err }

// maxIncludes limits the depth of include directives.
const maxIncludes = 16

var (
	errQuotes    = errors.New("Unbalanced quotes in configuration line")
	errDirective = errors.New("Bad directive or wrong number of arguments")
	errModules   = errors.New("modules can't be loaded: they are written for C")
	errIncludes  = errors.New("include files are nested too deeply")
)

// retired are directives of older versions that take a value and do nothing.
var retired = []string{"list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands"}

// Read returns the lines of a file in the format of redis.conf, without empty lines
// and comments, and with include directives replaced by the lines of the included
// files. The names of included files are relative to the working directory, and a
// pattern may match none. The file's own name is for errors, which are of type
// *LineError unless r fails.
func Read(r io.Reader, file string) ([]Line, error) { return read(nil, r, file, 0) }

func read(lines []Line, r io.Reader, file string, depth int) ([]Line, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	number := 0
	for s := range strings.Lines(string(text)) {
		number++
		l := Line{file, number, strings.Trim(s, " \t\r\n")}
		if l.Text == "" || l.Text[0] == '#' {
			continue
		}
		words, ok := resp.SplitWords(l.Text)
		if !ok {
			return nil, lineError(l, errQuotes)
		}
		if len(words) != 2 || !strings.EqualFold(words[0], "include") {
			lines = append(lines, l)
			continue
		}
		lines, err = include(lines, words[1], depth+1)
		var inner *LineError
		if err != nil && !errors.As(err, &inner) {
			err = lineError(l, err)
		}
		if err != nil {
			return nil, err
		}
	}
	return lines, nil
}

func include(lines []Line, pattern string, depth int) ([]Line, error) {
	if depth > maxIncludes {
		return nil, errIncludes
	}
	names := []string{pattern}
	if strings.ContainsAny(pattern, "*?[") {
		var err error
		if names, err = filepath.Glob(pattern); err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		lines, err = read(lines, f, name, depth)
		f.Close()
		if err != nil {
			return nil, err
		}
	}
	return lines, nil
}

// SetLines sets the directives in order, so that later ones override earlier ones:
// an unsupported value is an error only if no later line replaces it. An error is
// of type *LineError.
func (c *Config) SetLines(lines []Line) error {
	type refusal struct {
		*Param
		error
	}
	if err := c.setEdition(lines); err != nil {
		return err
	}
	var refused []refusal
	for _, l := range lines {
		p, err := c.setLine(l)
		if err != nil && !errors.As(err, new(unsupportedError)) {
			return lineError(l, err)
		}
		refused = slices.DeleteFunc(refused, func(r refusal) bool { return r.Param == p })
		if err != nil {
			refused = append(refused, refusal{p, lineError(l, err)})
		}
	}
	if len(refused) > 0 {
		return refused[0].error
	}
	return nil
}

// setEdition sets the edition that the last line about it names: which directives
// there are depends on it.
func (c *Config) setEdition(lines []Line) error {
	for _, l := range lines {
		if words, ok := resp.SplitWords(l.Text); ok && len(words) > 0 && strings.EqualFold(words[0], "compat") {
			if _, err := c.setLine(l); err != nil {
				return lineError(l, err)
			}
		}
	}
	return nil
}

// redacted replaces a secret wherever sent or stored text is shown.
const redacted = "(redacted)"

func lineError(l Line, err error) *LineError {
	l.Text = withoutSecrets(l.Text)
	return &LineError{l, err}
}

// withoutSecrets returns a line in a form that is safe for logs.
func withoutSecrets(line string) string {
	words, ok := resp.SplitWords(line)
	if !ok {
		words = strings.Fields(line) // the quotes are wrong
	}
	if len(words) < 2 {
		return line
	}
	p, known := Find(words[0])
	switch {
	case known && p.Secret:
		return words[0] + " " + redacted
	case strings.EqualFold(words[0], "user") && !ok:
		return words[0] + " " + words[1] + " " + redacted
	case strings.EqualFold(words[0], "user"):
		for i, w := range words {
			if i > 1 && w != "" && strings.Contains("><#!", w[:1]) { // passwords and their hashes
				words[i] = w[:1] + redacted
			}
		}
		return strings.Join(words, " ")
	}
	return line
}

// SetLine sets a directive from a line. It ignores empty lines and comments.
func (c *Config) SetLine(line string) error {
	_, err := c.setLine(Line{Text: line})
	return err
}

// setLine is SetLine, and returns the row of the directive, if it has one.
func (c *Config) setLine(line Line) (*Param, error) {
	words, ok := resp.SplitWords(line.Text)
	if !ok {
		return nil, errQuotes
	}
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return nil, nil
	}
	name, words := strings.ToLower(words[0]), words[1:]
	p, ok := c.Find(name)
	switch n := len(words); {
	case ok:
		return p, c.setWords(p, words)
	case n == 1 && (slices.Contains(retired, name) || p != nil && p.Until != ""):
		return nil, nil
	case name == "rename-command" && n == 2:
		c.Renames = append(c.Renames, Rename{words[0], words[1], line})
		return nil, nil
	case name == "user" && n > 0:
		var err error
		c.Users, err = acl.Declare(c.Users, words[0], words[1:])
		return nil, err
	case name == "loadmodule" && n > 0:
		return nil, errModules
	case strings.Contains(name, ".") && n == 0:
		return nil, errors.New("Module config specified without value")
	case strings.Contains(name, "."):
		return nil, errModules
	case name == "sentinel" && n == 0:
		return nil, nil // it asks for the mode, which the start has seen
	case name == "sentinel" && !c.Sentinel:
		return nil, errors.New("sentinel directive while not in sentinel mode")
	case name == "sentinel":
		c.SentinelLines = append(c.SentinelLines, line)
		return nil, nil
	}
	return nil, errDirective
}
