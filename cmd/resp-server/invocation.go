package main

import (
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
