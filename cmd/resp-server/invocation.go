package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
)

// role is the program to act as.
type role int

const (
	asServer role = iota
	asClient
	asChecker
	asSentinel
)

// roles maps program names to roles, so that a link with such a name acts as that
// program.
var roles = map[string]role{
	"resp-server": asServer, "redis-server": asServer, "valkey-server": asServer,
	"redis-cli": asClient, "valkey-cli": asClient,
	"resp-sentinel": asSentinel, "redis-sentinel": asSentinel, "valkey-sentinel": asSentinel,
	"redis-check-aof": asChecker, "valkey-check-aof": asChecker,
}

// invocation returns the role for a command line, and its arguments. As in the
// entry points of container images, the first argument may be the name of a
// program: "resp-server redis-cli ping".
func invocation(command []string) (role, []string) {
	is, args := roles[programName(command[0])], command[1:]
	if is == asServer && len(args) > 0 {
		if named, ok := roles[programName(args[0])]; ok {
			return named, args[1:]
		}
	}
	return is, args
}

func programName(path string) string { return strings.TrimSuffix(filepath.Base(path), ".exe") }

// isShell reports whether the arguments are a command for a shell, as in `sh -c
// "redis-server ..."`. Entry points of container images run such commands.
func isShell(args []string) bool {
	if len(args) < 2 || !strings.HasPrefix(args[1], "-") || !strings.HasSuffix(args[1], "c") {
		return false
	}
	switch programName(args[0]) {
	case "sh", "ash", "bash":
		return true
	}
	return false
}

// becomeShell replaces this process by the shell, or by /bin/sh if the image lacks
// that shell.
func becomeShell(args []string) error {
	for _, name := range []string{args[0], "/bin/sh"} {
		path, err := exec.LookPath(name)
		if err == nil {
			err = become(path, args)
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, exec.ErrNotFound) {
			return fmt.Errorf("can't run %s: %s", name, systemError(err))
		}
	}
	return fmt.Errorf("there is no %s here: write the arguments of redis-server without it", args[0])
}
