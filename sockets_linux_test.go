package respserver_test

import (
	"runtime"
	"syscall"
	"testing"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/effort"
)

// TestManyConnections has thousands of idle clients that have sent a command, over
// 10,000 in a long run: they cost little, and the server serves others.
func TestManyConnections(t *testing.T) {
	count := effort.Of(3500)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if most := (int(limit.Cur) - 200) / 2; most < count {
		t.Logf("%d connections instead of %d: the limit of file descriptors allows no more", most, count)
		count = most
	}
	s := transports["eventloop"].start(t, respserver.Options{Config: []string{"maxclients 20000"}})
	s.Addr()
	clients := make([]client, 0, count)
	defer func() {
		for _, c := range clients {
			c.Close()
		}
	}()
	most := 2400 // about 2000 today
	if effort.Race {
		most = 8 << 10 // it watches the memory with more memory
	}
	before := heap()
	for range count {
		c, err := dial(s)
		if err != nil {
			t.Fatalf("connection %d: %v", len(clients), err)
		}
		c.in = nil // the buffer is most of the client's memory
		clients = append(clients, c)
		var reply [7]byte
		if c.Write([]byte("PING\r\n")); !c.reads(reply[:], "+PONG\r\n") {
			t.Fatalf("connection %d: %q", len(clients), reply)
		}
	}
	if per := (heap() - before) / count; per > most {
		t.Errorf("an idle connection costs %d bytes, client and server together", per)
	} else {
		t.Logf("%d bytes a connection", per)
	}
	connect(t, s).expect(t, "PING", "+PONG")
	for _, c := range clients[:100] {
		if c.Write([]byte("PING\r\n")); !c.reads(make([]byte, 7), "+PONG\r\n") {
			t.Fatal("an idle client is not served any more")
		}
	}
}

func (c client) reads(p []byte, want string) bool {
	n, _ := c.Read(p)
	return string(p[:n]) == want
}

// heap returns the bytes of live memory, stacks included.
func heap() int {
	runtime.GC()
	runtime.GC() // also collects what pools keep for one more cycle
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}
