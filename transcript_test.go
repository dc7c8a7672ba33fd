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
	"github.com/resp-server/resp-server/internal/compat"
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
	threads   int // of the event loop; 0: 1
	unix      bool
	dial      func(*respserver.TestServer, context.Context) (net.Conn, error)
}

func init() {
	if runtime.GOOS == "linux" {
		transports["eventloop"] = transportUnderTest{eventLoop: true, dial: dialTCP}
		transports["unix"] = transportUnderTest{eventLoop: true, threads: 2, unix: true, dial: dialUnix}
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
	o.EventLoop, o.IOThreads = u.eventLoop, u.threads
	if u.unix {
		o.UnixSocket = filepath.Join(t.TempDir(), "s")
	}
	return respserver.StartTest(t, o)
}

// self is our server as the target of a transcript.
type self struct {
	*respserver.TestServer
	cluster bool
	edition *compat.Edition
	clock   *respserver.ManualClock
	dial    func(*respserver.TestServer, context.Context) (net.Conn, error)
}

func startSelf(t *testing.T, transport string) *self {
	return startEdition(t, compat.Latest, transport)
}

func startEdition(t *testing.T, edition *compat.Edition, transport string) *self {
	s := &self{edition: edition, clock: respserver.NewManualClock(time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC))}
	s.start(t, transport)
	return s
}

// startNode is startSelf for a node of a cluster, which has no slots.
func startNode(t *testing.T, transport string) *self {
	s := &self{cluster: true, edition: compat.Latest, clock: respserver.NewManualClock(time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC))}
	s.start(t, transport, "cluster-enabled yes")
	return s
}

func (s *self) start(t *testing.T, transport string, config ...string) {
	u := transports[transport]
	s.dial = u.dial
	s.TestServer = u.start(t, respserver.Options{
		Clock:  s.clock,
		Config: append(config, "enable-debug-command yes", "compat "+s.edition.Name), // like the recorded servers
	})
}

func (s *self) Dial(ctx context.Context) (net.Conn, error) { return s.dial(s.TestServer, ctx) }

func (s *self) Name() string {
	if s.edition != compat.Latest {
		return transcript.Older
	}
	return transcript.Self
}

func (s *self) Version() string { return s.edition.Version.String() }

func (s *self) Cluster() bool { return s.cluster }

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

// TestClusterTranscripts replays the transcripts of nodes of a cluster, which begin
// with @only cluster.
func TestClusterTranscripts(t *testing.T) {
	t.Parallel()
	for name, f := range transcript.All(t, "testdata/transcripts/cluster") {
		if name == "disabled.txt" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f.Run(t, startNode(t, "tcp"), transcript.Options{})
		})
	}
}

// unlike are the paragraphs in which an edition is not like that version, with the
// reasons. docs/compatibility.md tells users.
var unlike = map[string]map[string]string{
	"redis-7.0": {
		"A key of another type does not wake it, but is seen when another key does":     servesCommands,
		"Keys that a transaction fills are served in the order in which they were made": servesCommands,
		"What is gone at the end was never there":                                       servesCommands,
	},
}

const servesCommands = "7.0 serves a blocked client from the key that woke it, later versions run its command again"

// TestEditions replays what older versions replied with servers that are these. Each
// file has one of them, or all in a long run.
func TestEditions(t *testing.T) {
	t.Parallel()
	names := slices.DeleteFunc(compat.Names(), func(name string) bool { return compat.Find(name).Version.Major > 7 || name == compat.Latest.Name })
	turn := 0
	for file, f := range transcript.All(t, "testdata/transcripts") {
		turn++
		for i, name := range names {
			if effort.Long() || i == turn%len(names) {
				t.Run(name+"/"+file, func(t *testing.T) {
					t.Parallel()
					f.Run(t, startEdition(t, compat.Find(name), "pipe"), transcript.Options{Known: unlike[name]})
				})
			}
		}
	}
}
