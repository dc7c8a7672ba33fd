package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	respserver "github.com/resp-server/resp-server"
)

// TestRecordSpaces: the file has what clients do in spaces, and nothing of the
// program itself, so that a replay does not end the other server.
func TestRecordSpaces(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no signals to send")
	}
	file := filepath.Join(t.TempDir(), "record")
	p := start(t, "", "--port", "0", "--spaces", "yes", "--record", file)
	c, err := net.Dial("tcp", p.ready.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, command := range []string{"AUTH space:w1 x", "SET k v"} {
		fmt.Fprint(c, command+"\r\n")
		if _, err := io.ReadFull(c, make([]byte, len("+OK\r\n"))); err != nil {
			t.Fatal(err)
		}
	}
	p.cmd.Process.Signal(syscall.SIGTERM)
	p.cmd.Wait()
	srv := respserver.StartTest(t, respserver.Options{Config: []string{"spaces yes"}})
	var out, complaints strings.Builder
	if code := replay([]string{file, "--to", srv.Addr()}, &out, &complaints); code != 0 || out.String() != "2 commands, 0 replies differ, 0 more that vary by themselves\n" {
		t.Errorf("exit code %d\n%s%s", code, &out, &complaints)
	}
	space, err := srv.Space("w1")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := space.Do(t.Context(), "GET", "k"); err != nil || got.Text() != "v" {
		t.Errorf("the space has %v, %v", got, err)
	}
}

// TestRecordAndReplay records on one server and replays on another.
func TestRecordAndReplay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "record")
	p := start(t, "", "--port", "0", "--record", file)
	c, err := net.Dial("tcp", p.ready.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "SET n 41\r\nINCR n\r\nSHUTDOWN NOSAVE\r\n")
	p.cmd.Wait()
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), ">> INCR n\n") {
		t.Fatalf("%v\n%s", err, text)
	}
	cut, _, _ := strings.Cut(string(text), "SHUTDOWN")
	text = []byte(strings.TrimSuffix(strings.TrimSpace(cut), ">>") + "<\nOK\n<\n(integer) 42\n")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	srv := respserver.StartTest(t)
	var out, complaints strings.Builder
	if code := replay([]string{file, "--to", srv.Addr()}, &out, &complaints); code != 0 || out.String() != "2 commands, 0 replies differ, 0 more that vary by themselves\n" {
		t.Errorf("exit code %d\n%s%s", code, &out, &complaints)
	}
	out.Reset()
	os.WriteFile(file, []byte("> INCR n\n(integer) 7\n"), 0o600)
	if code := replay([]string{file, "--to=" + srv.Addr()}, &out, &complaints); code != 1 ||
		!strings.Contains(out.String(), "line 1: INCR n\n  recorded\n    (integer) 7\n  now\n    (integer) 43\n") || complaints.String() != "resp-server: 1 replies differ\n" {
		t.Errorf("exit code %d\n%s%s", code, &out, &complaints)
	}
	// Replay to a URL with a database, a password and TLS.
	authority, err := respserver.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	certs := t.TempDir()
	if err := authority.WriteFiles(certs); err != nil {
		t.Fatal(err)
	}
	secure, err := authority.ServerConfig()
	if err != nil {
		t.Fatal(err)
	}
	srv = respserver.StartTest(t, respserver.Options{TLS: secure, Users: []respserver.User{{Name: "ann", Password: "se cret", Role: respserver.App}, {Name: "default", Password: "x", Role: respserver.App}}})
	os.WriteFile(file, []byte("> INCR n\n(integer) 1\n"), 0o600)
	for _, args := range [][]string{
		{"--to", "redis://ann:se%20cret@" + srv.Addr() + "/1"},
		{"--to", "redis://:x@" + srv.Addr() + "/2"},
		{"--to", "rediss://ann:se%20cret@" + srv.TLSAddr() + "/3", "--cacert", filepath.Join(certs, "ca.crt")},
		{"--to", "rediss://ann:se%20cret@" + srv.TLSAddr() + "/4", "--insecure"},
	} {
		out.Reset()
		complaints.Reset()
		if code := replay(append([]string{file}, args...), &out, &complaints); code != 0 || !strings.HasPrefix(out.String(), "1 commands, 0 replies differ") {
			t.Errorf("%v: exit code %d\n%s%s", args, code, &out, &complaints)
		}
	}
	for want, to := range map[string]string{
		"AUTH: WRONGPASS invalid username-password pair or user is disabled.": "redis://ann:wrong@" + srv.Addr(), "Invalid URI scheme": "http://" + srv.Addr(),
		"certificate": "rediss://" + srv.TLSAddr(),
	} {
		complaints.Reset()
		if code := replay([]string{file, "--to", to}, &out, &complaints); code != 1 || !strings.Contains(complaints.String(), want) {
			t.Errorf("%s: exit code %d, %s", to, code, &complaints)
		}
	}
	for _, args := range [][]string{{}, {file}, {"--to", "x:1"}, {file, "--to"}, {file, "more", "--to", "x:1"}} {
		complaints.Reset()
		if code := replay(args, &out, &complaints); code != 1 || complaints.String() != "resp-server: "+errReplayUsage.Error()+"\n" {
			t.Errorf("%v: exit code %d, %s", args, code, &complaints)
		}
	}
}
