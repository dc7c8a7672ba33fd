package outbox

import (
	"bufio"
	"net"
	"testing"
)

func TestOrder(t *testing.T) {
	here, there := net.Pipe()
	o := New(here)
	o.Send([]byte("a")) // nobody reads yet
	o.Send([]byte("b"))
	if o.Waiting() != 2 {
		t.Errorf("%d bytes wait", o.Waiting())
	}
	done := make(chan struct{})
	go func() { o.Run(); close(done) }()
	o.Send([]byte("c\n"))
	if line, err := bufio.NewReader(there).ReadString('\n'); line != "abc\n" {
		t.Errorf("got %q, %v", line, err)
	}
	if o.LocalIP() != "" {
		t.Errorf("a pipe has the address %s", o.LocalIP())
	}
	o.Close()
	<-done
	o.Send([]byte("d")) // nothing happens
	o.Close()
}

func TestBrokenConnection(t *testing.T) {
	here, there := net.Pipe()
	there.Close()
	o := New(here)
	o.Send([]byte("a"))
	o.Run()
	if _, err := here.Write(nil); err == nil {
		t.Error("the connection is open still")
	}
}
