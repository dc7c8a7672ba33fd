package respserver_test

import (
	"reflect"
	"strings"
	"testing"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/resp"
)

func TestUsers(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, respserver.Options{
		Config: []string{"user old on nopass ~* +@all"},
		Users: []respserver.User{
			{Name: "reader", Password: "a b\"c", Role: respserver.ReadOnly},
			{Name: "web", Password: "x", Role: respserver.App, Keys: []string{"user:*", "order:*"}},
			{Name: "boss", Role: respserver.Admin},
			{Name: "default", Password: "y", Role: respserver.App},
		},
	})
	for _, test := range []struct{ name, password, may, mayNot string }{
		{"reader", "a b\"c", "GET k|LRANGE l 0 -1|SCAN 0|MULTI|EXEC|PING|CLIENT SETNAME x|PUBSUB CHANNELS|SUBSCRIBE news", "SET k v|DEL k|KEYS *|PUBLISH c m|FLUSHALL|CONFIG GET *|INFO|EVAL \"return 1\" 0"},
		{"web", "x", "SET user:1 v|GET order:1|INFO|EVAL \"return 1\" 0|PUBLISH c m|SORT user:list|XADD user:s * f v", "SET other v|FLUSHALL|KEYS *|CONFIG GET *|SHUTDOWN|ACL LIST|CLIENT KILL ID 9"},
		{"boss", "", "SET k v|CONFIG GET port|KEYS *|ACL LIST", ""},
		{"default", "y", "SET k v", "CONFIG GET *"},
		{"old", "anything", "CONFIG GET port", ""},
	} {
		c, err := s.Dial(t.Context())
		ask := ask(t, c, err)
		if got := ask("GET", "k"); !strings.HasPrefix(got.Str, "NOAUTH") {
			t.Errorf("without a password: %v", got)
		}
		if got := ask("AUTH", test.name, test.password); got.Str != "OK" {
			t.Fatalf("%s: %v", test.name, got)
		}
		for _, command := range strings.Split(test.mayNot, "|") {
			if words, _ := resp.SplitWords(command); len(words) > 0 {
				if got := ask(words...); !strings.HasPrefix(got.Str, "NOPERM") {
					t.Errorf("%s may %s: %v", test.name, command, got)
				}
			}
		}
		for _, command := range strings.Split(test.may, "|") {
			words, _ := resp.SplitWords(command)
			if got := ask(words...); got.Err() != nil {
				t.Errorf("%s may not %s: %v", test.name, command, got)
			}
		}
	}
	for _, bad := range []respserver.User{{Name: "ann", Role: "king"}, {Role: respserver.App}, {Name: "ann"}} {
		if s, err := respserver.Start(respserver.Options{Users: []respserver.User{bad}}); err == nil {
			s.Close()
			t.Errorf("%v is accepted", bad)
		}
	}
}

func TestParseUser(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]respserver.User{
		"ann:x:app":         {Name: "ann", Password: "x", Role: respserver.App},
		"ann::read-only:k*": {Name: "ann", Role: respserver.ReadOnly, Keys: []string{"k*"}},
		"ann:x:admin:a:b":   {Name: "ann", Password: "x", Role: respserver.Admin, Keys: []string{"a:b"}},
	} {
		if got, err := respserver.ParseUser(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}
