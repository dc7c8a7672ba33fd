package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/effort"
)

// binary is the built program.
var binary string

func TestMain(m *testing.M) {
	if addr := os.Getenv("START_AND_DIE"); addr != "" {
		startAndDie()
	}
	effort.Waiting()
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "resp-server")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "resp-server")
		if runtime.GOOS == "windows" {
			binary += ".exe"
		}
		if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// process is a running server.
type process struct {
	ready
	cmd    *exec.Cmd
	dir    string // working directory
	line   string // output up to the line that says it is ready
	log    *bufio.Reader
	stderr bytes.Buffer
}

// start runs the binary in a new directory and waits until it accepts connections.
func start(t *testing.T, stdin string, args ...string) *process {
	t.Helper()
	p := &process{dir: t.TempDir()}
	p.run(t, nil, stdin, args...)
	p.awaitReady(t)
	return p
}

// awaitReady waits until the binary accepts connections, and stores the addresses.
func (p *process) awaitReady(t *testing.T) {
	t.Helper()
	for !strings.Contains(p.line, "Ready to accept") {
		line, err := p.log.ReadString('\n')
		if p.line += line; err != nil {
			p.cmd.Wait()
			t.Fatalf("the log ends: %v\n%s", err, p.stderr.String())
		}
	}
	// The ready file is written after the line, and PING works after both.
	text, err := waitForFile(filepath.Join(p.dir, "ready.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &p.ready); err != nil {
		t.Fatal(err)
	}
}

// run runs the binary in p.dir with additional environment variables, and stops it
// at the end of the test.
func (p *process) run(t *testing.T, env []string, stdin string, args ...string) {
	t.Helper()
	at := len(args)
	if at > 0 && args[at-1] == "-" {
		at-- // which must stay the last argument
	}
	p.cmd = exec.Command(binary, slices.Insert(args, at, "--ready-file", "ready.json")...)
	p.cmd.Dir = p.dir
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdin = strings.NewReader(stdin)
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		p.cmd.Wait()
	})
	p.log = bufio.NewReader(stdout)
}

// waitForFile waits for a file to appear and returns its content.
func waitForFile(name string) ([]byte, error) {
	for deadline := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		text, err := os.ReadFile(name)
		if err == nil || time.Now().After(deadline) {
			return text, err
		}
	}
}

// fail runs the binary, which must exit with code 1, and returns its output.
func fail(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir = t.TempDir()
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("%q: %v, want exit status 1", args, err)
	}
	return string(out)
}

// ask sends one inline command and returns the first line of the reply.
func ask(t *testing.T, network, addr, command string) string {
	t.Helper()
	c, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "%s\r\n", command)
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

func (p *process) ping(t *testing.T) {
	t.Helper()
	if got := ask(t, "tcp", p.Addr, "PING"); got != "+PONG" {
		t.Errorf("PING: %q", got)
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	a, b := start(t, "", "--port", "0"), start(t, "", "--port", "0")
	a.ping(t)
	b.ping(t)
	if a.Port == b.Port || a.Port == 0 {
		t.Errorf("ports %d and %d", a.Port, b.Port)
	}
	if !strings.Contains(a.line, a.Addr) || !strings.HasPrefix(a.Addr, "127.0.0.1:") || a.Version != respserver.Version ||
		a.PID != a.cmd.Process.Pid || a.UnixSocket != "" || !strings.HasSuffix(a.Addr, fmt.Sprint(":", a.Port)) {
		t.Errorf("%q and %+v", a.line, a.ready)
	}
}

// TestLoad starts a server with fixtures and without data files.
func TestLoad(t *testing.T) {
	t.Parallel()
	p := &process{dir: t.TempDir()}
	for name, data := range map[string]string{"a.txt": "SET a 1", "b.json": `{"databases": {"0": {"b": 2}}}`, "dump.rdb": "damaged"} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.run(t, nil, "", "--port", "0", "--load", "a.txt", "--dir", "", "--load=b.json")
	text, err := waitForFile(filepath.Join(p.dir, "ready.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &p.ready); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, "tcp", p.Addr, "EXISTS a b"); got != ":2" {
		t.Error(got)
	}
	if got := ask(t, "tcp", p.Addr, "SAVE"); !strings.HasPrefix(got, "-ERR there is no directory") {
		t.Error(got)
	}
	if got := fail(t, "", "--load", "none.txt"); !strings.Contains(got, "none.txt") {
		t.Error(got)
	}
	if got := fail(t, "", "--strict", "nothing warn"); !strings.Contains(got, "no rule is called 'nothing'") {
		t.Error(got)
	}
	if got := fail(t, "", "--strict"); !strings.Contains(got, "--strict needs a rule and a level") {
		t.Error(got)
	}
	if got := fail(t, "", "--load"); !strings.Contains(got, "--load needs the name of a file") {
		t.Error(got)
	}
}

func TestStrict(t *testing.T) {
	t.Parallel()
	p := start(t, "", "--port", "0", "--strict", "all warn", "--strict=cross-slot error")
	if got := ask(t, "tcp", p.Addr, "MGET a b"); got != `-STRICT cross-slot: 'mget': "a" is in hash slot 15495, "b" in 3300` {
		t.Error(got)
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	p := start(t, "", "--port", "0", "--acl-user", "default::read-only", "--acl-user=ann:secret:app:user:*")
	for command, want := range map[string]string{
		"GET k":            "$-1",
		"SET k v":          "-NOPERM User default has no permissions to run the 'set' command",
		"AUTH ann wrong":   "-WRONGPASS invalid username-password pair or user is disabled.",
		"AUTH ann secret":  "+OK",
		"ACL GETUSER none": "-NOPERM User default has no permissions to run the 'acl|getuser' command",
	} {
		if got := ask(t, "tcp", p.Addr, command); got != want {
			t.Errorf("%s: %s", command, got)
		}
	}
	for user, want := range map[string]string{"ann": "is not NAME:PASSWORD:ROLE", "ann:x:king": "no role is called", "::app": "has no name"} {
		if got := fail(t, "", "--acl-user", user); !strings.Contains(got, want) {
			t.Errorf("%s: %s", user, got)
		}
	}
}

func TestShuffle(t *testing.T) {
	t.Parallel()
	p := &process{dir: t.TempDir()}
	p.run(t, nil, "", "--port", "0", "--dir", "", "--seed", "7", "--shuffle", "--testing", "--logfile", "log.txt")
	text, err := waitForFile(filepath.Join(p.dir, "ready.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &p.ready); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, "tcp", p.Addr, "TESTING SEED"); got != "$1" {
		t.Error(got)
	}
	log, err := os.ReadFile(filepath.Join(p.dir, "log.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if log := string(log); !strings.Contains(log, "Replies are shuffled; the same seed repeats their order seed=7") {
		t.Errorf("got %s", log)
	}
	if got := fail(t, "", "--seed", "seven"); !strings.Contains(got, "--seed needs a number from 1 on") {
		t.Error(got)
	}
}

// TestInspector: the URL of the inspector is in the log and in the ready file, and
// leads to the page.
func TestInspector(t *testing.T) {
	t.Parallel()
	p := start(t, "", "--inspector", "--port", "0")
	base, token, ok := strings.Cut(p.ready.Inspector, "/#token=")
	if !ok || token == "" || !strings.Contains(p.line, "Inspector: "+p.ready.Inspector+"\n") {
		t.Fatalf("the ready file has %q, the log %s", p.ready.Inspector, p.line)
	}
	answer, err := http.Get(base)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("%s", answer.Status)
	}
}

func TestTLSAuto(t *testing.T) {
	t.Parallel()
	p := start(t, "", "--port", "0", "--tls-auto", "certs")
	p.ping(t)
	ca, err := os.ReadFile(filepath.Join(p.dir, "certs", "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	cert, err := tls.LoadX509KeyPair(filepath.Join(p.dir, "certs", "client.crt"), filepath.Join(p.dir, "certs", "client.key"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := tls.Dial("tcp", p.TLSAddr, &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "PING\r\n")
	if line, err := bufio.NewReader(c).ReadString('\n'); line != "+PONG\r\n" {
		t.Error(line, err)
	}
}

// TestTLSAutoAuthClients: clients need no certificate, unless the setting says so.
func TestTLSAutoAuthClients(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]string{"": "+PONG\r\n", "yes": ""} {
		args := []string{"--port", "0", "--tls-auto", "certs"}
		if setting != "" {
			args = append(args, "--tls-auth-clients", setting)
		}
		p := start(t, "", args...)
		c, err := tls.Dial("tcp", p.TLSAddr, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprint(c, "PING\r\n")
		if line, _ := bufio.NewReader(c).ReadString('\n'); line != want { // TLS 1.3 refuses here
			t.Errorf("tls-auth-clients %q: got %q, want %q", setting, line, want)
		}
	}
}

func TestSignals(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no signals to send")
	}
	t.Parallel()
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		path := filepath.Join(t.TempDir(), "s")
		p := start(t, "", "--port", "0", "--unixsocket", path)
		c, err := net.Dial("tcp", p.Addr)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, "PING\r\n")
		if _, err := io.ReadFull(c, make([]byte, len("+PONG\r\n"))); err != nil {
			t.Fatal(err)
		}
		if err := p.cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("%v: a client reads %d bytes, %v", s, n, err)
		}
		c.Close()
		log, err := io.ReadAll(p.log)
		if err != nil {
			t.Error(err)
		}
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("%v: %v", s, err)
		}
		if !strings.Contains(string(log), "# Received "+signalName(s)+" scheduling shutdown...") ||
			!strings.Contains(string(log), "# Redis is now ready to exit, bye bye...") {
			t.Errorf("%v: the log says\n%s", s, log)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%v: the socket's file is still there", s)
		}
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	p := start(t, "", "--port", "0")
	out := fail(t, "", "--port", strconv.Itoa(p.Port))
	if !strings.Contains(out, p.Addr) || strings.Contains(out, "Ready") || strings.Count(out, "in use") > 1 {
		t.Errorf("output %q", out)
	}
}

func TestBadSettings(t *testing.T) {
	t.Parallel()
	conf := filepath.Join(t.TempDir(), "my.conf")
	os.WriteFile(conf, []byte("port 0\n\nmaxclients many\n"), 0o600)
	sentinel := filepath.Join(t.TempDir(), "sentinel.conf")
	os.WriteFile(sentinel, []byte("port 0\nsentinel monitor m 127.0.0.1 1 0\n"), 0o600)
	for _, c := range []struct {
		stdin, want string
		args        []string
	}{
		{"", "Reading the command line\n>>> 'prot \"1\"'\nBad directive or wrong number of arguments\nSee resp-server --help.\n", []string{"--prot", "1"}},
		{"", "Reading the command line\n>>> 'port'\nwrong number of arguments", []string{"--port"}},
		{"", "Reading the configuration file " + conf + ", at line 3\n>>> 'maxclients many'\nargument", []string{conf}},
		{"", ">>> '\"-x\"'\nBad directive", []string{"-x"}},
		{"", "Sentinel needs config file on disk to save state. Exiting...", []string{"--sentinel", "--port", "0"}},
		{"", "Reading the configuration file " + sentinel + ", at line 2\n>>> 'sentinel monitor m 127.0.0.1 1 0'\nQuorum must be 1 or greater.\n", []string{sentinel, "--sentinel"}},
		{"", "Reading the configuration file " + sentinel + ", at line 2\n>>> 'sentinel monitor m 127.0.0.1 1 0'\nsentinel directive while not in sentinel mode\n", []string{sentinel}},
		{"", "Can't open the log file: ", []string{"--logfile", "none/log"}},
		{"port x", "standard input, at line 1\n>>> 'port x'\n", []string{"-"}},
		{"", "/none.conf': ", []string{"none.conf"}},
		{"", "--ready-file needs", []string{"--ready-file"}},
		{"", "--ready-file: ", []string{"--ready-file", "none/ready", "--port", "0"}},
		{"", "none/s", []string{"--unixsocket", "none/s", "--port", "0"}},
		{"", "Can't open the log file: ", []string{"--logfile", "none/log"}},
	} {
		if got := fail(t, c.stdin, c.args...); !strings.Contains(got, c.want) {
			t.Errorf("%q says %q, want %q", c.args, got, c.want)
		}
	}
}

func TestConfigFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	more := filepath.Join(dir, "more.conf")
	os.WriteFile(more, []byte("databases 3"), 0o600)
	conf := filepath.Join(dir, "my.conf")
	os.WriteFile(conf, []byte("# ours\nPORT 1\ninclude \""+filepath.ToSlash(more)+"\"\nlogfile 'the log'\n"), 0o600)
	p := start(t, "port 2\ntimeout 5\n", conf, "--port", "0", "--loglevel", "debug", "-")
	if got := ask(t, "tcp", p.Addr, "SELECT 2"); got != "+OK" {
		t.Error(got)
	}
	if got := ask(t, "tcp", p.Addr, "SELECT 3"); !strings.HasPrefix(got, "-ERR") {
		t.Error(got)
	}
	if text, err := os.ReadFile(filepath.Join(p.dir, "the log")); err != nil || !bytes.Contains(text, []byte("Server initialized")) {
		t.Errorf("the log is %q, %v", text, err)
	}
}

func TestConfigRewrite(t *testing.T) {
	t.Parallel()
	conf := filepath.Join(t.TempDir(), "my.conf")
	os.WriteFile(conf, []byte("# ours\nmaxclients 7\nuser u on\n"), 0o600)
	p := start(t, "", conf, "--port", "0")
	for _, command := range []string{"CONFIG SET maxclients 8", "ACL SETUSER u off", "CONFIG REWRITE"} {
		if got := ask(t, "tcp", p.Addr, command); got != "+OK" {
			t.Errorf("%s: %s", command, got)
		}
	}
	if text, err := os.ReadFile(conf); err != nil || !strings.HasPrefix(string(text), "# ours\nmaxclients 8\nuser default on nopass ") {
		t.Errorf("%s, %v", text, err)
	}
	if got := fail(t, "", "--user", "foo", "--user", "foo"); !strings.Contains(got, "Duplicate user") {
		t.Errorf("output %q", got)
	}
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "s") // the path of t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "s")
	p := start(t, "", "--bind", "", "--unixsocket", path, "--unixsocketperm", "700")
	if p.UnixSocket != path || p.Addr != "" || !strings.Contains(p.line, path) {
		t.Errorf("%q and %+v", p.line, p.ready)
	}
	if got := ask(t, "unix", path, "PING"); got != "+PONG" {
		t.Error(got)
	}
	if info, err := os.Stat(path); err == nil && runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("its mode is %v", info.Mode())
	}
	if got := fail(t, "", "--bind", "", "--unixsocket", path); !strings.Contains(got, path) {
		t.Errorf("a second server says %q", got)
	}
	// The socket of a killed server stays, and must not stop the next one.
	p.cmd.Process.Kill()
	p.cmd.Wait()
	q := start(t, "", "--port", "0", "--unixsocket", path)
	if got := ask(t, "unix", q.UnixSocket, "PING"); got != "+PONG" {
		t.Error(got)
	}
}

func TestBind(t *testing.T) {
	t.Parallel()
	p := start(t, "", "--port", "0", "--bind", "127.0.0.1", "-192.0.2.1", "-::1")
	p.ping(t)
	if strings.Contains(p.line, "192.0.2.1") {
		t.Errorf("output %q", p.line)
	}
	if got := fail(t, "", "--port", "0", "--bind", "192.0.2.1"); !strings.Contains(got, "192.0.2.1:0") {
		t.Errorf("output %q", got)
	}
	start(t, "", "--port", "0", "--bind", "*").ping(t)
	if got := fail(t, "", "--bind", ""); !strings.Contains(got, "bind and unixsocket") {
		t.Errorf("output %q", got)
	}
}

func TestReadyDescriptor(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files are not inherited by number")
	}
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command(binary, "--port", "0", "--ready-file", "3", "--bind", "127.0.0.1")
	cmd.Dir = t.TempDir()
	cmd.ExtraFiles = []*os.File{w}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	defer cmd.Wait()
	defer cmd.Process.Kill()
	text, err := io.ReadAll(r) // ends because the server closes its side
	var got ready
	if err != nil || json.Unmarshal(text, &got) != nil || got.PID != cmd.Process.Pid {
		t.Errorf("%q, %v", text, err)
	}
}

// TestExitWithParent makes this test binary start a server and exit.
func TestExitWithParent(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "START_AND_DIE="+binary)
	out, err := cmd.Output()
	var got ready
	if err != nil || json.Unmarshal(out, &got) != nil {
		t.Fatalf("%q, %v", out, err)
	}
	// The server's copy of this pipe closes when the server ends.
	c, err := net.Dial("tcp", got.Addr)
	if err != nil {
		return // already gone
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("process %d outlives its parent", got.PID)
	}
}

// startAndDie starts a server from a thread that ends at once, waits until it is
// ready, prints its ready file, and exits without stopping it.
func startAndDie() {
	dir, _ := os.MkdirTemp("", "orphan")
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "ready")
	cmd := exec.Command(os.Getenv("START_AND_DIE"), "--port", "0", "--dir", os.TempDir(), "--exit-with-parent", "--ready-file", name)
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // a goroutine that ends with a locked thread ends the thread
		started <- cmd.Start()
	}()
	err := <-started
	if err == nil {
		var text []byte
		text, err = waitForFile(name)
		os.Stdout.Write(text)
	}
	os.RemoveAll(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// TestVersionAndHelp: programs that ask a redis-server for its version take the
// first number of this form, so that must be the version of Redis.
func TestVersionAndHelp(t *testing.T) {
	t.Parallel()
	version := regexp.MustCompile(`^Redis server v=(\d+\.\d+\.\d+) sha=[0-9a-f]{8}:[01] malloc=\S+ bits=(32|64) build=[0-9a-f]{16} \(resp-server (\S+)\)\n$`)
	for _, args := range [][]string{{"-v"}, {"--version"}, {"--port", "1", "--version"}, {"none.conf", "-v"}} {
		out, err := exec.Command(binary, args...).CombinedOutput()
		if m := version.FindSubmatch(out); err != nil || m == nil || string(m[1]) != respserver.RedisVersion || string(m[3]) != respserver.Version {
			t.Errorf("%q: %q, %v", args, out, err)
		}
	}
	for _, c := range []struct {
		want string
		args []string
	}{
		{"resp-server " + respserver.Version + " (", []string{"version"}},
		{"Usage: resp-server", []string{"-h"}},
		{"Usage: resp-server", []string{"none.conf", "--port", "1", "--help"}},
		{"[overcommit]...skipped\n", []string{"--check-system"}},
		{"\nYour memory passed this test.\n", []string{"--test-memory", "1"}},
	} {
		out, err := exec.Command(binary, c.args...).CombinedOutput()
		if exit := (*exec.ExitError)(nil); err != nil && !(c.args[0] == "--check-system" && errors.As(err, &exit)) || !strings.Contains(string(out), c.want) {
			t.Errorf("%q: %q, %v", c.args, out, err)
		}
	}
	for _, args := range [][]string{{"--test-memory"}, {"--test-memory", "x"}, {"--test-memory", "0"}} {
		if out := fail(t, "", args...); !strings.HasPrefix(out, "Please specify the amount of memory to test in megabytes.\n") {
			t.Errorf("%q: %q", args, out)
		}
	}
}
