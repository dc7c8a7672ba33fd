// Command dropin runs the tests of other programs twice, with miniredis and with
// the drop-in of this repository, and prints a Markdown table of what passes. It
// exits with 1 if a test fails for no known reason.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const miniredis = "github.com/alicebob/miniredis/v2"

func main() {
	log.SetFlags(0)
	if file := os.Getenv(measureEnv); file != "" {
		measure(file, os.Args[1:])
	}
	root := flag.String("root", "../..", "the repository")
	short := flag.Bool("short", false, "only the programs that are quick to fetch and run")
	verbose := flag.Bool("v", false, "show the output of tests that differ")
	work := flag.String("work", "", "work in this directory and leave it; default a temporary one")
	results := flag.String("results", "", "keep what became of programs in this file, and print those of earlier runs too")
	repeat := flag.Int("repeat", 1, "run the tests that often: a test passes if it always does, and the times are the least")
	server := flag.String("redis", "redis-server", "record from this server what it answers")
	flag.Parse()
	r := &runner{verbose: *verbose, dir: *work, redis: *server, results: *results, repeat: *repeat}
	var err error
	if r.self, err = os.Executable(); err != nil {
		log.Fatal(err)
	}
	if r.root, err = filepath.Abs(*root); err != nil {
		log.Fatal(err)
	}
	if r.dir == "" {
		if r.dir, err = os.MkdirTemp("", "dropin"); err != nil {
			log.Fatal(err)
		}
	}
	failed, err := r.all(chosen(*short, flag.Args()))
	if *work == "" {
		os.RemoveAll(r.dir)
	}
	if err != nil {
		log.Fatal(err)
	}
	if failed {
		os.Exit(1)
	}
}

// chosen returns the programs whose module contains one of the words.
func chosen(short bool, words []string) (list []program) {
	for _, p := range programs {
		named := len(words) == 0
		for _, w := range words {
			named = named || strings.Contains(p.Module, w)
		}
		if named && (p.Quick || !short) {
			list = append(list, p)
		}
	}
	return list
}

type runner struct {
	root, dir string
	self      string // this program
	redis     string
	results   string
	repeat    int
	verbose   bool
}

func (r *runner) all(list []program) (failed bool, err error) {
	var rows []row
	if r.results != "" {
		if rows, err = load(r.results); err != nil {
			return true, err
		}
	}
	for _, p := range list {
		theirs, ours, err := r.program(p)
		if err != nil {
			log.Printf("%s: %v", p.Module, err)
			failed = true
			continue
		}
		rw := row{
			Program: p.Module, Version: p.Version, Packages: p.Packages, Server: len(p.Servers) > 0,
			Theirs: theirs.outcome(), Ours: ours.outcome(),
		}
		unexplained := false
		if rw.Why, rw.Redis, unexplained, err = r.explain(p, theirs, ours); err != nil {
			return true, err
		}
		failed = failed || unexplained
		rows = replace(rows, rw)
		if r.results != "" {
			if err := save(r.results, rows); err != nil {
				return true, err
			}
		}
	}
	for _, server := range []bool{false, true} {
		if slices.ContainsFunc(rows, func(rw row) bool { return rw.Server == server }) {
			fmt.Println(table(rows, server))
		}
	}
	return failed, nil
}

// results are the outcomes of tests by package and name: true if the test passed.
type results struct {
	tests map[string]bool
	took  times
}

// repeated adds the outcomes of another run of the same tests.
func (r *results) repeated(o results) {
	for name, ok := range o.tests {
		was, known := r.tests[name]
		r.tests[name] = ok && (was || !known)
	}
	r.took.Wall, r.took.CPU = min(r.took.Wall, o.took.Wall), min(r.took.CPU, o.took.CPU)
}

// missing adds the tests that have run with the other one only, as failed: the
// process has ended before, or the test above has.
func (r *results) missing(o results) {
	for name := range o.tests {
		if _, known := r.tests[name]; !known {
			r.tests[name] = false
		}
	}
}

func (r results) outcome() outcome {
	o := outcome{Tests: len(r.tests), Took: r.took}
	for _, ok := range r.tests {
		if ok {
			o.Passed++
		}
	}
	return o
}

// noReason is what the table says of tests that fail with ours alone and that
// nobody has looked at.
const noReason = "**unexplained**"

// explain returns the last column of the table, the version of Redis whose replies
// it contains, and whether a test fails only with ours for no known reason.
func (r *runner) explain(p program, theirs, ours results) (why, version string, unexplained bool, err error) {
	var server []string
	var reasons []string // in the order of the tests
	tests := make(map[string][]string)
	for _, name := range slices.Sorted(maps.Keys(theirs.tests)) {
		if !theirs.tests[name] || ours.tests[name] || hasFailedBelow(name, ours.tests) {
			continue
		}
		because := noReason
		if reason := p.reason(name); reason == nil {
			unexplained = true
		} else {
			if server == nil && len(reason.Proof) > 0 {
				var stop func()
				if server, version, stop, err = redis(r.redis, r.dir); err != nil {
					return "", "", false, err
				}
				defer stop()
			}
			if because, err = reason.record(server); err != nil {
				return "", "", false, err
			}
		}
		if tests[because] == nil {
			reasons = append(reasons, because)
		}
		tests[because] = append(tests[because], test(name))
	}
	var parts []string
	for _, because := range reasons {
		parts = append(parts, few(tests[because])+": "+because)
	}
	var more []string
	for _, name := range slices.Sorted(maps.Keys(ours.tests)) {
		if ours.tests[name] && !theirs.tests[name] {
			more = append(more, test(name))
		}
	}
	if len(more) > 0 {
		parts = append(parts, "with ours more pass: "+few(more))
	}
	if p.Note != "" {
		parts = append(parts, p.Note)
	}
	return strings.Join(parts, ". "), version, unexplained, nil
}

// few returns the names of at most three tests, without their subtests.
func few(names []string) string {
	for i, name := range names {
		names[i], _, _ = strings.Cut(name, "/")
	}
	names = slices.Compact(names)
	if rest := len(names) - 3; rest > 0 {
		names = append(names[:3], fmt.Sprintf("and %d more", rest))
	}
	return strings.Join(names, ", ")
}

// hasFailedBelow reports whether a subtest caused the failure.
func hasFailedBelow(name string, tests map[string]bool) bool {
	for other, ok := range tests {
		if !ok && strings.HasPrefix(other, name+"/") {
			return true
		}
	}
	return false
}

// test returns the name of a test without its package.
func test(name string) string {
	_, name, _ = strings.Cut(name, " ")
	return name
}

// program runs the tests of a program with both implementations.
func (r *runner) program(p program) (theirs, ours results, err error) {
	dir, err := r.fetch(p)
	if err != nil {
		return theirs, ours, err
	}
	for _, side := range []string{"theirs", "ours"} {
		if err := r.modfile(dir, side); err != nil {
			return theirs, ours, err
		}
	}
	packages := p.Packages
	if packages == nil {
		if packages, err = users(dir); err != nil {
			return theirs, ours, err
		}
	}
	log.Printf("%s: %s", p.Module, strings.Join(packages, " "))
	for i := range r.repeat {
		t, err := r.test(p, dir, "theirs", packages)
		if err != nil {
			return theirs, ours, err
		}
		o, err := r.test(p, dir, "ours", packages)
		if err != nil {
			return theirs, ours, err
		}
		if i == 0 {
			theirs, ours = t, o
		} else {
			theirs.repeated(t)
			ours.repeated(o)
		}
	}
	theirs.missing(ours)
	ours.missing(theirs)
	return theirs, ours, nil
}

// fetch returns a copy of the source.
func (r *runner) fetch(p program) (dir string, err error) {
	var m struct{ Dir, Error string }
	out, err := r.command(r.dir, "go", "mod", "download", "-json", p.Module+"@"+p.Version)
	if jsonErr := json.Unmarshal(out, &m); jsonErr != nil || m.Error != "" {
		return "", errors.Join(err, errors.New(m.Error))
	}
	dir = filepath.Join(r.dir, strings.ReplaceAll(p.Module, "/", "_"))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil // from another run with -work
	}
	return dir, copyTree(dir, m.Dir)
}

// copyTree makes a writable copy of files.
func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(from, path)
		target := filepath.Join(to, rel)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o644)
	})
}

// modfile writes the go.mod for one side. Both sides use the Go version of the
// drop-in, because the version changes what a program means.
func (r *runner) modfile(dir, side string) error {
	mod := filepath.Join(dir, side+".mod")
	for from, to := range map[string]string{"go.mod": mod, "go.sum": filepath.Join(dir, side+".sum")} {
		data, err := os.ReadFile(filepath.Join(dir, from))
		if err != nil && from != "go.sum" {
			return err
		}
		if err := os.WriteFile(to, data, 0o644); err != nil {
			return err
		}
	}
	edits := []string{"mod", "edit"}
	if old(mod) {
		edits = append(edits, "-go=1.25")
	}
	if side == "ours" {
		edits = append(edits,
			"-require=github.com/resp-server/resp-server@v0.1.0", // as go mod tidy does
			"-replace="+miniredis+"="+filepath.Join(r.root, "miniredis"),
			"-replace=github.com/resp-server/resp-server="+r.root)
	}
	if len(edits) == 2 {
		return nil
	}
	out, err := r.command(dir, "go", append(edits, mod)...)
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// old reports whether the go.mod names a version before Go 1.25.
func old(mod string) bool {
	data, _ := os.ReadFile(mod)
	for line := range strings.Lines(string(data)) {
		if version, ok := strings.CutPrefix(strings.TrimSpace(line), "go 1."); ok {
			minor, _, _ := strings.Cut(version, ".")
			return len(minor) < 2 || minor < "25"
		}
	}
	return true
}

// users returns the packages of a program whose tests use miniredis.
func users(dir string) ([]string, error) {
	found := make(map[string]bool)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != dir {
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil || d.Name() == "vendor" || d.Name() == "testdata" {
				return filepath.SkipDir
			}
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		if data, err := os.ReadFile(path); err == nil && bytes.Contains(data, []byte(miniredis)) {
			rel, _ := filepath.Rel(dir, filepath.Dir(path))
			found["./"+filepath.ToSlash(rel)] = true
		}
		return nil
	})
	if err == nil && len(found) == 0 {
		err = errors.New("no test of it uses " + miniredis)
	}
	return slices.Sorted(maps.Keys(found)), err
}

// test runs the tests of several packages, one package after the other.
func (r *runner) test(p program, dir, side string, packages []string) (results, error) {
	res := results{tests: make(map[string]bool)}
	args := append([]string{"test", "-json", "-count=1", "-vet=off", "-p=1", "-timeout=5m", "-mod=mod", "-modfile=" + side + ".mod", "-exec=" + r.self}, packages...)
	if p.Skip != "" {
		args = append(args, "-skip="+p.Skip)
	}
	if p.Tags != "" {
		args = append(args, "-tags="+p.Tags)
	}
	stop := func() times { return times{} }
	if len(p.Servers) > 0 {
		var err error
		if stop, err = r.serve(side, p); err != nil {
			return res, err
		}
	}
	took := filepath.Join(dir, side+".times")
	os.Remove(took)
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = dir, append(append(os.Environ(), measureEnv+"="+took), p.Env...)
	cmd.Stderr = io.Discard
	out, err := cmd.StdoutPipe()
	if err != nil {
		return res, err
	}
	if err := cmd.Start(); err != nil {
		return res, err
	}
	outputs := make(map[string]*strings.Builder)
	var build strings.Builder
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e struct {
			Action, Package, Test, Output string
		}
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue
		}
		name := strings.TrimPrefix(strings.TrimPrefix(e.Package, p.Module), "/") + " " + e.Test
		switch {
		case e.Action == "build-output":
			build.WriteString(e.Output)
		case e.Action == "output":
			if outputs[name] == nil {
				outputs[name] = new(strings.Builder)
			}
			outputs[name].WriteString(e.Output)
		case e.Test != "" && (e.Action == "pass" || e.Action == "fail"):
			res.tests[stable(name, res.tests)] = e.Action == "pass"
		}
	}
	cmd.Wait()
	served := stop()
	if res.took, err = measured(took); err != nil {
		return res, err
	}
	res.took.CPU += served.CPU
	if len(res.tests) == 0 {
		return res, fmt.Errorf("no test ran: %s", strings.ReplaceAll(build.String(), "\n", " "))
	}
	if r.verbose {
		for name, ok := range res.tests {
			if !ok {
				log.Printf("--- %s %s\n%s", side, name, outputs[name])
			}
		}
		log.Print(build.String())
	}
	return res, nil
}

// random matches the part of a subtest's name that changes in each run: a number or
// a time.
var random = regexp.MustCompile(`[0-9a-f]{8}[0-9a-f-]{8,}|[A-Z][a-z]{2}_[A-Z][a-z]{2}_+\d+_\d\d:\d\d:\d\d_[^_]+_\d{4}`)

// stable returns the name of a test without its random part, with a number that
// makes it new.
func stable(name string, known map[string]bool) string {
	if !random.MatchString(name) {
		return name
	}
	name = random.ReplaceAllString(name, "")
	for n := 1; ; n++ {
		numbered := fmt.Sprintf("%s#%d", name, n)
		if _, ok := known[numbered]; !ok {
			return numbered
		}
	}
}

func (r *runner) command(dir, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	return cmd.Output()
}
