package respserver

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// TestSocketOptions: the sockets have the options that the settings ask for.
func TestSocketOptions(t *testing.T) {
	const (
		soMark, soProtocol = 36, 38
		mptcp              = 262
	)
	for _, eventLoop := range []bool{false, true} {
		var log bytes.Buffer
		s, err := Start(Options{EventLoop: eventLoop, Logger: slog.New(slog.NewTextHandler(&log, nil)), Config: []string{
			"tcp-backlog 7", "socket-mark-id 5", "tcp-keepalive 77", "mptcp yes",
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		plain, err := Start(Options{EventLoop: eventLoop})
		if err != nil {
			t.Fatal(err)
		}
		defer plain.Close()
		listener(t, plain, func(fd int) {
			if n := backlog(t, fd); n != 511 {
				t.Errorf("the default backlog is %d", n)
			}
			if n, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, soProtocol); n != syscall.IPPROTO_TCP {
				t.Errorf("the default protocol is %d, %v", n, err)
			}
		})
		listener(t, s, func(fd int) {
			if n := backlog(t, fd); n != 7 {
				t.Errorf("the backlog is %d", n)
			}
			// Without privileges the log has the error.
			if n, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, soMark); n != 5 && !strings.Contains(log.String(), "not permitted") {
				t.Errorf("the mark is %d, %v", n, err)
			}
			enabled, _ := os.ReadFile("/proc/sys/net/mptcp/enabled")
			if n, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, soProtocol); n != mptcp && string(bytes.TrimSpace(enabled)) == "1" {
				t.Errorf("the protocol is %d, %v", n, err)
			}
		})
		idle := func() int {
			t.Helper()
			c, err := net.Dial("tcp", s.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			fmt.Fprint(c, "CLIENT INFO\r\n")
			buf := make([]byte, 4096)
			n, err := c.Read(buf)
			m := regexp.MustCompile(` fd=(\d+) `).FindSubmatch(buf[:n])
			if m == nil {
				t.Fatalf("%s, %v", buf[:n], err)
			}
			fd, _ := strconv.Atoi(string(m[1]))
			if on, _ := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_KEEPALIVE); on == 0 {
				return 0
			}
			seconds, err := syscall.GetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE)
			if err != nil {
				t.Fatal(err)
			}
			return seconds
		}
		if n := idle(); n != 77 {
			t.Errorf("keep-alive after %d s", n)
		}
		say(t, s, "CONFIG", "SET", "tcp-keepalive", "0")
		if n := idle(); n != 0 {
			t.Errorf("keep-alive after %d s although it is off", n)
		}
	}
}

// listener calls f with the descriptor of the first listening socket.
func listener(t *testing.T, s *Server, f func(fd int)) {
	rc, err := s.doors[0].Listener.(syscall.Conn).SyscallConn()
	if err == nil {
		err = rc.Control(func(fd uintptr) { f(int(fd)) })
	}
	if err != nil {
		t.Fatal(err)
	}
}

// backlog returns the backlog of a listening socket, which a field of TCP_INFO
// shows.
func backlog(t *testing.T, fd int) uint32 {
	var info [64]byte
	size := uint32(len(info))
	_, _, errno := syscall.Syscall6(syscall.SYS_GETSOCKOPT, uintptr(fd), syscall.IPPROTO_TCP, syscall.TCP_INFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		t.Fatal(errno)
	}
	const sacked = 8 + 5*4
	return *(*uint32)(unsafe.Pointer(&info[sacked]))
}

// TestOOMScore: oom-score-adj changes the score of the process, and restores it.
func TestOOMScore(t *testing.T) {
	score := func() int {
		text, err := os.ReadFile(oomFile)
		if err != nil {
			t.Skip(err)
		}
		n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		return n
	}
	first := score()
	s := start(t, Options{Config: []string{"oom-score-adj relative", "oom-score-adj-values 7 200 800"}})
	expectScore := func(what string, want int) {
		t.Helper()
		if got := score(); got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	expectScore("at the start", first+7)
	expect(t, s, "OK", "CONFIG", "SET", "oom-score-adj-values", "9 200 800")
	expectScore("other values", first+9)
	expect(t, s, "OK", "CONFIG", "SET", "oom-score-adj", "absolute", "oom-score-adj-values", fmt.Sprint(first+20, " 200 800"))
	expectScore("absolute", first+20)
	expect(t, s, "OK", "CONFIG", "SET", "oom-score-adj", "no")
	expectScore("off", first)
}

// TestUnixSocketGroup: a Unix socket gets the group of the setting.
func TestUnixSocketGroup(t *testing.T) {
	dir, err := os.MkdirTemp("", "s") // the path of t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "s")
	lines := []string{`bind ""`, "unixsocket " + path}
	group := os.Getgid()
	if os.Getuid() == 0 {
		group = 12345
	}
	s, err := Start(Options{Config: append(lines, fmt.Sprint("unixsocketgroup ", group))})
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || int(info.Sys().(*syscall.Stat_t).Gid) != group {
		t.Errorf("the socket has another group: %v, %v", info, err)
	}
	s.Close()
	if s, err := Start(Options{Config: append(lines, "unixsocketgroup no-such-group")}); err == nil {
		s.Close()
		t.Error("the server starts with an unknown group")
	}
}
