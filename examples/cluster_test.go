package examples

import (
	"bufio"
	"fmt"
	"testing"

	respserver "github.com/resp-server/resp-server"
)

func TestSlotMoves(t *testing.T) {
	c := respserver.StartTestCluster(t) // three masters; any cluster client can connect to c.Addrs()
	ctx := t.Context()
	old := c.MasterOf("user:7")
	next := (old + 1) % c.Len()

	// Stop a migration in the middle, for as long as you like.
	move, err := c.MoveSlot(ctx, c.Slot("user:7"), next)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := c.Node(old).Dial(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET user:7\r\n")
	line, _ := bufio.NewReader(conn).ReadString('\n')
	if want := fmt.Sprintf("-ASK %d %s\r\n", c.Slot("user:7"), c.Addrs()[next]); line != want {
		t.Errorf("got %q, want %q", line, want)
	}
	if err := move.Finish(ctx); err != nil {
		t.Fatal(err)
	}
	if got := c.MasterOf("user:7"); got != next {
		t.Errorf("node %d serves the slot", got)
	}
}
