package miniredis_test

import (
	"bufio"
	"io"
	"math"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2/proto"
	"github.com/alicebob/miniredis/v2/server"
	respserver "github.com/resp-server/resp-server"
)

func newPeer(w io.Writer) *server.Peer { return server.NewPeer(bufio.NewWriter(w)) }

// TestServerAlone has no commands but those that are registered.
func TestServerAlone(t *testing.T) {
	t.Parallel()
	s, err := server.NewServer("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Register("ping", func(c *server.Peer, cmd string, args []string) { c.WriteInline("pong " + cmd) })
	tcp, err := proto.Dial(s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	c := client{tcp, t}
	c.want("Ping", proto.Inline("pong PING"))
	c.want("GET a b", proto.Error("ERR unknown command 'GET', with args beginning with: 'a' 'b' "))
	here, there := net.Pipe()
	s.ServeConn(there)
	client{proto.NewClient(here), t}.want("ping", proto.Inline("pong PING"))
	equal(t, []int{s.TotalCommands(), s.ClientsLen(), s.TotalConnections()}, []int{2, 2, 2})
	equal(t, []bool{s.IsRegisteredCommand("PING"), s.IsRegisteredCommand("GET")}, []bool{true, false})
	s.Close()
	if _, err := c.Do("PING"); err == nil {
		t.Error("the connection is open after Close")
	}
}

func TestParseReply(t *testing.T) {
	t.Parallel()
	in := bufio.NewReader(strings.NewReader("*4\r\n+OK\r\n:7\r\n$1\r\nx\r\n$-1\r\n-ERR no\r\n*-1\r\n?\r\n"))
	x, err := server.ParseReply(in)
	equal(t, x, []interface{}{server.Simple("OK"), 7, "x", nil})
	equal(t, err, nil)
	if _, err = server.ParseReply(in); err == nil || err.Error() != "ERR no" {
		t.Errorf("got %v", err)
	}
	x, err = server.ParseReply(in)
	equal(t, []any{x, err}, []any{nil, nil})
	if _, err = server.ParseReply(in); err != server.ErrProtocol {
		t.Errorf("got %v", err)
	}
}

func TestProto(t *testing.T) {
	t.Parallel()
	raw := proto.Map(proto.String("a"), proto.Array(proto.Int(1), proto.Inline("OK"), proto.Error("ERR x")), proto.String("b"), proto.Nil)
	got, err := proto.Read(bufio.NewReader(strings.NewReader(raw + "+more\r\n")))
	equal(t, []any{got, err}, []any{raw, nil})
	elements, err := proto.ReadArray(raw)
	equal(t, []any{len(elements), elements[3], err}, []any{4, proto.Nil, nil})
	x, err := proto.Parse(proto.StringMap("a", "b"))
	equal(t, []any{x, err}, []any{map[interface{}]interface{}{"a": "b"}, nil})
	texts, err := proto.ReadStrings(proto.StringSet("x", "y"))
	equal(t, []any{texts, err}, []any{[]string{"x", "y"}, nil})
	text, err := proto.ReadError(proto.Error("ERR x"))
	equal(t, []any{text, err}, []any{"ERR x", nil})
	_, err = proto.ReadString(proto.Int(1))
	equal(t, err, proto.ErrUnexpected)
	equal(t, proto.Push(proto.Float(1.5), proto.NilResp3)+proto.Ints(1, 2)+proto.Set(), ">2\r\n,1.5\r\n_\r\n*2\r\n:1\r\n:2\r\n~0\r\n")
}

// TestWriteFloat compares with the doubles that a server answers in RESP3.
func TestWriteFloat(t *testing.T) {
	t.Parallel()
	s, err := respserver.Start(respserver.Options{NoListen: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	conn, err := s.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := client{proto.NewClient(conn), t}
	if _, err := c.Do("HELLO", "3"); err != nil {
		t.Fatal(err)
	}
	for _, f := range []float64{
		0, 1, -10, 123456789, 1e7, 1e8, 1e15, 1e21, 12e20, 0.1, 0.001, 0.00001, 0.000001, 1.5e-7, 1e-10,
		-100000.1, 12345.678, 2.5e300, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1),
	} {
		var b strings.Builder
		p := newPeer(&b)
		p.Resp3 = true
		p.WriteFloat(f)
		p.Flush()
		if _, err := c.Do("ZADD", "z", strconv.FormatFloat(f, 'g', -1, 64), "m"); err != nil {
			t.Fatal(err)
		}
		c.want("ZSCORE z m", b.String())
	}
}
