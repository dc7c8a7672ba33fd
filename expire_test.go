package respserver_test

import (
	"bufio"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	respserver "github.com/resp-server/resp-server"
)

// TestExpiryInBubble: in a synctest bubble an hour passes at once, keys are deleted
// without being accessed, and nothing that the server leaves behind keeps the
// bubble from ending.
func TestExpiryInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := respserver.StartTest(t)
		conn, err := s.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		r := bufio.NewReader(conn)
		ask := func(command, want string) {
			t.Helper()
			fmt.Fprintf(conn, "%s\r\n", command)
			if got, err := r.ReadString('\n'); err != nil || got != want+"\r\n" {
				t.Fatalf("%s: got %q, %v; want %q", command, got, err, want)
			}
		}
		ask("SET k v EX 3600", "+OK")
		ask("SET later v EX 7200", "+OK")
		ask("SET never v", "+OK")
		time.Sleep(time.Hour - time.Millisecond)
		ask("PTTL k", ":1")
		ask("DBSIZE", ":3")
		time.Sleep(time.Millisecond)
		synctest.Wait()
		ask("DBSIZE", ":2")
		ask("EXISTS k", ":0")
		ask("TTL later", ":3600")
	})
}
