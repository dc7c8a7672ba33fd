// Command record writes the replies of a real server into transcripts.
//
//	go run ./internal/transcript/record -redis-server=/path/to/redis-server testdata/transcripts/list
//
// Arguments are files or directories. Only replies change; review the diff.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"

	"github.com/resp-server/resp-server/internal/transcript"
)

func main() {
	path := flag.String("redis-server", "redis-server", "server binary to start: redis-server or valkey-server")
	addr := flag.String("addr", "", "address of a running server to use instead; its data is deleted")
	flag.Parse()
	if err := run(*path, *addr, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func run(path, addr string, args []string) error {
	var target *transcript.Server
	var err error
	if addr != "" {
		target, err = transcript.Connect(addr)
	} else {
		target, err = transcript.Start(path)
	}
	if err != nil {
		return err
	}
	defer target.Stop()
	failed := 0
	for _, arg := range args {
		files, err := transcript.Files(arg)
		if err != nil {
			return err
		}
		for _, name := range files {
			if err := record(name, target); err != nil {
				fmt.Fprintln(os.Stderr, err)
				failed++
			}
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d files are not recorded", failed)
	}
	return nil
}

func record(name string, target transcript.Target) error {
	src, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	f, err := transcript.Parse(name, src)
	if err != nil {
		return err
	}
	out, err := f.Record(target)
	if err != nil || bytes.Equal(src, out) {
		return err
	}
	fmt.Println("recorded", name)
	return os.WriteFile(name, out, 0o666)
}
