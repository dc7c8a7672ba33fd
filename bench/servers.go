package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
)

const ours = "resp-server"

// spec is a server to measure.
type spec struct {
	name string // "redis-server"
	path string
	args []string // the port follows
	dir  string
}

// plain are the settings with which all servers but miniredis run.
var plain = []string{"--save", ""}

func redisLike(name, path string, extra ...string) spec {
	return spec{name: name, path: path, args: slices.Concat(plain, extra, []string{"--port"})}
}

// findServers builds resp-server and finds the others. Ours comes first.
func findServers(dir, names string, extra []string) ([]spec, error) {
	binary := filepath.Join(dir, ours)
	if err := build(".", binary, "github.com/resp-server/resp-server/cmd/resp-server"); err != nil {
		return nil, err
	}
	specs := []spec{redisLike(ours, binary, extra...)}
	for name := range strings.SplitSeq(names, ",") {
		if name == "" {
			continue
		}
		if name == "miniredis" {
			self, err := os.Executable()
			if err != nil {
				return nil, err
			}
			specs = append(specs, spec{name: name, path: self, args: []string{"-serve-miniredis"}})
			continue
		}
		path, err := exec.LookPath(name)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s is not there\n", name)
			continue
		}
		specs = append(specs, redisLike(filepath.Base(name), path))
	}
	return in(dir, specs), nil
}

// findBuilds builds this tree and another state of it: a commit, or a binary if before is
// the path of a file.
func findBuilds(dir, before string, extra []string) ([]spec, error) {
	specs, err := findServers(dir, "", extra)
	if err != nil {
		return nil, err
	}
	path := before
	if _, err := os.Stat(before); err != nil {
		tree := filepath.Join(dir, "tree")
		if out, err := exec.Command("git", "worktree", "add", "--detach", tree, before).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("git worktree add %s: %w\n%s", before, err, out)
		}
		path = filepath.Join(dir, "before")
		err := build(tree, path, "./cmd/resp-server")
		exec.Command("git", "worktree", "remove", "--force", tree).Run()
		if err != nil {
			return nil, err
		}
	}
	return in(dir, append(specs, redisLike("before", path, extra...))), nil
}

func build(dir, binary, what string) error {
	cmd := exec.Command("go", "build", "-o", binary, what)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building resp-server: %w", err)
	}
	return nil
}

// in makes servers put their files into dir.
func in(dir string, specs []spec) []spec {
	for i := range specs {
		specs[i].dir = dir
	}
	return specs
}

// serveMiniredis runs miniredis in a process of this program.
func serveMiniredis(port string) {
	m := miniredis.NewMiniRedis()
	if err := m.StartAddr("127.0.0.1:" + port); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	select {}
}

// server is a running server.
type server struct {
	spec
	port int
	cmd  *exec.Cmd
	took time.Duration // from exec to the first PONG
}

// start starts a server and waits until it replies.
func (s spec) start() (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	r := &server{spec: s, port: port}
	if r.dir, err = os.MkdirTemp(s.dir, s.name); err != nil { // a directory without a snapshot for each
		return nil, err
	}
	r.cmd = exec.Command(s.path, append(s.args[:len(s.args):len(s.args)], strconv.Itoa(port))...)
	r.cmd.Dir = r.dir
	begin := time.Now()
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	for time.Since(begin) < 10*time.Second {
		if c, err := r.dial(); err == nil {
			_, err := c.do("PING")
			c.Close()
			if err == nil {
				r.took = time.Since(begin)
				return r, nil
			}
		}
		time.Sleep(50 * time.Microsecond)
	}
	r.stop()
	return nil, fmt.Errorf("%s does not answer", s.name)
}

// start starts the servers with these names, or all.
func (b *bench) start(names ...string) (list []*server, stop func(), err error) {
	stop = func() {
		for _, s := range list {
			s.stop()
		}
	}
	for _, spec := range b.specs {
		if len(names) > 0 && !slices.Contains(names, spec.name) {
			continue
		}
		s, err := spec.start()
		if err != nil {
			stop()
			return nil, nil, err
		}
		list = append(list, s)
	}
	return list, stop, nil
}

func (s *server) stop() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
	os.RemoveAll(s.dir)
}

// rss returns the resident memory in bytes.
func (s *server) rss() (int, error) {
	out, err := exec.Command("ps", "-o", "rss=", "-p", strconv.Itoa(s.cmd.Process.Pid)).Output()
	if err != nil {
		return 0, err
	}
	kb, err := strconv.Atoi(strings.TrimSpace(string(out)))
	return kb << 10, err
}

// usage is the processor time that a program has used: in the program, in the kernel on
// its behalf, and both as the scheduler counted it, which is exact where the others come
// in hundredths of a second.
type usage struct{ user, system, both time.Duration }

// since returns what was used after before. All is 0 on systems without /proc.
func (u usage) since(before usage) usage {
	d := usage{u.user - before.user, u.system - before.system, u.both - before.both}
	switch ticks := d.user + d.system; {
	case d.both == 0:
		d.both = ticks
	case ticks > 0:
		d.user = time.Duration(float64(d.both) * float64(d.user) / float64(ticks))
		d.system = d.both - d.user
	}
	return d
}

// usage reads what a server has used so far.
func (s *server) usage() (u usage) {
	proc := fmt.Sprintf("/proc/%d/", s.cmd.Process.Pid)
	threads, _ := filepath.Glob(proc + "task/*/schedstat")
	for _, file := range threads {
		text, _ := os.ReadFile(file)
		ran, _, _ := strings.Cut(string(text), " ")
		n, _ := strconv.Atoi(ran)
		u.both += time.Duration(n)
	}
	text, _ := os.ReadFile(proc + "stat")
	_, fields, _ := strings.Cut(string(text), ") ")
	if f := strings.Fields(fields); len(f) >= 13 {
		user, _ := strconv.Atoi(f[11])
		system, _ := strconv.Atoi(f[12])
		u.user, u.system = time.Duration(user)*10*time.Millisecond, time.Duration(system)*10*time.Millisecond
	}
	return u
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// conn is a connection that parses replies only to find their ends.
type conn struct {
	net.Conn
	in  *bufio.Reader
	buf []byte
}

func (s *server) dial() (*conn, error) {
	c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)))
	if err != nil {
		return nil, err
	}
	return newConn(c), nil
}

func newConn(c net.Conn) *conn { return &conn{Conn: c, in: bufio.NewReaderSize(c, 64<<10)} }

// do runs a command and returns the first line of its reply.
func (c *conn) do(args ...string) (string, error) {
	c.buf = appendCommand(c.buf[:0], args...)
	if _, err := c.Write(c.buf); err != nil {
		return "", err
	}
	return c.reply()
}

// reply reads a reply and returns its first line.
func (c *conn) reply() (string, error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return "", err
	}
	first := strings.TrimRight(string(line), "\r\n")
	switch first[0] {
	case '-':
		return "", errors.New(first[1:])
	case '$':
		n, _ := strconv.Atoi(first[1:])
		_, err = c.in.Discard(max(n+2, 0))
		if n < 0 {
			err = nil
		}
	case '*':
		n, _ := strconv.Atoi(first[1:])
		for range n {
			if _, err := c.reply(); err != nil {
				return "", err
			}
		}
	}
	return first, err
}

// fill sends n commands in pipelines; each appends the i-th command to a buffer.
func (s *server) fill(n int, each func(b []byte, i int) []byte) error {
	return s.pipeline(n, 1000, each)
}

// pipeline is fill with a given number of commands per pipeline.
func (s *server) pipeline(n, batch int, each func(b []byte, i int) []byte) error {
	c, err := s.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	for i := 0; i < n; {
		c.buf = c.buf[:0]
		from := i
		for ; i < min(n, from+batch); i++ {
			c.buf = each(c.buf, i)
		}
		if _, err := c.Write(c.buf); err != nil {
			return err
		}
		for range i - from {
			if _, err := c.reply(); err != nil {
				return err
			}
		}
	}
	return nil
}

func appendCommand(b []byte, args ...string) []byte {
	b = append(b, '*')
	b = strconv.AppendInt(b, int64(len(args)), 10)
	b = append(b, "\r\n"...)
	for _, a := range args {
		b = append(b, '$')
		b = strconv.AppendInt(b, int64(len(a)), 10)
		b = append(b, "\r\n"...)
		b = append(b, a...)
		b = append(b, "\r\n"...)
	}
	return b
}
