package miniredis_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var apiOf = flag.String("api-of", "", "write testdata/api.txt from the miniredis in this directory")

// TestAPI compares what the packages export with testdata/api.txt, which has the
// names and types of miniredis 2.40:
//
//	go test -run TestAPI . -api-of $(go list -m -f '{{.Dir}}' github.com/alicebob/miniredis/v2)
//
// writes it, outside of this module.
func TestAPI(t *testing.T) {
	const file = "testdata/api.txt"
	if *apiOf != "" {
		lines := slices.Sorted(maps.Keys(exported(t, *apiOf)))
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	have := exported(t, ".")
	for line := range strings.Lines(string(want)) {
		if line = strings.TrimSuffix(line, "\n"); !have[line] {
			t.Errorf("missing: %s", line)
		}
	}
}

// exported returns what the packages of a module export, a line each.
func exported(t *testing.T, dir string) map[string]bool {
	t.Helper()
	api := make(map[string]bool)
	for _, pkg := range []string{".", "server", "proto"} {
		files, err := filepath.Glob(filepath.Join(dir, pkg, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no package in %s: %v", filepath.Join(dir, pkg), err)
		}
		add := func(format string, args ...any) { api[pkg+": "+fmt.Sprintf(format, args...)] = true }
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				addDecl(d, add)
			}
		}
	}
	return api
}

func addDecl(d ast.Decl, add func(string, ...any)) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		recv := ""
		if d.Recv != nil {
			recv = types.ExprString(d.Recv.List[0].Type)
			if !ast.IsExported(strings.TrimPrefix(recv, "*")) {
				return
			}
			recv = "(" + recv + ") "
		}
		if d.Name.IsExported() {
			add("func %s%s%s", recv, d.Name.Name, signature(d.Type))
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.ValueSpec:
				for _, name := range s.Names {
					if name.IsExported() {
						add("%v %s", d.Tok, name.Name)
					}
				}
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					addType(s, add)
				}
			}
		}
	}
}

func addType(s *ast.TypeSpec, add func(string, ...any)) {
	name := s.Name.Name
	switch x := s.Type.(type) {
	case *ast.StructType:
		add("type %s struct", name)
		for _, f := range x.Fields.List {
			if f.Names == nil {
				add("field %s.%s", name, types.ExprString(f.Type))
			}
			for _, n := range f.Names {
				if n.IsExported() {
					add("field %s.%s %s", name, n.Name, plain(types.ExprString(f.Type)))
				}
			}
		}
	case *ast.InterfaceType:
		add("type %s interface", name)
		for _, m := range x.Methods.List {
			for _, n := range m.Names {
				add("method %s.%s%s", name, n.Name, signature(m.Type.(*ast.FuncType)))
			}
		}
	case *ast.FuncType:
		if p := signature(x); strings.Contains(p, "*cmdMeta") || strings.Contains(p, "*command") {
			add("type %s func", name) // of a type that nobody else can name
		} else {
			add("type %s func%s", name, p)
		}
	default:
		add("type %s %s", name, types.ExprString(x))
	}
}

// signature returns types without names.
func signature(f *ast.FuncType) string {
	list := func(fields *ast.FieldList) string {
		var all []string
		if fields != nil {
			for _, f := range fields.List {
				for range max(len(f.Names), 1) {
					all = append(all, plain(types.ExprString(f.Type)))
				}
			}
		}
		return strings.Join(all, ", ")
	}
	return "(" + list(f.Params) + ") (" + list(f.Results) + ")"
}

func plain(typ string) string { return strings.ReplaceAll(typ, "interface{}", "any") }
