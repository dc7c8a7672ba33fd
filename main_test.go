package respserver

import (
	"os"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
)

func TestMain(m *testing.M) {
	effort.Waiting()
	os.Exit(m.Run())
}
