package respserver_test

import (
	"context"
	"maps"
	"net"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/effort"
	"github.com/resp-server/resp-server/internal/transcript"
)

// transports are the ways in which a client reaches a server.
var transports = map[string]transportUnderTest{
	"pipe": {dial: func(s *respserver.TestServer, ctx context.Context) (net.Conn, error) { return s.Dial(ctx) }},
	"tcp":  {dial: dialTCP},
}

type transportUnderTest struct {
	eventLoop bool
	unix      bool
	dial      func(*respserver.TestServer, context.Context) (net.Conn, error)
}

func init() {
	if runtime.GOOS == "linux" {
		transports["eventloop"] = transportUnderTest{eventLoop: true, dial: dialTCP}
		transports["unix"] = transportUnderTest{eventLoop: true, unix: true, dial: dialUnix}
	}
}

func dialTCP(s *respserver.TestServer, ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", s.Addr())
}

func dialUnix(s *respserver.TestServer, ctx context.Context) (net.Conn, error) {
	s.Addr() // opens the sockets
	var d net.Dialer
	return d.DialContext(ctx, "unix", s.Addrs()[1])
}

// start starts a server that is reached in this way.
func (u transportUnderTest) start(t *testing.T, o respserver.Options) *respserver.TestServer {
	o.EventLoop = u.eventLoop
	if u.unix {
		o.UnixSocket = filepath.Join(t.TempDir(), "s")
	}
	return respserver.StartTest(t, o)
}

// self is our server as the target of a transcript.
type self struct {
	*respserver.TestServer
	clock *respserver.ManualClock
	dial  func(*respserver.TestServer, context.Context) (net.Conn, error)
}

func startSelf(t *testing.T, transport string) *self {
	clock := respserver.NewManualClock(time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC))
	u := transports[transport]
	return &self{u.start(t, respserver.Options{
		Clock:  clock,
		Config: []string{"enable-debug-command yes"}, // like the recorded servers
	}), clock, u.dial}
}

func (s *self) Dial(ctx context.Context) (net.Conn, error) { return s.dial(s.TestServer, ctx) }
func (s *self) Name() string                               { return transcript.Self }
func (s *self) Version() string                            { return respserver.RedisVersion }

func (s *self) Advance(d time.Duration) error {
	s.clock.Advance(d)
	return nil
}

// TestTranscripts replays the transcripts of a real server, and once more with all
// data written to a snapshot and read back between the blocks. Each file runs over
// one of the transports, or over all of them in a long run.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	turn, kinds := 0, slices.Sorted(maps.Keys(transports))
	for name, f := range transcript.All(t, "testdata/transcripts") {
		t.Run(name+"/reload", func(t *testing.T) {
			t.Parallel()
			target := startSelf(t, "pipe")
			f.Run(t, target, transcript.Options{Between: target.Server.Reload})
		})
		turn++
		for i, transport := range kinds {
			if !effort.Long() && i != turn%len(kinds) {
				continue
			}
			t.Run(name+"/"+transport, func(t *testing.T) {
				t.Parallel()
				f.Run(t, startSelf(t, transport), transcript.Options{})
			})
		}
	}
}
