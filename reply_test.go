package respserver_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	respserver "github.com/resp-server/resp-server"
)

// TestReplyConversions requests each kind of reply and converts it.
func TestReplyConversions(t *testing.T) {
	t.Parallel()
	srv := respserver.StartTest(t)
	for _, args := range []string{
		"SET s hello", "SET n 42", "SET f 2.5", "SET yes true", "RPUSH list a b 3", "HSET hash name alice age 30", "SADD set m",
		"ZADD zset 1.5 a 2 b",
	} {
		srv.Must(words(args)...)
	}
	type reply = respserver.Reply
	for _, c := range []struct {
		command string
		convert func(reply) any
		want    any
	}{
		{"GET s", func(r reply) any { return r.Text() }, "hello"},
		{"INCR n", func(r reply) any { return r.Text() }, "43"},
		{"ZSCORE zset a", func(r reply) any { return r.Text() }, "1.5"},
		{"PING", func(r reply) any { return r.Text() }, "PONG"},
		{"CLIENT INFO", func(r reply) any { return strings.HasPrefix(r.Text(), "id=") }, true}, // verbatim
		{"GET nosuch", func(r reply) any { return r.Text() }, ""},
		{"GET s", func(r reply) any { return r.Bytes() }, []byte("hello")},
		{"GET nosuch", func(r reply) any { return r.Bytes() }, []byte(nil)},
		{"GET n", func(r reply) any { return r.Int() }, int64(43)},
		{"STRLEN s", func(r reply) any { return r.Int() }, int64(5)},
		{"ZSCORE zset b", func(r reply) any { return r.Int() }, int64(2)},
		{"GET nosuch", func(r reply) any { return r.Int() }, int64(0)},
		{"GET f", func(r reply) any { return r.Float() }, 2.5},
		{"ZSCORE zset a", func(r reply) any { return r.Float() }, 1.5},
		{"STRLEN s", func(r reply) any { return r.Float() }, 5.0},
		{"SET lock 1 NX", func(r reply) any { return r.Bool() }, true},
		{"SET lock 1 NX", func(r reply) any { return r.Bool() }, false},
		{"EXISTS s", func(r reply) any { return r.Bool() }, true},
		{"EXISTS nosuch", func(r reply) any { return r.Bool() }, false},
		{"GET yes", func(r reply) any { return r.Bool() }, true},
		{"LRANGE list 0 -1", func(r reply) any { return r.Strings() }, []string{"a", "b", "3"}},
		{"SMEMBERS set", func(r reply) any { return r.Strings() }, []string{"m"}},
		{"MGET s nosuch", func(r reply) any { return r.Strings() }, []string{"hello", ""}},
		{"LRANGE nosuch 0 -1", func(r reply) any { return r.Strings() }, []string{}},
		{"LPOP nosuch 3", func(r reply) any { return r.Strings() }, []string(nil)},
		{"HGETALL hash", func(r reply) any { return r.StringMap() }, map[string]string{"name": "alice", "age": "30"}},
		{"ZRANGE zset 0 -1 WITHSCORES", func(r reply) any { return r.StringMap() }, map[string]string{"a": "1.5", "b": "2"}},
		{"HGETALL hash", func(r reply) any { return r.Map()["age"].Int() }, int64(30)},
		{"CONFIG GET maxclients", func(r reply) any { return r.Map()["maxclients"].Int() }, int64(10000)},
		{"GET nosuch", func(r reply) any { return len(r.Map()) + len(r.StringMap()) }, 0},
		{"MGET s nosuch", func(r reply) any { return r.Array()[1].IsNull() }, true},
		{"GET nosuch", func(r reply) any { return r.IsNull() }, true},
		{"GET s", func(r reply) any { return r.IsNull() }, false},
		{"GET s", func(r reply) any { return r.Err() }, nil},
		{"HGETALL hash", func(r reply) any { return r.Kind.String() }, "map"},
	} {
		r := srv.Must(words(c.command)...)
		if got := c.convert(r); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s, %v: got %#v, want %#v", c.command, r, got, c.want)
		}
	}
	srv.Must("ZADD", "zset", "inf", "top")
	if f := srv.Must("ZSCORE", "zset", "top").Float(); !math.IsInf(f, 1) {
		t.Errorf("got %v", f)
	}
}

// TestKinds compares the names of kinds with those of package resp.
func TestKinds(t *testing.T) {
	for kind, want := range map[respserver.Kind]string{
		respserver.KindNull: "null", respserver.KindNullArray: "null array", respserver.KindSimpleString: "simple string",
		respserver.KindError: "error", respserver.KindInteger: "integer", respserver.KindBulkString: "bulk string",
		respserver.KindArray: "array", respserver.KindMap: "map", respserver.KindSet: "set", respserver.KindPush: "push",
		respserver.KindDouble: "double", respserver.KindBool: "boolean", respserver.KindBigNumber: "big number",
		respserver.KindVerbatim: "verbatim string", respserver.KindBulkError: "bulk error",
	} {
		if kind.String() != want {
			t.Errorf("%s is called %s", want, kind)
		}
	}
}

// TestReplyMisfits tries conversions that do not fit.
func TestReplyMisfits(t *testing.T) {
	t.Parallel()
	srv := respserver.StartTest(t)
	srv.Must("SET", "s", "hello")
	srv.Must("RPUSH", "list", 1, 2, 3)
	failed, err := srv.Do(t.Context(), "INCR", "s")
	var e respserver.Error
	if !errors.As(err, &e) || e.Code() != "ERR" || failed.Err() != err {
		t.Errorf("INCR: %v, %v", failed, err)
	}
	text, list := srv.Must("GET", "s"), srv.Must("LRANGE", "list", 0, -1)
	for name, c := range map[string]struct {
		convert func()
		shows   string
	}{
		"Int of a text":     {func() { text.Int() }, `Reply.Int: the reply is bulk string: "hello"`},
		"Float of a text":   {func() { text.Float() }, `Reply.Float: the reply is bulk string: "hello"`},
		"Bool of a text":    {func() { text.Bool() }, `Reply.Bool: the reply is bulk string: "hello"`},
		"Array of a text":   {func() { text.Array() }, `Reply.Array: the reply is bulk string: "hello"`},
		"Strings of a text": {func() { text.Strings() }, `Reply.Array: the reply is bulk string: "hello"`},
		"Text of an array":  {func() { list.Text() }, `Reply.Text: the reply is array: array["1" "2" "3"]`},
		"Map of three":      {func() { list.Map() }, `Reply.Map: the reply is array: array["1" "2" "3"]`},
		"Text of an error":  {func() { failed.Text() }, `Reply.Text: the reply is error: (error) ERR value is not an integer`},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "respserver: "+c.shows) {
					t.Errorf("%s: %s", name, got)
				}
			}()
			c.convert()
		}()
	}
}

func words(line string) (args []any) {
	for _, w := range strings.Fields(line) {
		args = append(args, w)
	}
	return args
}
