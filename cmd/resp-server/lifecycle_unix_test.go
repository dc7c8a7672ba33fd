//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// waitForLine reads the log up to a line that contains a text, and returns what it
// read.
func (p *process) waitForLine(t *testing.T, text string) string {
	t.Helper()
	var all string
	for {
		line, err := p.log.ReadString('\n')
		all += line
		if strings.Contains(line, text) {
			return all
		}
		if err != nil {
			t.Fatalf("no line %q: %v\n%s", text, err, all)
		}
	}
}

// end waits for the exit code and returns the rest of the log.
func (p *process) end(t *testing.T, code int) string {
	t.Helper()
	log, err := io.ReadAll(p.log)
	if err != nil {
		t.Error(err)
	}
	p.cmd.Wait()
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("exit code %d, want %d; the log says\n%s", got, code, log)
	}
	return string(log)
}

// files returns the names of the files in the server's directory.
func (p *process) files(t *testing.T) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(p.dir, "*.rdb"))
	if err != nil {
		t.Error(err)
	}
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	return strings.Join(names, " ")
}

// TestSecondSignal sends a second signal during the last save: after SIGTERM the
// server still waits for the save, after SIGINT it does not. No temporary file
// stays.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		first, second syscall.Signal
		delay         string // of the save, in µs a key
		code          int
		line, files   string
	}{
		{syscall.SIGTERM, syscall.SIGTERM, "30000", 0, "Redis is now ready to exit, bye bye...", "dump.rdb"},
		{syscall.SIGINT, syscall.SIGTERM, "30000", 0, "Redis is now ready to exit, bye bye...", "dump.rdb"},
		{syscall.SIGTERM, syscall.SIGINT, "60000000", 1, "# You insist... exiting now.", ""},
		{syscall.SIGINT, syscall.SIGINT, "60000000", 1, "# You insist... exiting now.", ""},
	} {
		t.Run(fmt.Sprint(c.first, c.second), func(t *testing.T) {
			t.Parallel()
			p := start(t, "", "--port", "0", "--save", "3600", "1", "--rdb-key-save-delay", c.delay)
			for i := range 10 {
				ask(t, "tcp", p.Addr, fmt.Sprint("SET ", i, " x"))
			}
			p.cmd.Process.Signal(c.first)
			p.waitForLine(t, "* Saving the final RDB snapshot before exiting.")
			p.cmd.Process.Signal(c.second)
			if log := p.end(t, c.code); !strings.Contains(log, c.line) {
				t.Errorf("the log says\n%s", log)
			}
			if got := p.files(t); got != c.files {
				t.Errorf("the server leaves the files %q, want %q", got, c.files)
			}
		})
	}
}

// TestSignalWhileLoading signals a server that loads a file without end.
func TestSignalWhileLoading(t *testing.T) {
	t.Parallel()
	p := &process{dir: t.TempDir()}
	if err := syscall.Mkfifo(filepath.Join(p.dir, "dump.rdb"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run(t, nil, "", "--port", "0", "--save", "60", "1")
	p.waitForLine(t, "Server initialized")
	p.cmd.Process.Signal(syscall.SIGTERM)
	log := p.end(t, 0)
	if !strings.Contains(log, "Received shutdown signal during loading") || !strings.Contains(log, "bye bye") {
		t.Errorf("the log says\n%s", log)
	}
	if got := p.files(t); got != "dump.rdb" {
		t.Errorf("the server leaves the files %q", got)
	}
}

// TestNotSaved: without save points the log warns of lost changes, but not if the
// user asked for that.
func TestNotSaved(t *testing.T) {
	t.Parallel()
	const line = "# 2 changes not saved: no save points, see --save"
	p := start(t, "", "--port", "0")
	ask(t, "tcp", p.Addr, "MSET a 1 b 2")
	p.cmd.Process.Signal(syscall.SIGTERM)
	if log := p.end(t, 0); strings.Count(log, line) != 1 {
		t.Errorf("the log says\n%s", log)
	}
	for _, args := range [][]string{{}, {"--shutdown-on-sigterm", "nosave"}, {"--save", "60", "1"}} {
		p := start(t, "", append(args, "--port", "0")...)
		if len(args) > 0 {
			ask(t, "tcp", p.Addr, "MSET a 1 b 2")
		}
		p.cmd.Process.Signal(syscall.SIGTERM)
		if log := p.end(t, 0); strings.Contains(log, "not saved") {
			t.Errorf("%q: the log says\n%s", args, log)
		}
	}
}

func TestDaemonize(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	os.Mkdir(filepath.Join(dir, "data"), 0o700)
	conf := "dir data\ndaemonize yes\npidfile my.pid\nlogfile my.log\n"
	cmd := exec.Command(binary, "--port", "0", "--ready-file", "ready.json", "-")
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(conf)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("output %q, %v", out, err)
	}
	// The server is ready as soon as the first process has ended. Paths are
	// relative to dir, except for those on the command line.
	var got ready
	if text, err := os.ReadFile(filepath.Join(dir, "ready.json")); err != nil || json.Unmarshal(text, &got) != nil {
		t.Fatalf("%s, %v", text, err)
	}
	defer syscall.Kill(got.PID, syscall.SIGKILL)
	if text, err := os.ReadFile(filepath.Join(dir, "data", "my.pid")); err != nil || string(text) != fmt.Sprintln(got.PID) || got.PID == cmd.Process.Pid {
		t.Errorf("the pid file has %q, %v; the process is %d, and was started by %d", text, err, got.PID, cmd.Process.Pid)
	}
	if group, err := syscall.Getpgid(got.PID); err != nil || group != got.PID {
		t.Errorf("its group is %d, %v", group, err)
	}
	// A server that can't start prints why, and exits.
	cmd = exec.Command(binary, "--port", fmt.Sprint(got.Port), "--daemonize", "yes", "--logfile", "other.log", "--pidfile", "other.pid")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err == nil || cmd.ProcessState.ExitCode() != 1 || strings.Count(string(out), "in use") != 1 {
		t.Errorf("output %q, %v", out, err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "other.log")); err != nil || !bytes.Contains(text, []byte("Address already in use")) {
		t.Errorf("its log has %q, %v", text, err)
	}
	c, err := net.Dial("tcp", got.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "SHUTDOWN\r\n")
	if n, err := io.ReadFull(c, make([]byte, 1)); err != io.EOF {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

func TestSystemd(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "n") // the path of t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "s")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	expect := func(want string) {
		t.Helper()
		buf := make([]byte, 1000)
		socket.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err := socket.Read(buf)
		if err != nil || string(buf[:n]) != want {
			t.Errorf("systemd got %q, %v; want %q", buf[:n], err, want)
		}
	}
	const saving = "STATUS=Saving the final RDB snapshot\n"
	start := func(options ...string) *process {
		t.Helper()
		p := &process{dir: t.TempDir()}
		p.run(t, []string{"NOTIFY_SOCKET=" + name, "UPSTART_JOB="}, "", append([]string{"--port", "0", "--daemonize", "yes", "--dir", p.dir}, options...)...)
		expect("STATUS=Redis is loading...\n")
		expect(fmt.Sprintf("READY=1\nMAINPID=%d\nSTATUS=Ready to accept connections\n", p.cmd.Process.Pid))
		return p
	}
	for _, mode := range []string{"systemd", "auto"} {
		p := start("--supervised", mode, "--save", "")
		p.cmd.Process.Signal(syscall.SIGTERM)
		expect("STOPPING=1\n")
		p.end(t, 0)
	}
	// systemd learns when a client's SHUTDOWN starts and how it goes on, whatever
	// the log level.
	p := start("--supervised", "systemd", "--loglevel", "warning", "--unixsocket", filepath.Join(dir, "c"))
	c, err := net.Dial("unix", filepath.Join(dir, "c"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := os.Mkdir(filepath.Join(p.dir, "dump.rdb"), 0o700); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(c, "SHUTDOWN SAVE\r\n")
	expect("STOPPING=1\n")
	expect(saving)
	expect("STATUS=Error trying to save the DB, can't exit.\n")
	if err := os.Remove(filepath.Join(p.dir, "dump.rdb")); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(c, "SHUTDOWN SAVE\r\n")
	expect("STOPPING=1\n")
	expect(saving)
	p.end(t, 0)
	// Without systemd the server does not wait for it.
	p = &process{dir: t.TempDir()}
	p.run(t, []string{"NOTIFY_SOCKET="}, "", "--port", "0", "--supervised", "systemd")
	p.waitForLine(t, "systemd supervision error: NOTIFY_SOCKET not found!")
	p.waitForLine(t, "Ready to accept connections tcp")
}

func TestUpstart(t *testing.T) {
	t.Parallel()
	p := &process{dir: t.TempDir()}
	p.run(t, []string{"UPSTART_JOB=j"}, "", "--port", "0", "--supervised", "auto")
	p.waitForLine(t, "supervised by upstart, will stop to signal readiness.")
	var status syscall.WaitStatus
	for !status.Stopped() {
		if _, err := syscall.Wait4(p.cmd.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil {
			t.Fatal(err)
		}
	}
	p.cmd.Process.Signal(syscall.SIGCONT)
	p.cmd.Process.Signal(syscall.SIGTERM)
	p.end(t, 0)
}

// TestFatalOnce: an error is written to both streams, but once if they are the
// same.
func TestFatalOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "dump.rdb")
	os.WriteFile(path, []byte("REDIS0011 and no more"), 0o600)
	args := []string{"--port", "0", "--dir", filepath.Dir(path)}
	if out := fail(t, "", args...); strings.Count(out, path+": ") != 1 || !strings.Contains(out, "# Fatal error loading the DB: ") {
		t.Errorf("output %q", out)
	}
	cmd := exec.Command(binary, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Run()
	if !strings.Contains(stdout.String(), path+": ") || !strings.HasPrefix(stderr.String(), "resp-server: loading the DB: "+path+": ") || strings.Count(stderr.String(), "\n") != 1 {
		t.Errorf("output %q and %q", stdout.String(), stderr.String())
	}
	if out := fail(t, "", append(args, "--loglevel", "nothing")...); strings.Count(out, path+": ") != 1 {
		t.Errorf("output %q", out)
	}
}

// TestLogSettings: the log level can change at run time, and after the log file was
// renamed a new one is created.
func TestLogSettings(t *testing.T) {
	t.Parallel()
	p := start(t, "", "--port", "0", "--logfile", "my.log", "--enable-debug-command", "yes")
	path := filepath.Join(p.dir, "my.log")
	for _, c := range []struct{ level, want string }{{"warning", "# DEBUG LOG: warning"}, {"nothing", ""}, {"notice", "# DEBUG LOG: notice"}} {
		if err := os.Rename(path, filepath.Join(p.dir, "old.log")); err != nil && c.level != "notice" {
			t.Fatal(err)
		}
		ask(t, "tcp", p.Addr, "CONFIG SET loglevel "+c.level)
		ask(t, "tcp", p.Addr, "DEBUG LOG "+c.level)
		text, err := os.ReadFile(path)
		if c.want == "" && err == nil || c.want != "" && (!strings.HasSuffix(string(text), c.want+"\n") || strings.Count(string(text), "\n") != 1) {
			t.Errorf("%s: %q, %v", c.level, text, err)
		}
	}
}
