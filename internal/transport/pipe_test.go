package transport

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// TestPipe sends random bytes both ways, in random pieces.
func TestPipe(t *testing.T) {
	client, server := Pipe()
	data := make([]byte, 3<<20)
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range data {
		data[i] = byte(rnd.Uint32())
	}
	go func() { // echo
		io.Copy(server, server)
		server.Close()
	}()
	go func() {
		r := rand.New(rand.NewPCG(3, 4))
		for rest := data; len(rest) > 0; {
			n := min(len(rest), 1+r.IntN(100000))
			client.Write(rest[:n])
			rest = rest[n:]
		}
	}()
	got := make([]byte, len(data))
	if _, err := io.ReadFull(client, got); err != nil || !bytes.Equal(got, data) {
		t.Fatalf("the echo differs: %v", err)
	}
	client.Close()
	if _, err := client.Write([]byte("x")); err == nil {
		t.Error("a closed end can be written")
	}
}

// TestPipeTryWrite fills the pipe to a client that does not read.
func TestPipeTryWrite(t *testing.T) {
	client, server := Pipe()
	defer client.Close()
	w := server.(tryWriter)
	total := 0
	for {
		n, err := w.TryWrite(make([]byte, 64<<10))
		if err != nil {
			t.Fatal(err)
		}
		if total += n; n < 64<<10 {
			break
		}
	}
	got, _ := client.Read(make([]byte, total))
	if n, err := w.TryWrite(make([]byte, got)); n != got || err != nil {
		t.Errorf("%d of %d bytes fit after as many were read: %v", n, got, err)
	}
}

// TestPipeDeadlines runs in a bubble, so it takes no real time.
func TestPipeDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := Pipe()
		begin := time.Now()
		client.SetReadDeadline(begin.Add(time.Hour))
		_, err := client.Read(make([]byte, 1))
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) != time.Hour {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		if ne, ok := err.(net.Error); !ok || !ne.Timeout() {
			t.Errorf("%v is no timeout", err)
		}
		client.SetReadDeadline(time.Time{})
		go server.Write([]byte("late"))
		if n, err := client.Read(make([]byte, 9)); n != 4 || err != nil {
			t.Errorf("%d bytes, %v after the deadline was taken away", n, err)
		}
		client.SetDeadline(time.Now().Add(-time.Second))
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%v with a deadline in the past", err)
		}
		client.Close()
		server.Close()
	})
}

func BenchmarkPipe(b *testing.B) {
	client, server := Pipe()
	go io.Copy(server, server)
	buf := make([]byte, 16)
	b.ReportAllocs()
	for b.Loop() {
		client.Write(buf)
		io.ReadFull(client, buf)
	}
	client.Close()
}
