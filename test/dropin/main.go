// Command dropin runs the tests of other programs twice, with miniredis and with
// the drop-in of this repository in its place, and prints what passes as a table in
// Markdown. It exits with 1 if a test fails that nobody has given a reason for.
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
	"time"
)

const miniredis = "github.com/alicebob/miniredis/v2"

func main() {
	log.SetFlags(0)
	root := flag.String("root", "../..", "the repository")
	short := flag.Bool("short", false, "only the programs that are quick to fetch and run")
	verbose := flag.Bool("v", false, "show the output of tests that differ")
	work := flag.String("work", "", "work in this directory and leave it; default a temporary one")
	flag.Parse()
	r := &runner{verbose: *verbose, dir: *work}
	var err error
	if r.root, err = filepath.Abs(*root); err != nil {
		log.Fatal(err)
	}
	if r.dir == "" {
		if r.dir, err = os.MkdirTemp("", "dropin"); err != nil {
			log.Fatal(err)
		}
	}
	failed := r.all(chosen(*short, flag.Args()))
	if *work == "" {
		os.RemoveAll(r.dir)
	}
	if failed {
		os.Exit(1)
	}
}

// chosen returns the programs whose module has one of the words.
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
	verbose   bool
}

func (r *runner) all(list []program) (failed bool) {
	fmt.Println("| program | version | with miniredis | with ours | why they differ |\n|---|---|---|---|---|")
	for _, p := range list {
		theirs, ours, err := r.program(p)
		if err != nil {
			fmt.Printf("| %s | %s | | | could not be run: %v |\n", p.Module, p.Version, err)
			failed = true
			continue
		}
		why, unexplained := explain(p, theirs, ours)
		failed = failed || unexplained
		fmt.Printf("| %s | %s | %s | %s | %s |\n", p.Module, p.Version, theirs, ours, why)
	}
	return failed
}

// results are the outcomes of tests by package and name: true passed.
type results struct {
	tests map[string]bool
	took  time.Duration
}

func (r results) passed() (n int) {
	for _, ok := range r.tests {
		if ok {
			n++
		}
	}
	return n
}

// String returns "12 of 13, 4.1 s".
func (r results) String() string {
	n := fmt.Sprint(r.passed())
	if r.passed() < len(r.tests) {
		n += fmt.Sprintf(" of %d", len(r.tests))
	}
	return fmt.Sprintf("%s, %.1f s", n, r.took.Seconds())
}

// explain returns the last column of the table, and whether a test fails with ours
// alone for no known reason.
func explain(p program, theirs, ours results) (why string, unexplained bool) {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(theirs.tests)) {
		if !theirs.tests[name] || ours.tests[name] || hasFailedBelow(name, ours.tests) {
			continue
		}
		reason := p.reason(name)
		if reason == "" {
			reason, unexplained = "**unexplained**", true
		}
		parts = append(parts, test(name)+": "+reason)
	}
	for _, name := range slices.Sorted(maps.Keys(ours.tests)) {
		if ours.tests[name] && !theirs.tests[name] {
			parts = append(parts, test(name)+" passes")
		}
	}
	return strings.Join(slices.Compact(parts), "; "), unexplained
}

// hasFailedBelow reports whether one of the subtests is to blame.
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

// program runs the tests of a program with both.
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
	if theirs, err = r.test(p, dir, "theirs", packages); err != nil {
		return theirs, ours, err
	}
	ours, err = r.test(p, dir, "ours", packages)
	return theirs, ours, err
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
		return dir, nil // of another run with -work
	}
	return dir, copyTree(dir, m.Dir)
}

// copyTree copies files so that they can be written.
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

// modfile writes the go.mod for one side. Both have the version of Go that the
// drop-in needs, since that changes what a program means.
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

// old reports whether a go.mod asks for less than Go 1.25.
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

// test runs the tests of some packages, one package after the other.
func (r *runner) test(p program, dir, side string, packages []string) (results, error) {
	res := results{tests: make(map[string]bool)}
	args := append([]string{"test", "-json", "-count=1", "-vet=off", "-p=1", "-timeout=5m", "-mod=mod", "-modfile=" + side + ".mod"}, packages...)
	if p.Skip != "" {
		args = append(args, "-skip="+p.Skip)
	}
	if p.Server {
		stop, err := r.serve(side)
		if err != nil {
			return res, err
		}
		defer stop()
	}
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), p.Env...)
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
			Elapsed                       float64
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
		case e.Test == "" && (e.Action == "pass" || e.Action == "fail"):
			res.took += time.Duration(e.Elapsed * float64(time.Second))
		case e.Action == "pass" || e.Action == "fail":
			res.tests[stable(name, res.tests)] = e.Action == "pass"
		}
	}
	cmd.Wait()
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

// random is a name of a subtest that is another one in each run.
var random = regexp.MustCompile(`[0-9a-f]{16,}`)

// stable returns the name of a test that is not known yet without what is random.
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
