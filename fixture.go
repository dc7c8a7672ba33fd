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
	"strings"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/fixture"
	"github.com/resp-server/resp-server/internal/linediff"
)

// Load adds what r holds to the data:
//
//   - an RDB file, whose keys and function libraries replace those of the same
//     name;
//   - JSON in the form that DumpJSON writes, likewise;
//   - or commands, one a line, as redis-cli reads them: words in "double quotes"
//     may have \n, \xff and so on, "10 INCR n" is run ten times, and lines that
//     begin with # are comments. SELECT chooses the database of what follows.
//
// What it is shows in how it begins. A command that fails ends the load; those
// before it have been run, as for the program (see Do). An RDB file that is
// damaged changes nothing.
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
	file, err := io.ReadAll(r) // whoever is slow must not stop the server
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
	d.session.Unjudge() // a fixture is no part of what is tested
	defer d.session.Close()
	return read(func(words []string) error {
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
}

// Dump returns the data as commands that make them again: one a line and an
// element each, sorted by database, key and element, and readable also where the
// data are binary. Load reads it. So two dumps differ in the lines where the data
// do, and can be kept beside a test: see Golden.
//
// Expiry is at a time, so dumps are repeatable only if the clock is: see SetTime.
// Left out are when consumers of streams were last seen, users and settings. What
// no command of Redis 7.4 makes is a RESTORE.
func (s *Server) Dump() string { return s.dump(fixture.WriteText) }

// DumpJSON is Dump as JSON. Strings that are not UTF-8 are "base64:...".
func (s *Server) DumpJSON() string { return s.dump(fixture.WriteJSON) }

func (s *Server) dump(write func(io.Writer, fixture.Data) error) string {
	var d fixture.Data
	s.engine.Run(func(c *engine.Core) {
		d = fixture.Data{Keyspace: c.Keyspace.Clone(), Functions: c.Functions.Sources(), Now: c.NowMilli()}
	})
	var b strings.Builder
	if err := write(&b, d); err != nil {
		panic("respserver: Dump: " + err.Error()) // every value has a form
	}
	return b.String()
}

// updateEnv is the environment variable that has Golden write its files.
const updateEnv = "RESP_SERVER_UPDATE"

// Golden compares the data with a file: with DumpJSON if its name ends in .json,
// with Dump if not. A difference fails the test, and shows in which lines.
//
// With RESP_SERVER_UPDATE=1 in the environment, or the flag -update if the tests
// define one, it writes the file instead.
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
	want := strings.ReplaceAll(string(kept), "\r\n", "\n") // git may have changed them
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

// MustLoad is LoadFile for fixtures: what can't be loaded fails the test.
func (s *TestServer) MustLoad(files ...string) {
	s.t.Helper()
	for _, f := range files {
		if err := s.LoadFile(f); err != nil {
			s.t.Fatalf("%v", err)
		}
	}
}
