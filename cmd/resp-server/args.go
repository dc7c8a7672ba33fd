package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	respserver "github.com/resp-server/resp-server"
)

// commandLine replaces the name of a file in errors about options.
const commandLine = "command line"

// defaultsEnv names a file with lines of redis.conf that replace defaults. A
// container image sets it, because users bring their own file and arguments.
const defaultsEnv = "RESP_SERVER_DEFAULTS"

// arguments is the parsed command line.
type arguments struct {
	file           string   // redis.conf
	stdin          bool     // read more of it from standard input
	options        string   // options as lines of redis.conf
	tlsAuto        string   // directory for the certificates
	load           []string // files to load
	strict         []string // rules of strict mode
	users          []respserver.User
	seed           uint64
	shuffle        bool
	ready          readyFile
	exitWithParent bool
	noEventLoop    bool
	record         string // file for what clients send and get
	sentinel       bool
	emulated       bool // a cluster
	help, version  bool
}

// implied has the values of directives that may come without one.
var implied = map[string]string{"save": ` ""`, "inspector": " 0"}

// parseArgs parses arguments as redis-server does: an argument that begins with
// "--" is a directive, unless it follows a directive that has no value yet, and the
// arguments up to the next directive are its values. "--port 1" may also be a
// single argument. Unlike redis-server it also accepts "--port=1" and "-p 1".
func parseArgs(args []string) (*arguments, error) {
	a := new(arguments)
	var options strings.Builder
	complete := true // the last directive has a value
	for i := 0; i < len(args); i++ {
		arg := args[i]
		name, isOption := strings.CutPrefix(arg, "--")
		if arg == "-p" {
			name, isOption = "port", true
		}
		name, value, joined := strings.Cut(name, "=")
		if joined && strings.ContainsAny(name, " \t") {
			name, joined = name+"="+value, false
		}
		switch {
		case i == 0 && !strings.HasPrefix(arg, "-"):
			a.file = arg
		case arg == "-" && (i == 0 || i == len(args)-1):
			a.stdin = true
		case !complete || !isOption && arg != "-h" && arg != "-v":
			options.WriteString(" " + quote(arg))
			complete = true
		case arg == "-h" || name == "help":
			a.help = true
		case arg == "-v" || name == "version":
			a.version = true
		case name == "sentinel" && !joined: // alone, or as a line of the file
			a.sentinel = true
			options.WriteString("\nsentinel")
		case name == "exit-with-parent" && !joined:
			a.exitWithParent = true
		case name == "testing" && !joined:
			options.WriteString("\nenable-testing-command yes")
		case name == "shuffle" && !joined:
			a.shuffle = true
		case name == "seed":
			if !joined && i+1 < len(args) {
				i++
				value = args[i]
			}
			var err error
			if a.seed, err = strconv.ParseUint(value, 10, 64); err != nil || a.seed == 0 {
				return nil, errors.New("--seed needs a number from 1 on")
			}
		case name == "cluster-emulated" && !joined:
			a.emulated = true
		case name == "no-event-loop" && !joined:
			a.noEventLoop = true
		case name == "load" || name == "tls-auto":
			if !joined && i+1 < len(args) {
				i++
				value = args[i]
			}
			if value == "" {
				return nil, fmt.Errorf("--%s needs the name of a %s", name, map[string]string{"load": "file", "tls-auto": "directory"}[name])
			}
			path, err := filepath.Abs(value) // because the working directory changes
			if err != nil {
				return nil, err
			}
			if name == "load" {
				a.load = append(a.load, path)
			} else {
				a.tlsAuto = path
			}
		case name == "acl-user":
			if !joined && i+1 < len(args) {
				i++
				value = args[i]
			}
			u, err := respserver.ParseUser(value)
			if err != nil {
				return nil, fmt.Errorf("--acl-user: %s", strings.TrimPrefix(err.Error(), "respserver: "))
			}
			a.users = append(a.users, u)
		case name == "strict":
			if !joined && i+1 < len(args) {
				i++
				value = args[i]
			}
			if value == "" {
				return nil, errors.New("--strict needs a rule and a level, such as 'all warn'")
			}
			a.strict = append(a.strict, value)
		case name == "ready-file" || name == "record":
			if i++; !joined && i < len(args) {
				value = args[i]
			} else if joined {
				i--
			}
			switch {
			case name == "record" && value == "":
				return nil, errors.New("--record needs the name of a file")
			case name == "record":
				a.record = value
			case value == "":
				return nil, errors.New("--ready-file needs the name of a file or the number of a file descriptor")
			default:
				a.ready = readyFile(value)
			}
		case joined:
			options.WriteString("\n" + name + " " + quote(value))
		default:
			options.WriteString("\n" + name)
			complete = len(strings.Fields(name)) > 1
			// As in redis-server, a bare --save means an empty value. A bare --inspector
			// is one on a free port.
			if bare := i == len(args)-1 || strings.HasPrefix(args[i+1], "--"); bare && implied[strings.ToLower(name)] != "" {
				options.WriteString(implied[strings.ToLower(name)])
				complete = true
			}
		}
	}
	a.options = strings.TrimPrefix(options.String(), "\n")
	return a, nil
}

// settings returns all settings as lines of redis.conf.
func (a *arguments) settings(stdin io.Reader) ([]string, error) {
	port, read := 6379, respserver.ReadConfigs
	if a.sentinel {
		port, read = 26379, respserver.ReadSentinelConfigs
	}
	sources := []respserver.ConfigSource{
		{Name: "defaults", Reader: strings.NewReader(fmt.Sprintf("port %d\nbind 127.0.0.1 -::1\ndir .\n", port))},
	}
	if file := os.Getenv(defaultsEnv); file != "" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("can't open config file '%s' of %s: %s", file, defaultsEnv, systemError(err))
		}
		defer f.Close()
		sources = append(sources, respserver.ConfigSource{Name: file, Reader: f})
	}
	if a.file != "" {
		f, err := os.Open(a.file)
		if err != nil {
			return nil, fmt.Errorf("can't open config file '%s': %s", a.file, systemError(err))
		}
		defer f.Close()
		sources = append(sources, respserver.ConfigSource{Name: a.file, Reader: f})
	}
	if a.stdin {
		sources = append(sources, respserver.ConfigSource{Name: "standard input", Reader: stdin})
	}
	sources = append(sources, respserver.ConfigSource{Name: commandLine, Reader: strings.NewReader(a.options)})
	return read(sources...)
}

// quote quotes a string as one word of a redis.conf line.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// complain reports an error of the configuration in the format of redis-server.
func complain(w io.Writer, at *respserver.ConfigError) {
	where, hint := fmt.Sprintf("the configuration file %s, at line %d", at.File, at.Number), ""
	if at.File == commandLine {
		where, hint = "the command line", "See resp-server --help.\n"
	}
	fmt.Fprintf(w, "\n*** FATAL CONFIG FILE ERROR (Redis %s) ***\nReading %s\n>>> '%s'\n%s\n%s",
		respserver.RedisVersion, where, at.Text, systemError(at.Err), hint)
}

// systemError returns the text of an error. For a system error it is the bare text,
// as C programs print it.
func systemError(err error) string {
	var number syscall.Errno
	if !errors.As(err, &number) {
		return err.Error()
	}
	text := number.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}
