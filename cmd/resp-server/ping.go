package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/rediscli"
)

// pingPatience is the time limit for a reply.
const pingPatience = 10 * time.Second

// ping checks whether a server serves clients, and prints its reply. The arguments
// are those that the server was started with, or "--pid N" to take them from a
// process on this machine. It returns the exit code.
func ping(args []string, stdout, stderr io.Writer) int {
	text, err := pingServer(args)
	if err != nil {
		fmt.Fprintf(stderr, "resp-server: %s\n", systemError(err))
		return 1
	}
	fmt.Fprintln(stdout, text)
	return 0
}

func pingServer(args []string) (string, error) {
	if len(args) == 2 && args[0] == "--pid" {
		var err error
		if args, err = argumentsOf(args[1]); err != nil {
			return "", err
		}
	}
	a, err := parseArgs(args)
	if err != nil {
		return "", err
	}
	lines, err := a.settings(strings.NewReader("")) // the server has consumed its standard input
	if err != nil {
		return "", err
	}
	server, err := address(lines)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), pingPatience)
	defer cancel()
	return rediscli.Ping(ctx, server)
}

// argumentsOf returns the arguments of a running server, from its process or from
// the init that started it.
func argumentsOf(pid string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join("/proc", pid, "cmdline"))
	if err != nil {
		return nil, fmt.Errorf("can't find the arguments of process %s: %s", pid, systemError(err))
	}
	words := strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
	at := slices.IndexFunc(words, func(w string) bool { is, ok := roles[programName(w)]; return ok && is == asServer })
	if at < 0 {
		return nil, fmt.Errorf("process %s is no resp-server", pid)
	}
	_, args := invocation(words[at:])
	return args, nil
}

// address returns where a server with these settings listens: the first of TCP, TLS
// and a Unix socket.
func address(lines []string) (rediscli.Server, error) {
	setting := func(name string) string { return respserver.Setting(lines, name) }
	host := "127.0.0.1"
	addresses := strings.Fields(setting("bind"))
	if !slices.ContainsFunc(addresses, func(a string) bool { return a == "*" || a == "0.0.0.0" || a == host }) && len(addresses) > 0 {
		host = strings.TrimPrefix(addresses[0], "-")
		if host == "::*" || host == "::" {
			host = "::1"
		}
	}
	if port := setting("port"); port != "0" {
		return rediscli.Server{Network: "tcp", Addr: net.JoinHostPort(host, port)}, nil
	}
	if port := setting("tls-port"); port != "0" && port != "" {
		// A health check need not verify which server it reaches.
		config := &tls.Config{InsecureSkipVerify: true}
		if pair, err := tls.LoadX509KeyPair(setting("tls-cert-file"), setting("tls-key-file")); err == nil {
			config.Certificates = []tls.Certificate{pair} // tls-auth-clients wants a certificate of the authority
		}
		return rediscli.Server{Network: "tcp", Addr: net.JoinHostPort(host, port), TLS: config}, nil
	}
	if path := setting("unixsocket"); path != "" {
		return rediscli.Server{Network: "unix", Addr: path}, nil
	}
	return rediscli.Server{}, errors.New("the port of this server is not in its arguments; say --port N")
}
