package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// TestErrorTextsOnce: the code has each text of an error reply only once, so that a
// correction corrects all uses.
func TestErrorTextsOnce(t *testing.T) {
	for text, places := range errorTexts(t, moduleRoot(t)) {
		if len(places) > 1 {
			t.Errorf("%q stands at %s", text, strings.Join(places, ", "))
		}
	}
}

// errorText matches an error reply: a code and at least a word, unlike "ERR %v".
var errorText = regexp.MustCompile(`^[A-Z]{2,} .*[A-Za-z]{3}`)

// errorTexts returns the places of the texts of error replies. It skips package
// spec, which has documentation instead of errors.
func errorTexts(t *testing.T, fsys fs.FS) map[string][]string {
	places, set := make(map[string][]string), token.NewFileSet()
	err := eachFile(fsys, func(file string, src []byte) error {
		if strings.HasPrefix(file, "internal/spec/") {
			return nil
		}
		f, err := parser.ParseFile(set, file, src, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			e, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			text, ok := constant(e)
			if ok && errorText.MatchString(text) {
				places[text] = append(places[text], set.Position(e.Pos()).String())
			}
			return !ok
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return places
}

// constant returns the value of a string literal, or of literals joined by "+".
func constant(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		x, xOK := constant(e.X)
		y, yOK := constant(e.Y)
		return x + y, xOK && yOK && e.Op == token.ADD
	}
	return "", false
}

func TestErrorTexts(t *testing.T) {
	fsys := fstest.MapFS{
		"a/a.go":             {Data: []byte(`package a; const x = "ERR no such " + "key"; var y = f("ERR no such key")`)},
		"a/a_test.go":        {Data: []byte(`package a; const y = "ERR no such key"`)},
		"b/b.go":             {Data: []byte("package b; const x, y, z = `ERR syntax error`, \"ERR %v\", \"no error\"")},
		"internal/spec/s.go": {Data: []byte(`package spec; const x = "COUNT can follow"`)},
	}
	got := errorTexts(t, fsys)
	if len(got) != 2 || !slices.Equal(got["ERR no such key"], []string{"a/a.go:1:22", "a/a.go:1:56"}) || len(got["ERR syntax error"]) != 1 {
		t.Error(got)
	}
}
