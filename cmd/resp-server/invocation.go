package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
)

// The names of the program. Links with these names do what the program of that name does.
var (
	serverNames = map[string]bool{"resp-server": true, "redis-server": true, "valkey-server": true}
	clientNames = map[string]bool{"redis-cli": true, "valkey-cli": true}
)

// invocation returns whether a command line is for the client, and its arguments. As in the entry points of container
// images, the first argument may be the name of a program: "resp-server redis-cli ping".
func invocation(command []string) (client bool, args []string) {
	name, args := command[0], command[1:]
	if len(args) > 0 && !isClientName(name) && (isServerName(args[0]) || isClientName(args[0])) {
		name, args = args[0], args[1:]
	}
	return isClientName(name), args
}

func isServerName(path string) bool { return serverNames[programName(path)] }
func isClientName(path string) bool { return clientNames[programName(path)] }

func programName(path string) string { return strings.TrimSuffix(filepath.Base(path), ".exe") }

// isShell says whether arguments are a command for a shell, as in `sh -c "redis-server ..."`. Entry points of container
// images run such commands.
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

// becomeShell replaces this program by a shell. The sh of the image is good for commands of any.
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
