// Package clients tests Go client libraries against the server on port $REDIS_PORT,
// or against a server in this process.
package clients

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
)

// address returns the address of the server.
func address(t *testing.T) string {
	if port := os.Getenv("REDIS_PORT"); port != "" {
		return "127.0.0.1:" + port
	}
	return respserver.StartTest(t).Addr()
}

// check fails the test if err is not nil.
func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// deadline is a context that ends before the test does.
func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// untilBlocked polls INFO clients until a client is blocked.
func untilBlocked(t *testing.T, info func() (string, error)) {
	t.Helper()
	for {
		text, err := info()
		check(t, err)
		if !strings.Contains(text, "blocked_clients:0") {
			return
		}
	}
}
