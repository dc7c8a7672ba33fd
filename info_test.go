package respserver_test

import (
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	respserver "github.com/resp-server/resp-server"
)

const infoFile = "testdata/info.txt"

var (
	infoNumber = regexp.MustCompile(`^-?\d+$`)
	infoFloat  = regexp.MustCompile(`^-?\d+(\.\d+)(%?)$`)
	infoSize   = regexp.MustCompile(`^\d+(\.\d\d[KMGTP]|B)$`)
	// infoByUse matches the fields that depend on how the server was used.
	infoByUse = regexp.MustCompile(`^(listener|cmdstat_|errorstat_|latency_percentiles_usec_|db)`)
)

// infoFields returns the fields of INFO of an idle server in order, with the kinds
// of their values.
func infoFields(text string) (fields []string) {
	for line := range strings.SplitSeq(text, "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		switch {
		case !ok && line != "":
			fields = append(fields, line) // a section
		case ok && !infoByUse.MatchString(name):
			kind := infoKind(value)
			if name == "redis_build_id" {
				kind = "text" // even if it has no letters
			}
			fields = append(fields, name+" "+kind)
		}
	}
	return fields
}

func infoKind(value string) string {
	if m := infoFloat.FindStringSubmatch(value); m != nil {
		return fmt.Sprintf("with %d decimals%s", len(m[1])-1, m[2])
	}
	switch {
	case value == "nan" || value == "-nan" || value == "inf":
		return "with 2 decimals" // a ratio before a real server has measured its memory
	case infoNumber.MatchString(value):
		return "number"
	case infoSize.MatchString(value):
		return "size"
	}
	return "text"
}

// TestInfoFields: INFO has the fields of Redis 7.4.1 in the same order, with values
// of the same kind. The flag -tables records them.
func TestInfoFields(t *testing.T) {
	all := func(ask asker) []string {
		return infoFields(ask("INFO", "everything").Str + ask("INFO", "debug").Str)
	}
	if *tablesFrom != "" {
		conn, err := net.Dial("tcp", *tablesFrom)
		lines := strings.Join(all(ask(t, conn, err)), "\n") + "\n"
		if err := os.WriteFile(infoFile, []byte(lines), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(infoFile)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := respserver.StartTest(t).Dial(t.Context())
	got := all(ask(t, conn, err))
	want := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	for _, f := range want {
		if !slices.Contains(got, f) {
			t.Errorf("missing or of another kind: %s", f)
		}
	}
	for _, f := range got {
		if !slices.Contains(want, f) {
			t.Errorf("unknown to Redis or of another kind: %s", f)
		}
	}
	if !t.Failed() && !slices.Equal(got, want) {
		t.Errorf("the order differs:\n got %q\nwant %q", got, want)
	}
}
