// Package generated keeps files up to date that are made from the code:
// documentation, comments, lists. Only tests import it.
package generated

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

// Fix makes tests write a file instead of failing when it is out of date.
var Fix = flag.Bool("fix", false, "write what is generated, such as lists in documents")

// Check compares a file with its generated content, and writes it if Fix is set.
func Check(tb testing.TB, file string, want []byte) {
	tb.Helper()
	got, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	switch {
	case bytes.Equal(got, want):
	case !*Fix:
		tb.Errorf("%s is out of date: run `go test -run '^%s$' -fix` in the folder of this test", file, tb.Name())
	default:
		if err := os.WriteFile(file, want, 0o644); err != nil {
			tb.Fatal(err)
		}
	}
}
