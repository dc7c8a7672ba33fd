package command

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/generated"
	"github.com/resp-server/resp-server/internal/transcript"
)

// TestHandlerComments checks that the comment of each handler, or of the
// function that makes it, begins with the syntax of its commands. With -fix it
// writes these lines.
func TestHandlerComments(t *testing.T) {
	modules, err := filepath.Glob("../module/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range append(modules, ".") {
		checkComments(t, dir)
	}
}

func checkComments(t *testing.T, dir string) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	files := map[string]*ast.File{}
	handlers := map[string][]string{} // full names of commands, by function
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = f
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.CompositeLit); ok && isHandlers(lit.Type) {
				collectHandlers(lit, handlers)
			}
			return true
		})
	}
	for name, f := range files {
		var edits []edit
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || handlers[fn.Name.Name] == nil {
				continue
			}
			if e := checkComment(t, fset, fn, handlers[fn.Name.Name]); e.lines != nil {
				edits = append(edits, e)
			}
		}
		if *generated.Fix {
			rewrite(t, name, edits)
		}
	}
}

func isHandlers(typ ast.Expr) bool {
	sel, ok := typ.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Handlers"
}

func collectHandlers(lit *ast.CompositeLit, handlers map[string][]string) {
	for _, e := range lit.Elts {
		kv := e.(*ast.KeyValueExpr)
		name, err := strconv.Unquote(kv.Key.(*ast.BasicLit).Value)
		if err != nil {
			continue
		}
		value := kv.Value
		for {
			switch v := value.(type) {
			case *ast.CallExpr:
				value = v.Fun
				continue
			case *ast.IndexExpr:
				value = v.X
				continue
			case *ast.Ident:
				handlers[v.Name] = append(handlers[v.Name], name)
			}
			break
		}
	}
}

// edit replaces lines of a file, counted from 1.
type edit struct {
	from, to int // to is exclusive
	lines    []string
}

// checkComment compares the first lines of a function's comment with the
// syntax of its commands, in any order.
func checkComment(t *testing.T, fset *token.FileSet, fn *ast.FuncDecl, commands []string) (e edit) {
	var want []string
	words := map[string]bool{}
	for _, name := range commands {
		cmd := findCommand(name)
		want = append(want, syntaxLine(cmd))
		words[strings.Fields(shown(name))[0]] = true
	}
	slices.Sort(want)
	var got []string
	e.from = fset.Position(fn.Pos()).Line
	if fn.Doc != nil {
		e.from = fset.Position(fn.Doc.Pos()).Line
		for _, c := range fn.Doc.List {
			text := strings.TrimSpace(strings.TrimPrefix(c.Text, "//"))
			first, _, _ := strings.Cut(text, " ")
			if !words[first] {
				break
			}
			got = append(got, text)
		}
	}
	slices.Sort(got)
	if slices.Equal(got, want) {
		return edit{}
	}
	if !*generated.Fix {
		t.Errorf("%s: the comment of %s must begin with the syntax (-fix writes it):\n\t// %s",
			fset.Position(fn.Pos()), fn.Name.Name, strings.Join(want, "\n\t// "))
	}
	e.to = e.from + len(got)
	for _, w := range want {
		e.lines = append(e.lines, "// "+w)
	}
	return e
}

func findCommand(full string) *engine.Command {
	name, sub, isSub := strings.Cut(full, "|")
	cmd := Table().Find([]byte(name))
	if cmd == nil {
		cmd = engine.NewTable(SentinelModules()...).Find([]byte(name))
	}
	if isSub {
		return cmd.Sub([]byte(sub))
	}
	return cmd
}

func rewrite(t *testing.T, name string, edits []edit) {
	if len(edits) == 0 {
		return
	}
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(src), "\n")
	for _, e := range slices.Backward(edits) {
		lines = slices.Replace(lines, e.from-1, e.to-1, e.lines...)
	}
	if err := os.WriteFile(name, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestFileNames checks that a file is called <group>.go or <group>_<what>.go,
// after the group of the commands that it registers, and that it declares
// their handlers.
func TestFileNames(t *testing.T) {
	prefixes := map[string]string{"sorted-set": "zset"} // groups with a shorter file name
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || name == "help.go" {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		handlers := map[string][]string{}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.CompositeLit); ok && isHandlers(lit.Type) {
				collectHandlers(lit, handlers)
			}
			return true
		})
		for fn, commands := range handlers {
			if f.Scope.Lookup(fn) == nil {
				t.Errorf("%s registers %s, which is declared elsewhere", name, fn)
			}
			base, _, _ := strings.Cut(strings.TrimSuffix(name, ".go"), "_")
			if !slices.ContainsFunc(commands, func(full string) bool {
				group := findCommand(full).Group
				return base == cmp.Or(prefixes[group], group)
			}) {
				t.Errorf("%s registers %s, which are of another group", name, strings.Join(commands, ", "))
			}
		}
	}
}

// withoutTranscript lists commands and groups without a transcript, with the
// reason.
var withoutTranscript = map[string]string{
	"@testing": "no Redis has it to record from: controls_test.go in the root",
}

// TestCommandsHaveTranscripts checks that a transcript calls each command. All
// containers share one handler for HELP.
func TestCommandsHaveTranscripts(t *testing.T) {
	uncalled := map[string]bool{}
	for _, cmd := range Table().All() {
		if cmd.Runs() && !strings.HasSuffix(cmd.FullName, "|help") {
			uncalled[cmd.FullName] = true
		}
	}
	for _, f := range transcript.All(t, "../../testdata/transcripts") {
		for _, words := range f.Commands {
			if len(words) == 0 {
				continue
			}
			cmd := Table().Find([]byte(words[0]))
			if cmd != nil && len(words) > 1 && len(cmd.Subs()) > 0 {
				cmd = cmd.Sub([]byte(words[1]))
			}
			if cmd != nil {
				delete(uncalled, cmd.FullName)
			}
		}
	}
	used := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(uncalled)) {
		group := "@" + findCommand(name).Group
		switch {
		case withoutTranscript[name] != "":
			used[name] = true
		case withoutTranscript[group] != "":
			used[group] = true
		default:
			t.Errorf("no transcript calls %s", name)
		}
	}
	dropUnused(t, "policy_test.go", withoutTranscript, used)
}
