package main

import (
	"bufio"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/effort"
)

var attackTime = flag.Duration("attack", 300*time.Millisecond, "how long servers are killed while they save or append")

// TestKilledWhileSaving kills servers at random moments while they save snapshots
// again and again. The next server must start, with the data of one moment that is
// not older than the last confirmed save.
func TestKilledWhileSaving(t *testing.T) {
	t.Parallel()
	const perRound, filler = 50, 20_000
	p := &process{dir: t.TempDir()}
	began, rounds := time.Now(), 0
	saved, written := 0, 0 // the number in the last confirmed save, and the last one written
	for rng := rand.New(rand.NewPCG(1, 0)); rounds < 2 || time.Since(began) < effort.Of(*attackTime); rounds++ {
		os.Remove(filepath.Join(p.dir, "ready.json"))
		p.line = ""
		p.run(t, nil, "", "--port", "0", "--dir", ".", "--save", "", "--enable-debug-command", "yes")
		p.awaitReady(t)
		n := 0
		if reply := ask(t, "tcp", p.Addr, "GET n"); reply != "$-1" {
			n, _ = strconv.Atoi(askBulk(t, p.Addr, "GET n"))
		}
		if n < saved || n > written {
			t.Fatalf("round %d: %d after the start; %d was saved, %d was written", rounds, n, saved, written)
		}
		if n > 0 {
			// A transaction is saved whole or not at all.
			if last := askBulk(t, p.Addr, fmt.Sprint("GET last:", n%10)); last != fmt.Sprint(n) {
				t.Fatalf("round %d: n is %d, but its key has %s", rounds, n, last)
			}
		} else {
			ask(t, "tcp", p.Addr, fmt.Sprint("DEBUG POPULATE ", filler))
		}
		saved, written = n, n
		c, err := net.Dial("tcp", p.Addr)
		if err != nil {
			t.Fatal(err)
		}
		kill := time.AfterFunc(time.Duration(rng.IntN(perRound))*time.Millisecond, func() { p.cmd.Process.Kill() })
		for in := bufio.NewReader(c); ; {
			written++
			save := [...]string{"SAVE", "BGSAVE"}[rng.IntN(2)]
			fmt.Fprintf(c, "MULTI\r\nSET n %d\r\nSET last:%d %d\r\nEXEC\r\n%s\r\n", written, written%10, written, save)
			line := ""
			for range 7 { // OK QUEUED QUEUED *2 OK OK, and the reply of the save
				if line, err = in.ReadString('\n'); err != nil {
					break
				}
			}
			if err != nil {
				break
			}
			if save == "SAVE" && line == "+OK\r\n" {
				saved = written
			}
		}
		kill.Stop()
		c.Close()
		p.cmd.Wait()
	}
	t.Logf("%d rounds, %d saves", rounds, written)
}

// TestKilledWhileAppending kills servers at random moments while many clients write
// and the append-only file is rewritten again and again. With appendfsync always
// the next server must have all confirmed writes, and each transaction whole or not
// at all.
func TestKilledWhileAppending(t *testing.T) {
	t.Parallel()
	const clients, perRound, atLeast = 4, 30, 10
	p := &process{dir: t.TempDir()}
	var answered, sent [clients]int
	began, rounds := time.Now(), 0
	for rng := rand.New(rand.NewPCG(2, 0)); rounds < atLeast || time.Since(began) < *attackTime; rounds++ {
		os.Remove(filepath.Join(p.dir, "ready.json"))
		p.line = ""
		preamble := [...]string{"yes", "no"}[rng.IntN(2)]
		p.run(t, nil, "", "--port", "0", "--dir", ".", "--appendonly", "yes", "--appendfsync", "always", "--aof-use-rdb-preamble", preamble)
		p.awaitReady(t)
		for i := range clients {
			n := 0
			if reply := ask(t, "tcp", p.Addr, fmt.Sprint("GET n", i)); reply != "$-1" {
				n, _ = strconv.Atoi(askBulk(t, p.Addr, fmt.Sprint("GET n", i)))
				if last := askBulk(t, p.Addr, fmt.Sprintf("GET last%d:%d", i, n%10)); last != fmt.Sprint(n) {
					t.Fatalf("round %d: n%d is %d, but its key has %s", rounds, i, n, last)
				}
			}
			if n < answered[i] || n > sent[i] {
				t.Fatalf("round %d: n%d is %d after the start; %d was answered, %d was sent", rounds, i, n, answered[i], sent[i])
			}
			answered[i], sent[i] = n, n
		}
		kill := time.AfterFunc(time.Duration(rng.IntN(perRound))*time.Millisecond, func() { p.cmd.Process.Kill() })
		var done sync.WaitGroup
		for i := range clients {
			done.Go(func() {
				c, err := net.Dial("tcp", p.Addr)
				if err != nil {
					return // already killed
				}
				defer c.Close()
				for in := bufio.NewReader(c); ; {
					sent[i]++
					n, lines := sent[i], 6 // OK QUEUED QUEUED *2 OK OK
					switch {
					case n%20 == 10 && i == 0:
						fmt.Fprint(c, "BGREWRITEAOF\r\n")
						lines++
					case n%2 == 0: // makes a second command in the packet
						fmt.Fprint(c, "PING\r\n")
						lines++
					}
					fmt.Fprintf(c, "MULTI\r\nSET n%d %d\r\nSET last%d:%d %d\r\nEXEC\r\n", i, n, i, n%10, n)
					for range lines {
						if _, err := in.ReadString('\n'); err != nil {
							return
						}
					}
					answered[i] = n
				}
			})
		}
		done.Wait()
		kill.Stop()
		p.cmd.Wait()
	}
	t.Logf("%d rounds, %v transactions", rounds, sent)
}

// askBulk is ask for commands with a bulk string reply.
func askBulk(t *testing.T, addr, command string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "%s\r\n", command)
	in := bufio.NewReader(c)
	if _, err = in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	line, err := in.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// TestCheckAOF checks files of a server, whole and cut, and repairs them.
func TestCheckAOF(t *testing.T) {
	t.Parallel()
	p := start(t, "", "--port", "0", "--dir", ".", "--appendonly", "yes")
	ask(t, "tcp", p.Addr, "SET k 1")
	ask(t, "tcp", p.Addr, "SET k 2")
	p.cmd.Process.Kill()
	p.cmd.Wait()
	files := filepath.Join(p.dir, "appendonlydir")
	manifest := filepath.Join(files, "appendonly.aof.manifest")
	check := func(code int, want string, args ...string) {
		t.Helper()
		if out, got := run(t, nil, append([]string{"redis-check-aof"}, args...)...); got != code || !strings.Contains(out, want) {
			t.Errorf("%q: exit code %d, want %d with %q:\n%s", args, got, code, want, out)
		}
	}
	check(1, "Usage: redis-check-aof [--fix|--truncate-to-timestamp $timestamp] <file.manifest|file.aof>")
	check(1, "Invalid timestamp, aborting...", "--truncate-to-timestamp", "x", manifest)
	check(0, "All AOF files and manifest are valid", manifest)
	last := filepath.Join(files, "appendonly.aof.1.incr.aof")
	info, err := os.Stat(last)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(last, info.Size()-1); err != nil {
		t.Fatal(err)
	}
	check(1, "Use the --fix option", manifest)
	check(1, "Aborting...", "--fix", manifest) // standard input confirms nothing
	cmd := exec.Command(binary, "redis-check-aof", "--fix", manifest)
	cmd.Stdin = strings.NewReader("y\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	check(0, "All AOF files and manifest are valid", manifest)
}
