package respserver

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/generated"
	"github.com/resp-server/resp-server/internal/spec"
)

var (
	example  = regexp.MustCompile("(?s)(<!-- example: (\\S+) -->\n```\\w+\n)(.*?)```\n")
	coverage = regexp.MustCompile("(?s)(<!-- coverage -->\n).*?(<!-- /coverage -->\n)")
)

// TestREADME compares the examples in README and guides with their files, which
// other tests run, and the coverage with the command table.
func TestREADME(t *testing.T) {
	guides, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(guides, "README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want := example.ReplaceAllStringFunc(string(text), func(s string) string {
			m := example.FindStringSubmatch(s)
			source, err := os.ReadFile(m[2])
			if err != nil {
				t.Error(err)
			}
			return m[1] + string(source) + "```\n"
		})
		want = coverage.ReplaceAllString(want, "${1}"+coverageTable()+"${2}")
		generated.Check(t, file, []byte(want))
	}
}

// coverageTable lists how many commands of Redis 7.4 have a handler, by group.
func coverageTable() string {
	var b strings.Builder
	b.WriteString("| group | commands of Redis 7.4 | missing |\n|---|---|---|\n")
	for _, group := range spec.Groups() {
		all, missing := 0, []string(nil)
		for i := range group {
			row := &group[i]
			if row.Since == "" || newer(row.Since) {
				continue
			}
			all++
			if c := commands(compat.Latest).Find([]byte(row.Name)); c == nil {
				missing = append(missing, strings.ToUpper(row.Name))
			}
		}
		if all == 0 {
			continue
		}
		names := strings.Join(missing, " ")
		if len(missing) == all {
			names = "all"
		}
		fmt.Fprintf(&b, "| %s | %d of %d | %s |\n", group[0].Group, all-len(missing), all, names)
	}
	return b.String()
}

// newer reports whether a version is after 7.4.
func newer(version string) bool {
	var major, minor int
	fmt.Sscanf(version, "%d.%d", &major, &minor)
	return major > 7 || major == 7 && minor > 4
}
