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

// backgroundEnv marks the process that daemonize starts. It reads the settings
// from its standard input, as lines of redis.conf. Its standard error is a pipe
// to the process that started it: the pipe ends with a NUL byte once
// connections are accepted, and without one if the start failed.
const backgroundEnv = "RESP_SERVER_BACKGROUND"

// inBackground says whether this process is the one that daemonize started. The
// answer is true only once, so that children do not inherit it.
func inBackground() bool {
	defer os.Unsetenv(backgroundEnv)
	return os.Getenv(backgroundEnv) != ""
}

// daemonize starts this program once more, in a session of its own, and waits
// until that one accepts connections or fails. It returns the exit code.
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

// detach lets the process that waits in daemonize end, and has what is written
// to the standard error from now on go nowhere.
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

// stopMyself stops this process as SIGSTOP does, until somebody continues it.
func stopMyself() error { return syscall.Kill(os.Getpid(), syscall.SIGSTOP) }

// become replaces this program by another one.
func become(path string, args []string) error { return syscall.Exec(path, args, os.Environ()) }
