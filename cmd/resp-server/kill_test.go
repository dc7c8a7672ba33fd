package main

import (
	"bufio"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/effort"
)

var attackTime = flag.Duration("attack", 300*time.Millisecond, "how long servers are killed while they save")

// TestKilledWhileSaving kills servers at any moment, while they write snapshots
// over and over. The next one starts, with data of one moment that is not older
// than the last save that was answered.
func TestKilledWhileSaving(t *testing.T) {
	t.Parallel()
	const perRound, filler = 50, 20_000
	p := &process{dir: t.TempDir()}
	began, rounds := time.Now(), 0
	saved, written := 0, 0 // the number that was saved for certain, and the last one
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
			// The keys of one transaction are all there, or none is.
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
			for range 7 { // OK QUEUED QUEUED *2 OK OK, and of the save
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

// askBulk is ask for commands that answer a string.
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
