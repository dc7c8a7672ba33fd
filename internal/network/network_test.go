package network

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"
)

// diary is what members hear, in the order in which they do.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *diary) take() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer func() { d.lines = nil }()
	return d.lines
}

// echo listens at an address, notes each line that comes, and sends it back.
func echo(t *testing.T, n *Network, m *Member, d *diary, addr string) {
	t.Helper()
	err := m.Listen(addr, func(nc net.Conn) {
		n.Go(func() {
			defer nc.Close()
			for in := bufio.NewScanner(nc); in.Scan(); {
				d.note("%s hears %s", addr, in.Text())
				fmt.Fprintln(nc, in.Text())
			}
			d.note("%s is left", addr)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestOrder: whoever is faster, messages arrive in the order of the connections.
func TestOrder(t *testing.T) {
	var first []string
	for range 50 {
		n, d := New(), &diary{}
		client := n.Join()
		for i := range 3 {
			echo(t, n, n.Join(), d, fmt.Sprintf("10.0.0.%d:1", i))
		}
		n.Hold()
		for i := range 3 {
			n.Go(func() {
				nc, err := client.Dial(t.Context(), fmt.Sprintf("10.0.0.%d:1", i))
				if err != nil {
					t.Error(err)
					return
				}
				defer nc.Close()
				in := bufio.NewReader(nc)
				for j := range 3 {
					fmt.Fprintln(nc, i, j)
					line, err := in.ReadString('\n')
					d.note("%d gets %s, %v", i, line, err)
				}
			})
		}
		if got := d.take(); got != nil {
			t.Fatalf("held, and yet %q", got)
		}
		n.Release()
		n.Settle()
		got := d.take()
		if len(got) != 3*3*2+3 {
			t.Fatalf("got %q", got)
		}
		if first == nil {
			first = got
		} else if !slices.Equal(got, first) {
			t.Fatalf("got %q\nwas %q", got, first)
		}
	}
}

func TestRefused(t *testing.T) {
	n, d := New(), &diary{}
	a, b := n.Join(), n.Join()
	echo(t, n, b, d, "10.0.0.1:1")
	if err := a.Listen("10.0.0.1:1", nil); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("an address that is taken: %v", err)
	}
	dial := func() (err error) {
		n.Hold()
		defer n.Release()
		nc, err := a.Dial(t.Context(), "10.0.0.1:1")
		if err == nil {
			nc.Close()
		}
		return err
	}
	if err := dial(); err != nil {
		t.Error(err)
	}
	n.Partition(map[*Member]int{a: 1})
	if err := dial(); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("over a cut: %v", err)
	}
	if _, err := a.Connect("10.0.0.1:1", nil); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("over a cut: %v", err)
	}
	n.Partition(nil)
	if err := dial(); err != nil {
		t.Error(err)
	}
	b.Leave()
	if err := dial(); !errors.Is(err, syscall.ECONNREFUSED) || !n.Knows("10.0.0.1:1") || n.Knows("10.0.0.2:1") {
		t.Errorf("after it left: %v", err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	n.Hold()
	if _, err := a.Dial(canceled, "10.0.0.1:1"); err == nil {
		t.Error("connected")
	}
	n.Release()
	n.Settle()
}

// TestPartition: a cut ends connections, those that the network does not carry too.
func TestPartition(t *testing.T) {
	n, d := New(), &diary{}
	a, b := n.Join(), n.Join()
	if a.Order() != 0 || b.Order() != 1 {
		t.Errorf("members %d and %d", a.Order(), b.Order())
	}
	echo(t, n, b, d, "10.0.0.1:1")
	n.Go(func() {
		nc, err := a.Dial(t.Context(), "10.0.0.1:1")
		if err != nil {
			t.Error(err)
			return
		}
		if local, remote := nc.LocalAddr().String(), nc.RemoteAddr().String(); remote != "10.0.0.1:1" || local == remote || nc.LocalAddr().Network() != "memory" {
			t.Errorf("from %s to %s", local, remote)
		}
		fmt.Fprintln(nc, "hello")
		all, err := io.ReadAll(nc)
		d.note("got %s, %t", all, err != nil)
		if _, err := nc.Write([]byte("x")); err == nil {
			t.Error("it writes still")
		}
	})
	var there net.Conn
	if err := b.Listen("10.0.0.1:2", func(nc net.Conn) { there = nc }); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Connect("10.0.0.1:2", net.Pipe); err != nil {
		t.Fatal(err)
	}
	n.Settle()
	n.Partition(map[*Member]int{b: 1})
	n.Settle()
	if got, want := d.take(), []string{"10.0.0.1:1 hears hello", "got hello\n, true", "10.0.0.1:1 is left"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if _, err := there.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the other connection: %v", err)
	}
}

// TestPace: a timer returns when what it has sent has arrived.
func TestPace(t *testing.T) {
	n, d := New(), &diary{}
	a := n.Join()
	echo(t, n, n.Join(), d, "10.0.0.1:1")
	n.Pace(func() {
		n.Go(func() {
			nc, err := a.Dial(t.Context(), "10.0.0.1:1")
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Fprintln(nc, "tick")
			nc.Close()
		})
	})
	if got := d.take(); !slices.Equal(got, []string{"10.0.0.1:1 hears tick", "10.0.0.1:1 is left"}) {
		t.Errorf("got %q", got)
	}
}

// TestOutside: who waits for a connection to elsewhere is not at work.
func TestOutside(t *testing.T) {
	n := New()
	here, there := net.Pipe()
	got := make(chan string)
	n.Go(func() {
		nc, err := n.Outside(func() (net.Conn, error) { return here, nil })
		if err != nil {
			t.Error(err)
		}
		b := make([]byte, 1)
		nc.Read(b)
		go func() { got <- string(b) }()
		if _, err := n.Outside(func() (net.Conn, error) { return nil, net.ErrClosed }); err != net.ErrClosed {
			t.Error(err)
		}
	})
	n.Settle() // does not wait for it
	there.Write([]byte("x"))
	if s := <-got; s != "x" {
		t.Errorf("got %q", s)
	}
	n.Settle()
}
