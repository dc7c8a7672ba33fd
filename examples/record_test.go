package examples

import (
	"testing"

	respserver "github.com/resp-server/resp-server"
)

func TestSignUp(t *testing.T) {
	srv := respserver.StartTest(t)
	rec := srv.Record()
	// Here the code under test signs up Ann.
	srv.Must("SET", "user:1", "Ann")
	srv.Must("SADD", "users", 1)

	rec.Expect(t, "SET user:* *", respserver.Times(1)) // a glob for each word
	rec.ExpectOrder(t, "SET user:1 *", "SADD users ...")
	rec.ExpectNoOther(t)
	rec.ExpectRoundTrips(t, respserver.AtMost(2))
	rec.ExpectNoRuns(t, 10) // no N+1 problem
}
