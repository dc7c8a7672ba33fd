package rediscli

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
)

const usage = `Usage: redis-cli [options] [command [argument ...]]

The part of redis-cli that resp-server has: it sends one command, or each line of
the standard input, and prints the replies.

  -h HOST, -p PORT      the server, 127.0.0.1:6379 by default
  -s PATH               its Unix socket
  -u URI                redis://user:password@host:port/database, rediss:// for TLS
  --user NAME, -a, --pass PASSWORD
                        authenticate; the password can be in REDISCLI_AUTH, too
  --no-auth-warning     no warning about a password on the command line
  -n DATABASE           its number
  -r N                  send the command N times
  -x                    the last argument is the standard input
  -c                    follow the redirections of a cluster
  --scan [--pattern GLOB] [--count N]
                        print the names of all keys, one a line
  --eval FILE [KEY ...] [, ARGUMENT ...]
                        run a Lua script
  -e                    an error as reply makes the exit code 1
  -2, -3                the protocol, RESP2 by default
  --raw, --no-raw       replies as they are, or with their types; raw is the default
                        unless the output is a terminal
  --tls, --cacert FILE, --cert FILE, --key FILE, --sni NAME, --insecure
                        connect with TLS
  --help                print this
`

// options is the parsed command line.
type options struct {
	server         Server
	user, password string
	warn           bool // the password is on the command line
	database       string
	repeat         int
	lastFromStdin  bool
	failOnError    bool
	raw            bool
	resp3          bool
	cluster        bool // follow redirections
	scan           bool
	pattern, count string // for --scan; "" means none
	eval           string // name of a script file
	help           bool
	command        []string
}

// parse parses arguments. The password from the environment counts if they have
// none.
func parse(args []string, password string, terminal bool) (*options, error) {
	o := &options{database: "0", repeat: 1, raw: !terminal}
	host, port, socket := "127.0.0.1", "6379", ""
	quiet := false
	secure, insecure, authority, certificate, key, name := false, false, "", "", "", ""
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		option := args[0]
		args = args[1:]
		switch option {
		case "--help":
			o.help = true
			continue
		case "--raw":
			o.raw = true
			continue
		case "--no-raw":
			o.raw = false
			continue
		case "--no-auth-warning":
			quiet = true
			continue
		case "-e":
			o.failOnError = true
			continue
		case "-x":
			o.lastFromStdin = true
			continue
		case "-c":
			o.cluster = true
			continue
		case "--scan":
			o.scan = true
			continue
		case "-2", "-3":
			o.resp3 = option == "-3"
			continue
		case "--tls":
			secure = true
			continue
		case "--insecure":
			insecure = true
			continue
		case "-h":
			if len(args) == 0 {
				o.help = true
				continue
			}
		}
		if len(args) == 0 {
			return nil, unrecognized(option)
		}
		value := args[0]
		args = args[1:]
		switch option {
		case "-h":
			host = value
		case "-p":
			if n, err := strconv.Atoi(value); err != nil || n < 0 || n > 65535 {
				return nil, fmt.Errorf("Invalid server port.")
			}
			port = value
		case "-s":
			socket = value
		case "-n":
			if _, err := strconv.Atoi(value); err != nil {
				return nil, fmt.Errorf("-n needs the number of a database")
			}
			o.database = value
		case "-r":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 {
				return nil, fmt.Errorf("-r needs a number")
			}
			o.repeat = n
		case "--pattern":
			o.pattern = value
		case "--count":
			if _, err := strconv.Atoi(value); err != nil {
				return nil, fmt.Errorf("--count needs a number")
			}
			o.count = value
		case "--eval":
			o.eval = value
		case "-a", "--pass":
			o.password, o.warn = value, true
		case "--user":
			o.user = value
		case "--cacert":
			authority = value
		case "--cert":
			certificate = value
		case "--key":
			key = value
		case "--sni":
			name = value
		case "-u":
			u, err := url.Parse(value)
			if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" {
				return nil, fmt.Errorf("Invalid URI scheme")
			}
			secure = secure || u.Scheme == "rediss"
			if u.Hostname() != "" {
				host = u.Hostname()
			}
			if u.Port() != "" {
				port = u.Port()
			}
			if n := strings.TrimPrefix(u.Path, "/"); n != "" {
				o.database = n
			}
			if u.User != nil {
				o.warn = true
				var both bool
				if o.password, both = u.User.Password(); both {
					o.user = u.User.Username()
				} else {
					o.password = u.User.Username()
				}
			}
		default:
			return nil, unrecognized(option)
		}
	}
	o.command = args
	o.warn = o.warn && !quiet
	if o.password == "" {
		o.password = password
	}
	o.server = Server{Network: "tcp", Addr: net.JoinHostPort(host, port)}
	if socket != "" {
		o.server = Server{Network: "unix", Addr: socket}
	}
	if secure {
		if name == "" {
			name = host
		}
		var err error
		if o.server.TLS, err = secureConfig(name, authority, certificate, key, insecure); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// introduction returns the first commands of a connection.
func (o *options) introduction() (commands [][]string) {
	switch {
	case o.password == "":
	case o.user == "":
		commands = append(commands, []string{"AUTH", o.password})
	default:
		commands = append(commands, []string{"AUTH", o.user, o.password})
	}
	if o.database != "0" {
		commands = append(commands, []string{"SELECT", o.database})
	}
	return commands
}

func unrecognized(option string) error {
	return fmt.Errorf("Unrecognized option or bad number of args for: '%s'\nThis redis-cli has a part of the options; see redis-cli --help.", option)
}

// secureConfig returns the configuration of a TLS connection from the names of
// files.
func secureConfig(name, authority, certificate, key string, insecure bool) (*tls.Config, error) {
	config := &tls.Config{ServerName: name, InsecureSkipVerify: insecure}
	if authority != "" {
		text, err := os.ReadFile(authority)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s has no certificate", authority)
		}
	}
	if certificate != "" || key != "" {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
