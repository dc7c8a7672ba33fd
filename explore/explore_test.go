package explore_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/explore"
)

// conn is a minimal client.
type conn struct {
	t *testing.T
	*bufio.ReadWriter
}

func dial(t *testing.T, srv *respserver.TestServer) conn {
	c, err := srv.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return conn{t, bufio.NewReadWriter(bufio.NewReader(c), bufio.NewWriter(c))}
}

// do returns the first line of the reply, and for a string the second one.
func (c conn) do(line string) string {
	fmt.Fprintf(c, "%s\r\n", line)
	c.Flush()
	reply, err := c.ReadString('\n')
	if err != nil {
		c.t.Error(err)
	}
	if strings.HasPrefix(reply, "$") && reply != "$-1\r\n" {
		reply, _ = c.ReadString('\n')
	}
	return strings.TrimSpace(reply)
}

// programs are ways to use Redis. Some order breaks those that are wrong.
var programs = map[string]struct {
	wrong bool
	run   func(t *testing.T, srv *respserver.TestServer)
}{
	"unsafe counter": {true, func(t *testing.T, srv *respserver.TestServer) {
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				n := srv.Must("GET", "n").Int()
				srv.Must("SET", "n", n+1)
			})
		}
		wg.Wait()
		if n := srv.Must("GET", "n").Int(); n != 2 {
			t.Errorf("n is %d", n)
		}
	}},
	"atomic counter": {false, func(t *testing.T, srv *respserver.TestServer) {
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { srv.Must("INCR", "n") })
		}
		wg.Wait()
		if n := srv.Must("GET", "n").Int(); n != 3 {
			t.Errorf("n is %d", n)
		}
	}},
	"WATCH and MULTI": {false, func(t *testing.T, srv *respserver.TestServer) {
		var wg sync.WaitGroup
		for range 2 {
			c := dial(t, srv)
			wg.Go(func() {
				for {
					c.do("WATCH n")
					n := 0
					fmt.Sscan(c.do("GET n"), &n)
					c.do("MULTI")
					c.do(fmt.Sprint("SET n ", n+1))
					if c.do("EXEC") != "*-1" {
						c.ReadString('\n')
						return
					}
				}
			})
		}
		wg.Wait()
		if n := srv.Must("GET", "n").Int(); n != 2 {
			t.Errorf("n is %d", n)
		}
	}},
	"check, then set": {true, func(t *testing.T, srv *respserver.TestServer) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		winners := 0
		for range 2 {
			wg.Go(func() {
				if srv.Must("EXISTS", "leader").Int() == 0 {
					srv.Must("SET", "leader", "me")
					mu.Lock()
					winners++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if winners != 1 {
			t.Errorf("%d winners", winners)
		}
	}},
	"lock released by another": {true, func(t *testing.T, srv *respserver.TestServer) {
		const lease = 10 * time.Second
		var wg sync.WaitGroup
		var mu sync.Mutex
		leases := map[int]time.Time{} // when the lock of each holder expires
		for i, work := range []time.Duration{15 * time.Second, 9 * time.Second, 9 * time.Second} {
			wg.Go(func() {
				for srv.Must("SET", "lock", "x", "NX", "PX", lease.Milliseconds()).IsNull() {
					time.Sleep(time.Second)
				}
				mu.Lock()
				for other, end := range leases {
					if time.Now().Before(end) {
						t.Errorf("%d and %d hold the lock", other, i)
					}
				}
				leases[i] = time.Now().Add(lease)
				mu.Unlock()
				time.Sleep(work)
				srv.Must("DEL", "lock") // the lock may belong to another one by now
				mu.Lock()
				delete(leases, i)
				mu.Unlock()
			})
		}
		wg.Wait()
	}},
	"job lost between pop and push": {true, func(t *testing.T, srv *respserver.TestServer) {
		srv.Must("RPUSH", "queue", "job")
		var wg sync.WaitGroup
		wg.Go(func() {
			if job := srv.Must("LPOP", "queue"); !job.IsNull() {
				srv.Must("RPUSH", "working", job.Text())
			}
		})
		wg.Go(func() {
			if srv.Must("LLEN", "queue").Int()+srv.Must("LLEN", "working").Int() == 0 {
				t.Error("the job is nowhere")
			}
		})
		wg.Wait()
	}},
	"blocking pop": {false, func(t *testing.T, srv *respserver.TestServer) {
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { srv.Must("BLPOP", "queue", 0) })
			wg.Go(func() { srv.Must("RPUSH", "queue", "job") })
		}
		wg.Wait()
	}},
}

// TestPrograms explores each program in a process of its own, because some fail.
func TestPrograms(t *testing.T) {
	const child = "EXPLORE_PROGRAM"
	if name := os.Getenv(child); name != "" {
		explore.Run(t, programs[name].run)
		return
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := func(name string, env ...string) string {
		cmd := exec.Command(exe, "-test.run", "^TestPrograms$", "-test.v")
		cmd.Env = append(append(os.Environ(), child+"="+name), env...)
		out, _ := cmd.CombinedOutput()
		return string(out)
	}
	for name, p := range programs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := run(name)
			if failed := strings.Contains(out, "--- FAIL"); failed != p.wrong {
				t.Fatalf("failed: %v\n%s", failed, out)
			}
			if !p.wrong {
				if !strings.Contains(out, "explored ") {
					t.Errorf("no word about the number of orders\n%s", out)
				}
				return
			}
			_, order, ok := strings.Cut(out, "RESPSERVER_EXPLORE=")
			if !ok {
				t.Fatalf("the order is not shown\n%s", out)
			}
			order, _, _ = strings.Cut(order, " ")
			if again := run(name, "RESPSERVER_EXPLORE="+order); !strings.Contains(again, "--- FAIL") {
				t.Errorf("the order %s does not repeat\n%s", order, again)
			}
		})
	}
}
