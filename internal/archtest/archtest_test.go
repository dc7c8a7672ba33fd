package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// moduleRoot returns the files of the module, below the directory of go.mod.
func moduleRoot(t *testing.T) fs.FS {
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			return os.DirFS(root)
		}
		if root == filepath.Dir(root) {
			t.Fatal("no go.mod in any parent directory")
		}
		root = filepath.Dir(root)
	}
}

func TestPolicy(t *testing.T) {
	broken, err := check(moduleRoot(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range broken {
		t.Error(b)
	}
}

// check returns how the module at the root of fsys breaks the rules.
func check(fsys fs.FS) (broken []string, err error) {
	mod, err := fs.ReadFile(fsys, "go.mod")
	if err != nil {
		return nil, err
	}
	module, required := parseGoMod(string(mod))
	for _, m := range required {
		if !slices.Contains(strings.Fields(requirements.allow), m) {
			broken = append(broken, fmt.Sprintf("go.mod requires %s: %s", m, requirements.why))
		}
	}
	err = eachFile(fsys, func(file string, src []byte) error {
		b, err := checkFile(module, file, src)
		broken = append(broken, b...)
		return err
	})
	return broken, err
}

// eachFile calls f for each Go file of the module at the root of fsys, except test
// files.
func eachFile(fsys fs.FS, f func(file string, src []byte) error) error {
	return fs.WalkDir(fsys, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && file != "." {
			if name := d.Name(); name == "testdata" || name[0] == '.' || name[0] == '_' {
				return fs.SkipDir
			}
			if _, err := fs.Stat(fsys, path.Join(file, "go.mod")); err == nil {
				return fs.SkipDir // a module of its own
			}
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		src, err := fs.ReadFile(fsys, file)
		if err != nil {
			return err
		}
		return f(file, src)
	})
}

// parseGoMod returns the path of the module, and its direct and indirect
// requirements.
func parseGoMod(text string) (module string, required []string) {
	block := false
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		switch {
		case len(f) == 0:
		case f[0] == "module":
			module = f[1]
		case f[0] == ")":
			block = false
		case f[0] == "require" && f[1] == "(":
			block = true
		case f[0] == "require":
			required = append(required, f[1])
		case block && f[0] != "//":
			required = append(required, f[0])
		}
	}
	return module, required
}

// checkFile checks the imports, the mentioned functions and the package name of a
// file.
func checkFile(module, file string, src []byte) (broken []string, err error) {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, file, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	pkg := local(module, path.Join(module, path.Dir(file)))
	report := func(pos token.Pos, format string, args ...any) {
		broken = append(broken, fmt.Sprintf("%s: %s", set.Position(pos), fmt.Sprintf(format, args...)))
	}

	for _, name := range []string{f.Name.Name, path.Base(pkg)} {
		if slices.Contains(strings.Fields(names.deny), name) {
			report(f.Name.Pos(), "a package is called %s: %s", name, names.why)
		}
	}
	at := roomsOf(pkg)
	if len(at) != 1 {
		report(f.Name.Pos(), "%s is in %d rooms: say in one place what it may know, and why", pkg, len(at))
	}
	imported := map[string]string{} // by the name in this file
	for _, spec := range f.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		target = local(module, target)
		name := path.Base(target)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imported[name] = target
		for _, r := range at {
			if matches("./...", target) && !matches(r.knows, target) {
				report(spec.Pos(), "%s imports %s: %s", pkg, target, r.why)
			}
		}
		for _, r := range imports {
			if r.breaks(pkg, target) {
				report(spec.Pos(), "%s imports %s: %s", pkg, target, r.why)
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := s.X.(*ast.Ident)
		if !ok || imported[x.Name] == "" {
			return true
		}
		function := imported[x.Name] + "." + s.Sel.Name
		for _, r := range calls {
			if r.breaks(pkg, function) {
				report(s.Pos(), "%s mentions %s: %s", pkg, function, r.why)
			}
		}
		return true
	})
	return broken, nil
}

// local returns an import path in the notation of the rules.
func local(module, importPath string) string {
	if importPath == module {
		return "."
	}
	if rest, ok := strings.CutPrefix(importPath, module+"/"); ok {
		return "./" + rest
	}
	return importPath
}

// roomsOf returns the rooms that a package is in.
func roomsOf(pkg string) (in []room) {
	for _, r := range rooms {
		if matches(r.in, pkg) {
			in = append(in, r)
		}
	}
	return in
}

func (r *rule) breaks(pkg, target string) bool {
	return matches(r.in, pkg) && !matches(r.except, pkg) && matches(r.deny, target) && !matches(r.allow, target)
}

func matches(patterns, name string) bool {
	for _, p := range strings.Fields(patterns) {
		tree, below := strings.CutSuffix(p, "/...")
		if name == tree || (below && strings.HasPrefix(name, tree+"/")) {
			return true
		}
	}
	return false
}

func TestRulesBite(t *testing.T) {
	const mod = "module example.org/m\n\ngo 1.25\n"
	for _, c := range []struct{ file, src, want string }{
		{"internal/datastruct/dict/dict.go", `package dict; import _ "example.org/m/internal/resp"`, "imports ./internal/resp"},
		{"internal/datastruct/dict/dict.go", `package dict; import _ "example.org/m/internal/datastruct/listpack"`, ""},
		{"internal/datastruct/dict/dict.go", `package dict; import _ "time"`, "imports time"},
		{"internal/datastruct/dict/dict_test.go", `package dict; import _ "time"`, ""},
		{"internal/datastruct/dict/dict.go", `package dict; import _ "math/bits"`, ""},
		{"internal/resp/resp.go", `package resp; import _ "example.org/m/internal/numfmt"`, ""},
		{"internal/resp/resp.go", `package resp; import _ "example.org/m/internal/glob"`, "imports ./internal/glob"},
		{"internal/engine/engine.go", `package engine; import _ "example.org/m/internal/command"`, "imports ./internal/command"},
		{"internal/command/list.go", `package command; import _ "example.org/m/internal/engine"`, ""},
		{"internal/acl/acl.go", `package acl; import _ "example.org/m/internal/engine"`, "imports ./internal/engine"},
		{"internal/transport/tcp.go", `package transport; import _ "example.org/m/internal/engine"`, "imports ./internal/engine"},
		{"internal/rdb/rdb.go", `package rdb; import _ "example.org/m/internal/keyspace"`, "imports ./internal/keyspace"},
		{"internal/pubsub/pubsub.go", `package pubsub; import _ "example.org/m"`, "imports .:"},
		{"server.go", `package m; import _ "example.org/m/internal/engine"`, ""},
		{"server.go", `package m; import _ "example.org/m/internal/lua"`, "imports ./internal/lua"},
		{"internal/script/script.go", `package script; import _ "example.org/m/internal/lua"`, ""},
		{"internal/lua/parse.go", `package lua; import _ "example.org/m/internal/resp"`, "imports ./internal/resp"},
		{"cmd/m/main.go", `package main; import _ "example.org/m"; import "os"; func main() { os.Exit(1) }`, ""},
		{"cmd/m/main.go", `package main; import _ "example.org/m/internal/config"`, "imports ./internal/config"},
		{"internal/acl/acl.go", `package acl; import "time"; var t = time.Now()`, "mentions time.Now"},
		{"internal/acl/acl.go", `package acl; import clock "time"; var now = clock.Now`, "mentions time.Now"},
		{"internal/acl/acl.go", `package acl; import "time"; var t = time.Second`, ""},
		{"internal/clock/clock.go", `package clock; import "time"; var t = time.Now()`, ""},
		{"internal/acl/acl.go", `package acl; import "fmt"; func f() { fmt.Println() }`, "mentions fmt.Println"},
		{"internal/acl/acl.go", `package acl; import _ "log"`, "imports log"},
		{"internal/acl/acl.go", `package acl; import _ "log/slog"`, ""},
		{"internal/acl/acl.go", `package acl; import "C"`, "imports C"},
		{"internal/news/news.go", `package news`, "is in 0 rooms"},
		{"internal/script/script.go", `package script; import _ "example.org/m/internal/engine"`, "imports ./internal/engine"},
		{"internal/engine/engine.go", `package engine; import _ "example.org/m/internal/engine/enginetest"`, "imports ./internal/engine/enginetest"},
		{"internal/engine/engine.go", `package engine; import _ "testing"`, "imports testing"},
		{"internal/util/util.go", `package strutil`, "called util"},
		{"internal/acl/acl.go", `package helper`, "called helper"},
		{"go.mod", mod + "require github.com/x/y v1.0.0\n", "go.mod requires github.com/x/y"},
		{"go.mod", mod + "require (\n\tgithub.com/x/y v1.0.0 // indirect\n)\n", "go.mod requires github.com/x/y"},
	} {
		fsys := fstest.MapFS{"go.mod": {Data: []byte(mod)}}
		fsys[c.file] = &fstest.MapFile{Data: []byte(c.src)}
		broken, err := check(fsys)
		if err != nil {
			t.Fatalf("%s: %v", c.src, err)
		}
		got := strings.Join(broken, "\n")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %s\ngot  %q\nwant %q", c.file, c.src, got, c.want)
		}
	}
	// Modules below the root have their own rules.
	broken, err := check(fstest.MapFS{
		"go.mod":            {Data: []byte(mod)},
		"test/x/go.mod":     {Data: []byte("module example.org/m/test/x\n")},
		"test/x/x.go":       {Data: []byte(`package x; import _ "log"`)},
		"a/testdata/bad.go": {Data: []byte(`package`)},
	})
	if err != nil || len(broken) > 0 {
		t.Errorf("%v, %v", broken, err)
	}
}

func TestRulesHaveReasons(t *testing.T) {
	for _, r := range rooms {
		if r.why == "" {
			t.Errorf("no reason: %+v", r)
		}
	}
	for _, r := range slices.Concat(imports, calls, []rule{requirements, names}) {
		if r.why == "" {
			t.Errorf("no reason: %+v", r)
		}
	}
}
