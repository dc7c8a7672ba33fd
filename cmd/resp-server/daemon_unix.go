//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// backgroundEnv marks the process that daemonize starts. That process reads its
// settings, as lines of redis.conf, from standard input. Its standard error is a
// pipe to the process that started it: a NUL byte at the end means that it accepts
// connections, an end without one that the start failed.
const backgroundEnv = "RESP_SERVER_BACKGROUND"

// inBackground reports whether daemonize started this process. It returns true only
// once, so that child processes do not inherit the mark.
func inBackground() bool {
	defer os.Unsetenv(backgroundEnv)
	return os.Getenv(backgroundEnv) != ""
}

// daemonize starts this program again in a session of its own, and waits until the
// new process accepts connections or fails. It returns the exit code.
func daemonize(lines []string, dir string, stderr io.Writer) (int, error) {
	self, err := os.Executable()
	if err != nil {
		return 1, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return 1, err
	}
	cmd := &exec.Cmd{
		Path:        self,
		Args:        os.Args,
		Env:         append(os.Environ(), backgroundEnv+"=1"),
		Dir:         dir,
		Stdin:       strings.NewReader(strings.Join(lines, "\n")),
		Stderr:      w,
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	err = cmd.Start()
	w.Close()
	if err != nil {
		return 1, err
	}
	said, err := bufio.NewReader(r).ReadString(0)
	if err == nil {
		return 0, nil
	}
	io.WriteString(stderr, said)
	err = cmd.Wait()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), nil
	}
	return 1, err
}

// detach ends the waiting daemonize, and discards further output to standard error.
func detach(stderr *os.File) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	if _, err := stderr.Write([]byte{0}); err != nil {
		return err
	}
	return duplicate(int(null.Fd()), int(stderr.Fd()))
}

// stopMyself stops this process like SIGSTOP, until somebody continues it.
func stopMyself() error { return syscall.Kill(os.Getpid(), syscall.SIGSTOP) }

// become replaces this process by another program.
func become(path string, args []string) error { return syscall.Exec(path, args, os.Environ()) }
