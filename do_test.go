package respserver_test

import (
	"testing"

	respserver "github.com/resp-server/resp-server"
)

// BenchmarkDo measures commands whose replies are of different shapes.
func BenchmarkDo(b *testing.B) {
	s := respserver.StartTest(b, respserver.Options{NoListen: true})
	ctx := b.Context()
	for i := range 100 {
		s.Do(ctx, "RPUSH", "list", i)
		s.Do(ctx, "HSET", "hash", i, i)
	}
	s.Do(ctx, "SET", "string", "value")
	for _, args := range [][]any{
		{"SET", "string", "value"}, {"GET", "string"}, {"INCR", "n"}, {"LRANGE", "list", 0, -1}, {"HGETALL", "hash"},
	} {
		b.Run(args[0].(string), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Do(ctx, args...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
