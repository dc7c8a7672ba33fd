package examples

import (
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
)

func TestSale(t *testing.T) {
	srv := respserver.StartTest(t)
	srv.Freeze() // so that the expiry times are the same in each run
	srv.SetTime(time.UnixMilli(1_900_000_000_000))
	srv.MustLoad("testdata/shop.txt", "testdata/shop.json")

	srv.Must("DECR", "stock")
	srv.Must("XACK", "orders", "shipping", "1-0")

	srv.Want(11, "DECRBY", "stock", 0)
	srv.Want(map[string]string{"name": "ann", "age": "41"}, "HGETALL", "user:1")
	srv.Want(respserver.AnyOrder{"ann", "ben"}, "ZRANGE", "scores", 0, -1)
	srv.Want(respserver.Error("WRONGTYPE"), "INCR", "queue")
	srv.Golden(t, "testdata/sold.golden") // compares all the rest
}
