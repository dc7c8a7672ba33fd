package transcript

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/resp-server/resp-server/internal/notation"
)

// Record plays the file against target and returns its text with the replies of
// target. Everything else stays byte for byte, and so do replies that match, with
// their matchers. Steps that are gated out stay as they are.
//
// The head line names the server. A file recorded from another server, or from a
// newer version, keeps its head and its replies. Record then fills in only what the
// server of the head can't provide: the steps and replies that are gated out for it
// (under @until 7.2, for a head that says 7.4.1).
func (f *File) Record(target Target) ([]byte, error) {
	type edit struct {
		from, to int
		lines    []string
	}
	var edits []edit
	head, hasHead := f.head()
	me := describe(target)
	second := hasHead && (head.name != me.name || compareVersions(head.version, me.version) > 0)
	results, err := f.play(target, Options{}, func(st *step, v *variant, got *notation.Node) (string, error) {
		if got.Is(notation.NoReply) {
			return "", fmt.Errorf("the server does not reply")
		}
		e := edit{from: st.line, to: st.line}
		gates := st.gates
		var want *notation.Node
		if v != nil {
			e.from, e.to, want = v.from, v.to, v.want
			gates = slices.Concat(gates, v.gates)
		} else if len(st.replies) > 0 {
			return "", fmt.Errorf("no reply is meant for %s %s", target.Name(), target.Version())
		}
		if want != nil && want.Matches(got) {
			return "", nil
		}
		if _, no := closed(gates, head); second && !no {
			return f.judge(st, v, got), nil
		}
		e.lines = strings.Split(notation.Merge(want, got).String(), "\n")
		edits = append(edits, e)
		return "", nil
	})
	if err != nil {
		return nil, err
	}
	var differs []string
	for _, r := range results {
		differs = append(differs, r.failures...)
		if strings.HasPrefix(r.skip, f.name) {
			return nil, errors.New(r.skip)
		}
	}
	if len(differs) > 0 {
		return nil, fmt.Errorf("%s is recorded from %s %s; this server differs, use @since, @until or @only:\n%s",
			f.name, head.name, versionString(head.version), strings.Join(differs, "\n"))
	}
	if !second {
		line := notation.Recorded + target.Name() + " " + target.Version() + "."
		if hasHead {
			edits = append(edits, edit{0, 1, []string{line}})
		} else {
			edits = append(edits, edit{0, 0, []string{line, ""}})
		}
	}
	lines := slices.Clone(f.lines)
	slices.SortStableFunc(edits, func(a, b edit) int { return b.from - a.from })
	for _, e := range edits {
		lines = slices.Replace(lines, e.from, e.to, e.lines...)
	}
	return []byte(strings.Join(lines, "\n")), nil
}

// head parses the head line of a recorded file.
func (f *File) head() (s server, ok bool) {
	rest, ok := strings.CutPrefix(f.lines[0], notation.Recorded)
	if !ok {
		return s, false
	}
	name, version, _ := strings.Cut(strings.TrimSuffix(rest, "."), " ")
	v, ok := parseVersion(version)
	return server{name: name, version: v}, ok
}

func versionString(v []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(v), " ", "."), "[]")
}
