package examples

import (
	"strings"
	"syscall"
	"testing"

	respserver "github.com/resp-server/resp-server"
)

func TestFullDisk(t *testing.T) {
	srv := respserver.StartTest(t, respserver.Options{Dir: t.TempDir(), Config: []string{"appendonly yes"}})
	remove := srv.Inject(respserver.Fault{Disk: syscall.ENOSPC})
	srv.Must("SET", "order:1", "paid") // as with appendfsync everysec in Redis, the error shows only afterwards
	_, err := srv.Do(t.Context(), "SET", "order:2", "paid")
	if err == nil || !strings.HasPrefix(err.Error(), "MISCONF Errors writing to the AOF file: ") {
		t.Errorf("got %v", err)
	}
	remove() // the disk has room again
	srv.Must("SET", "order:2", "paid")
}
