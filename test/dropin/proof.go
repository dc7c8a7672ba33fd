package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// reason says why a test that passes with miniredis fails with ours.
type reason struct {
	Because string
	// Proof has commands in the syntax of redis-cli. The reply of a Redis server to
	// the last one shows that the test relied on something else.
	Proof []string
}

// mark is echoed before the last reply of a proof.
const mark = "the-last-reply-follows"

// replies returns the reply to the last command, from the server that the arguments
// of redis-cli name.
func replies(server []string, commands []string) (string, error) {
	last := len(commands) - 1
	input := strings.Join(append(append([]string{"FLUSHALL"}, commands[:last]...), "ECHO "+mark, commands[last]), "\n") + "\n"
	cmd := exec.Command("redis-cli", append([]string{"--no-raw"}, server...)...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.Output()
	_, reply, ok := strings.Cut(string(out), `"`+mark+"\"\n")
	if err != nil || !ok {
		return "", fmt.Errorf("redis-cli: %w: %s", err, out)
	}
	return strings.Join(strings.Fields(reply), " "), nil
}

// record returns the reason with the reply that proves it.
func (r reason) record(server []string) (string, error) {
	if len(r.Proof) == 0 {
		return r.Because, nil
	}
	reply, err := replies(server, r.Proof)
	if err != nil {
		return "", err
	}
	last := len(r.Proof) - 1
	after := ""
	if last > 0 {
		after = " after `" + strings.Join(r.Proof[:last], "`, `") + "`"
	}
	return fmt.Sprintf("%s; Redis answers `%s`%s with `%s`", r.Because, r.Proof[last], after, reply), nil
}

// redis starts a Redis server on a socket in a directory. It returns the arguments
// of redis-cli for it, and the version.
func redis(binary, dir string) (server []string, version string, stop func(), err error) {
	out, err := exec.Command(binary, "--version").Output()
	if err != nil {
		return nil, "", nil, err
	}
	for _, word := range strings.Fields(string(out)) {
		if v, ok := strings.CutPrefix(word, "v="); ok {
			version = v
		}
	}
	socket := filepath.Join(dir, "redis.sock")
	cmd := exec.Command(binary, "--port", "0", "--unixsocket", socket, "--save", "", "--dir", dir)
	if err := cmd.Start(); err != nil {
		return nil, "", nil, err
	}
	stop = func() {
		cmd.Process.Kill()
		cmd.Wait()
		os.Remove(socket)
	}
	server = []string{"-s", socket}
	for range 600 {
		if out, err := exec.Command("redis-cli", append(server, "PING")...).Output(); err == nil && bytes.HasPrefix(out, []byte("PONG")) {
			return server, version, stop, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	return nil, "", nil, fmt.Errorf("%s does not answer", binary)
}
