package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	respserver "github.com/resp-server/resp-server"
)

// commandLine stands for a file's name where an option is wrong.
const commandLine = "command line"

// arguments are the command line, taken apart.
type arguments struct {
	file           string // redis.conf
	stdin          bool   // has more of it
	options        string // as lines of redis.conf
	ready          readyFile
	exitWithParent bool
	noEventLoop    bool
}

// parseArgs takes arguments apart as redis-server does: what begins with "--"
// is a directive, unless it follows one that has no value yet, and all up to
// the next one are its values. "--port 1" may also be one argument.
func parseArgs(args []string) (*arguments, error) {
	a := new(arguments)
	var options strings.Builder
	complete := true // the last directive has a value
	for i := 0; i < len(args); i++ {
		arg := args[i]
		name, isOption := strings.CutPrefix(arg, "--")
		switch {
		case i == 0 && !strings.HasPrefix(arg, "-"):
			a.file = arg
		case arg == "-" && (i == 0 || i == len(args)-1):
			a.stdin = true
		case complete && name == "exit-with-parent" && isOption:
			a.exitWithParent = true
		case complete && name == "no-event-loop" && isOption:
			a.noEventLoop = true
		case complete && name == "ready-file" && isOption:
			if i++; i == len(args) || args[i] == "" {
				return nil, errors.New("--ready-file needs the name of a file or the number of a file descriptor")
			}
			a.ready = readyFile(args[i])
		case complete && isOption:
			options.WriteString("\n" + name)
			complete = strings.ContainsAny(name, " \t")
			// A bare --save has always meant an empty one.
			if bare := i == len(args)-1 || strings.HasPrefix(args[i+1], "--"); bare && strings.EqualFold(name, "save") {
				options.WriteString(` ""`)
				complete = true
			}
		default:
			options.WriteString(" " + quote(arg))
			complete = true
		}
	}
	a.options = strings.TrimPrefix(options.String(), "\n")
	return a, nil
}

// settings returns everything that was asked for as lines of redis.conf.
func (a *arguments) settings(stdin io.Reader) ([]string, error) {
	lines := []string{"port 6379", "bind 127.0.0.1 -::1", "dir ."}
	add := func(r io.Reader, name string) error {
		more, err := respserver.ReadConfig(r, name)
		lines = append(lines, more...)
		return err
	}
	if a.file != "" {
		f, err := os.Open(a.file)
		if err != nil {
			return nil, fmt.Errorf("can't open config file '%s': %w", a.file, errors.Unwrap(err))
		}
		defer f.Close()
		if err := add(f, a.file); err != nil {
			return nil, err
		}
	}
	if a.stdin {
		if err := add(stdin, "standard input"); err != nil {
			return nil, err
		}
	}
	return lines, add(strings.NewReader(a.options), commandLine)
}

// quote makes one word of a line of redis.conf.
func quote(s string) string {
	plain := s != ""
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
			plain = false
		case c < ' ':
			fmt.Fprintf(&b, `\x%02x`, c)
			plain = false
		default:
			b.WriteByte(c)
			plain = plain && c != ' ' && c != '\'' && c != '#'
		}
	}
	if plain {
		return s
	}
	b.WriteByte('"')
	return b.String()
}

// complain says what is wrong with the configuration, in the form that users
// of redis-server know.
func complain(w io.Writer, err error) {
	var at *respserver.ConfigError
	if !errors.As(err, &at) {
		fmt.Fprintf(w, "resp-server: %v\n", err)
		return
	}
	where := fmt.Sprintf("the configuration file %s, at line %d", at.File, at.Number)
	if at.File == commandLine {
		where = "the command line"
	}
	fmt.Fprintf(w, "\n*** FATAL CONFIG FILE ERROR (resp-server %s) ***\nReading %s\n>>> '%s'\n%v\n", respserver.Version, where, at.Text, at.Err)
}
