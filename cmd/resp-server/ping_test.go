package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestInvocation parses command lines of users and of container images.
func TestInvocation(t *testing.T) {
	for _, c := range []struct {
		command, args string
		is            role
	}{
		{"resp-server", "", asServer},
		{"resp-server --port 1", "--port 1", asServer},
		{"/usr/local/bin/resp-server redis-server --save", "--save", asServer},
		{"resp-server /usr/local/bin/redis-server my.conf", "my.conf", asServer},
		{"resp-server redis.conf redis-server", "redis.conf redis-server", asServer},
		{"redis-server redis-server --port 1", "--port 1", asServer},
		{"resp-server redis-cli ping", "ping", asClient},
		{"resp-server valkey-cli -p 1 ping", "-p 1 ping", asClient},
		{"/bin/redis-cli ping", "ping", asClient},
		{"redis-cli redis-cli", "redis-cli", asClient},
		{"redis-cli.exe ping", "ping", asClient},
		{"resp-server ping redis-cli", "ping redis-cli", asServer},
		{"resp-server redis-check-aof --fix f", "--fix f", asChecker},
		{"/bin/valkey-check-aof f", "f", asChecker},
	} {
		is, args := invocation(strings.Fields(c.command))
		if got := strings.Join(args, " "); is != c.is || got != c.args {
			t.Errorf("%s: %v, %q", c.command, is, got)
		}
	}
}

// TestShell runs shell commands, as the entry point of a container does.
func TestShell(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		if out, code := run(t, nil, "sh", "-c", "exit 7"); code != 1 || !strings.Contains(out, "sh") {
			t.Errorf("%d, %s", code, out)
		}
		return
	}
	if out, code := run(t, []string{"X=y"}, "sh", "-c", "echo $X $0; exit 7", "name"); code != 7 || out != "y name\n" {
		t.Errorf("%d, %s", code, out)
	}
	if out, code := run(t, []string{"PATH=/nonexistent"}, "bash", "-ec", "echo fine"); code != 0 || out != "fine\n" {
		t.Errorf("%d, %s", code, out)
	}
}

// TestAddress derives the address of a server from its settings alone.
func TestAddress(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"", "tcp 127.0.0.1:6379"},
		{"--port 7000", "tcp 127.0.0.1:7000"},
		{"--bind 10.0.0.1 127.0.0.1", "tcp 127.0.0.1:6379"},
		{"--bind * -::*", "tcp 127.0.0.1:6379"},
		{"--bind -10.0.0.1 -::1", "tcp 10.0.0.1:6379"},
		{"--bind ::*", "tcp [::1]:6379"},
		{"--port 0 --unixsocket /run/s", "unix /run/s"},
		{"--port 0 --tls-port 7001 --unixsocket /run/s", "tcp 127.0.0.1:7001 tls"},
		{"--port 0", "the port of this server is not in its arguments; say --port N"},
	} {
		a, err := parseArgs(strings.Fields(c.args))
		if err != nil {
			t.Fatal(err)
		}
		lines, err := a.settings(strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		server, err := address(lines)
		got := server.Network + " " + server.Addr
		if server.TLS != nil {
			got += " tls"
		}
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.args, got, c.want)
		}
	}
}

// run runs the binary until it exits, and returns its output and exit code.
func run(t *testing.T, env []string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), env...)
	out, _ := cmd.CombinedOutput()
	return string(out), cmd.ProcessState.ExitCode()
}

// TestPing pings servers by their arguments, their configuration file, and their
// process.
func TestPing(t *testing.T) {
	t.Parallel()
	conf := filepath.Join(t.TempDir(), "my.conf")
	p := start(t, "", "--port", "0", "--requirepass", "secret")
	_, port, _ := net.SplitHostPort(p.Addr)
	if err := os.WriteFile(conf, []byte("port "+port+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--port", port}, {conf}, {"-p", port}} {
		if out, code := run(t, nil, slices.Insert(args, 0, "ping")...); code != 0 || out != "NOAUTH Authentication required.\n" {
			t.Errorf("%q: %d, %s", args, code, out)
		}
	}
	if out, code := run(t, nil, "redis-cli", "-p", port, "-a", "secret", "--no-auth-warning", "ping"); code != 0 || out != "PONG\n" {
		t.Errorf("%d, %s", code, out)
	}
	p.cmd.Process.Kill()
	p.cmd.Wait()
	if out, code := run(t, nil, "ping", "--port", port); code != 1 || !strings.HasPrefix(out, "resp-server: ") {
		t.Errorf("%d, %s", code, out)
	}
}

// TestPingProcess finds the address of a server by its process, as the health check
// of a container does.
func TestPingProcess(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		if out, code := run(t, nil, "ping", "--pid", strconv.Itoa(os.Getpid())); code != 1 || !strings.Contains(out, "can't find the arguments") {
			t.Errorf("%d, %s", code, out)
		}
		return
	}
	socket := filepath.Join(t.TempDir(), "s")
	p := start(t, "", "redis-server", "--port", "0", "--unixsocket", socket)
	if out, code := run(t, nil, "ping", "--pid", strconv.Itoa(p.cmd.Process.Pid)); code != 0 || out != "PONG\n" {
		t.Errorf("%d, %s", code, out)
	}
	if out, code := run(t, nil, "ping", "--pid", strconv.Itoa(os.Getpid())); code != 1 || !strings.Contains(out, "is no resp-server") {
		t.Errorf("%d, %s", code, out)
	}
}

// TestDefaults replaces defaults by a file that the environment names; files and
// options of users override it.
func TestDefaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "image.conf")
	if err := os.WriteFile(file, []byte("maxclients 77\ntimeout 5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &process{dir: dir}
	p.run(t, []string{"RESP_SERVER_DEFAULTS=" + file}, "", "--port", "0", "--timeout", "6")
	p.awaitReady(t)
	for setting, want := range map[string]string{"maxclients": "77", "timeout": "6"} {
		_, port, _ := net.SplitHostPort(p.Addr)
		if out, _ := run(t, nil, "redis-cli", "-p", port, "config", "get", setting); out != setting+"\n"+want+"\n" {
			t.Errorf("got %q", out)
		}
	}
	if out, code := run(t, []string{"RESP_SERVER_DEFAULTS=" + dir + "/nosuch"}, "--port", "0"); code != 1 || !strings.Contains(out, "RESP_SERVER_DEFAULTS") {
		t.Errorf("%d, %s", code, out)
	}
}
