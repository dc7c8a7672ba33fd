package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/rediscli"
)

var errReplayUsage = errors.New("usage: resp-server replay FILE --to HOST:PORT|/SOCKET|redis://[USER:PASSWORD@]HOST:PORT[/DB] [--cacert FILE] [--cert FILE] [--key FILE] [--insecure]")

// replay sends the commands of a record to a server and prints which replies
// differ. It returns the exit code: 0 if none differs, 1 if some do or nothing
// could be compared.
func replay(args []string, stdout, stderr io.Writer) int {
	if err := replayFile(args, stdout); err != nil {
		fmt.Fprintf(stderr, "resp-server: %s\n", strings.TrimPrefix(err.Error(), "respserver: "))
		return 1
	}
	return 0
}

func replayFile(args []string, stdout io.Writer) error {
	var file, to string
	var options []string // of redis-cli
	for i := 0; i < len(args); i++ {
		switch value, joined := strings.CutPrefix(args[i], "--to="); {
		case joined:
			to = value
		case args[i] == "--to" && i+1 < len(args):
			i++
			to = args[i]
		case args[i] == "--insecure":
			options = append(options, args[i])
		case slices.Contains([]string{"--cacert", "--cert", "--key"}, args[i]) && i+1 < len(args):
			options = append(options, args[i], args[i+1])
			i++
		case file == "" && !strings.HasPrefix(args[i], "--"):
			file = args[i]
		default:
			return errReplayUsage
		}
	}
	if file == "" || to == "" {
		return errReplayUsage
	}
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("can't open %s: %s", file, systemError(err))
	}
	defer f.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if strings.HasPrefix(to, "/") {
		options = append(options, "-s", to)
	} else {
		if !strings.Contains(to, "://") {
			to = "redis://" + to
		}
		options = append(options, "-u", to)
	}
	result, err := respserver.Replay(ctx, f, func(ctx context.Context) (net.Conn, error) { return rediscli.Connect(ctx, options) })
	for _, d := range result.Differences {
		fmt.Fprintf(stdout, "%s:%v\n\n", file, d)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d commands, %d replies differ, %d more that vary by themselves\n", result.Commands, len(result.Differences), len(result.Varied))
	if n := len(result.Differences); n > 0 {
		return fmt.Errorf("%d replies differ", n)
	}
	return nil
}
