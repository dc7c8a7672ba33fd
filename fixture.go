package respserver

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/fixture"
	"github.com/resp-server/resp-server/internal/linediff"
)

// Load adds the contents of r to the data. r may hold
//
//   - an RDB file, whose keys and function libraries replace those of the same
//     name;
//   - JSON in the format of DumpJSON, which replaces keys likewise;
//   - or commands, one a line, in the syntax of redis-cli: words in "double quotes"
//     may contain \n, \xff and so on, "10 INCR n" runs INCR ten times, and lines
//     that begin with # are comments. SELECT chooses the database of the following
//     commands.
//
// Load recognizes the format by the first bytes. A command that fails ends the
// load; the commands before it have run, with the rights of the program (see Do). A
// damaged RDB file changes nothing.
func (s *Server) Load(r io.Reader) error {
	in := bufio.NewReader(r)
	var err error
	switch fixture.Sniff(in) {
	case fixture.RDB:
		err = s.loadRDB(in)
	case fixture.JSON:
		err = s.loadCommands(func(run func(words []string) error) error {
			return fixture.ReadJSON(in, func(_ string, words []string) error { return run(words) })
		})
	default:
		err = s.loadCommands(func(run func(words []string) error) error {
			return fixture.ReadText(in, func(_ int, words []string) error { return run(words) })
		})
	}
	if err != nil && err != ErrClosed {
		return fmt.Errorf("respserver: loading: %w", err)
	}
	return err
}

// LoadFile is Load for a file.
func (s *Server) LoadFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := s.Load(f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (s *Server) loadRDB(r io.Reader) error {
	file, err := io.ReadAll(r) // before the lock is taken: a slow reader must not stop the server
	if err != nil {
		return err
	}
	s.engine.Run(func(c *engine.Core) { err = c.LoadRDB(bytes.NewReader(file), int64(len(file))) })
	return err
}

// loadCommands runs commands as one client.
func (s *Server) loadCommands(read func(run func(words []string) error) error) error {
	d := &direct{wake: make(chan struct{}, 1)}
	d.session = s.engine.NewInternalSession(d)
	d.session.Unjudge() // strict mode judges the test, not its fixtures
	d.session.NeverWait()
	defer d.session.Close()
	err := read(func(words []string) error {
		if slices.Contains(noFixtures, strings.ToLower(words[0])) {
			return errors.New("this command does not belong into a fixture")
		}
		d.clear()
		for _, w := range words {
			d.add(w)
		}
		reply, err := s.run(context.Background(), d)
		if err != nil {
			return err
		}
		return reply.Err()
	})
	if err == nil {
		s.engine.Run(func(*engine.Core) {
			if _, multi := d.session.InMulti(); multi {
				err = errors.New("the commands end within a transaction")
			}
		})
	}
	return err
}

// noFixtures are commands that are not about data, but about the connection or the
// life of the server.
var noFixtures = []string{
	"monitor", "psubscribe", "psync", "quit", "reset", "shutdown", "ssubscribe", "subscribe", "sync", "testing",
}

// Dump returns the data as commands that recreate them, which Load reads. There is
// one command a line and element, sorted by database, key and element, and binary
// data are escaped. So a diff of two dumps shows which data differ, and a dump can
// be kept beside a test: see Golden.
//
// Expiry times are absolute, so dumps are repeatable only if the clock is: see
// SetTime. Dump leaves out when consumers of streams were last seen, the users and
// the settings. Values that no command of Redis 7.4 can make are written as
// RESTORE.
func (s *Server) Dump() string { return s.dump(fixture.WriteText) }

// DumpJSON is Dump in JSON. Strings that are not UTF-8 become "base64:...".
func (s *Server) DumpJSON() string { return s.dump(fixture.WriteJSON) }

func (s *Server) dump(write func(io.Writer, fixture.Data) error) string {
	var d fixture.Data
	s.engine.Run(func(c *engine.Core) {
		d = fixture.Data{Keyspace: c.Keyspace.Clone(), Functions: c.Functions.Sources(), Now: c.NowMilli()}
	})
	var b strings.Builder
	if err := write(&b, d); err != nil {
		panic("respserver: Dump: " + err.Error()) // every value has a text form
	}
	return b.String()
}

// updateEnv is the environment variable that makes Golden write its files.
const updateEnv = "RESP_SERVER_UPDATE"

// Golden compares the data with a file: with DumpJSON if the name ends in .json,
// else with Dump. If they differ, it fails the test and shows the lines.
//
// With RESP_SERVER_UPDATE=1 in the environment, or with the flag -update if the
// tests define one, it writes the file instead.
func (s *Server) Golden(t Tester, file string) {
	t.Helper()
	got := s.Dump()
	if filepath.Ext(file) == ".json" {
		got = s.DumpJSON()
	}
	if updating() {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatalf("%v", err)
		} else if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatalf("%v", err)
		}
		return
	}
	kept, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		t.Fatalf("%v; %s=1 writes it", err, updateEnv)
		return
	}
	if err != nil {
		t.Fatalf("%v", err)
		return
	}
	want := strings.ReplaceAll(string(kept), "\r\n", "\n") // git may have changed the line ends
	if want != got {
		t.Fatalf("the data are not those of %s; %s=1 writes it anew\n%s", file, updateEnv, linediff.Show(lines(want), lines(got)))
	}
}

func updating() bool {
	if on := os.Getenv(updateEnv); on != "" && on != "0" {
		return true
	}
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// MustLoad is LoadFile for fixtures: an error fails the test.
func (s *TestServer) MustLoad(files ...string) {
	s.t.Helper()
	for _, f := range files {
		if err := s.LoadFile(f); err != nil {
			s.t.Fatalf("%v", err)
		}
	}
}
