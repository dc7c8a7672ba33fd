package examples

import (
	"context"
	"crypto/tls"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/rueidis"

	respserver "github.com/resp-server/resp-server"
)

func TestRueidis(t *testing.T) {
	srv := respserver.StartTest(t)
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{srv.Addr()}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()

	// The client caches the value, and the server invalidates it when it changes.
	get := func() string {
		got, _ := client.DoCache(t.Context(), client.B().Get().Key("greeting").Cache(), time.Minute).ToString()
		return got
	}
	srv.Must("SET", "greeting", "hello")
	if got := get(); got != "hello" {
		t.Errorf("got %q", got)
	}
	srv.Must("SET", "greeting", "good evening")
	for get() != "good evening" && t.Context().Err() == nil {
	}
}

func TestRueidisInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := respserver.StartTest(t)
		client, err := rueidis.NewClient(rueidis.ClientOption{
			InitAddress:       []string{"127.0.0.1:6379"},
			ForceSingleClient: true,
			DialCtxFn: func(ctx context.Context, addr string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
				return srv.DialContext(ctx, "tcp", addr)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()

		client.Do(t.Context(), client.B().Set().Key("lock").Value("me").Ex(time.Minute).Build())
		time.Sleep(time.Minute) // takes no time
		n, err := client.Do(t.Context(), client.B().Exists().Key("lock").Build()).AsInt64()
		if n != 0 || err != nil {
			t.Errorf("after a minute the lock is still held: %v", err)
		}
	})
}
