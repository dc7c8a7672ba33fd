package differential

import (
	"slices"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/spec"
)

// whole are the groups of which every command is compared.
var whole = []string{"generic", "string", "bitmap", "hyperloglog", "hash", "set", "sorted-set", "geo", "list", "stream", "array"}

// absent are the commands of these groups that are not compared, with the reason.
var absent = map[string]string{
	"restore-asking": "there is no cluster mode",
}

// TestGeneratesEverything fails if a command of the groups of the data types, or
// one of its words, is never generated. It ignores those that the compared version
// lacks.
func TestGeneratesEverything(t *testing.T) {
	for _, version := range []string{"7.4.1", "8.8.0"} {
		t.Run(version, func(t *testing.T) { generatesEverything(t, &match{version: numbers(version)}) })
	}
}

func generatesEverything(t *testing.T, m *match) {
	list := commands(func(c command) bool {
		return c.Since != "" && !newer(c.Since, m.version) && !m.leftOut(c.name)
	})
	missing := map[string]bool{} // "hexpire NX"
	for _, group := range spec.Groups() {
		for _, c := range group {
			if !slices.Contains(whole, c.Group) {
				continue
			}
			for _, row := range append([]spec.Command{c}, c.Subcommands...) {
				name := row.Name
				if row.Name != c.Name {
					name = c.Name + "|" + row.Name
				}
				if row.Since == "" || newer(row.Since, m.version) || absent[name] != "" {
					continue
				}
				missing[name] = true
				for _, word := range words(row.Args, m.version) {
					missing[name+" "+word] = true
				}
			}
		}
	}
	wanted := len(missing)
	g := newGenerator(list, m.version)
	for n := uint64(1); n < 5000 && len(missing) > 0; n++ {
		g.seed(n)
		for _, args := range g.episode(episodeSteps) {
			args = called(args)
			name := strings.ToLower(args[0])
			if c := spec.Find(name); c != nil && len(c.Subcommands) > 0 && len(args) > 1 && c.Subcommand(args[1]) != nil {
				name += "|" + strings.ToLower(args[1])
			}
			delete(missing, name)
			for _, a := range args[1:] {
				delete(missing, name+" "+strings.ToUpper(a))
			}
		}
	}
	for what := range missing {
		t.Errorf("never generated: %s", what)
	}
	t.Logf("%d commands and words", wanted)
}

// words are the tokens of an argument tree.
func words(list []spec.Arg, version []int) (all []string) {
	for i := range list {
		a := &list[i]
		if a.Since != "" && newer(a.Since, version) {
			continue
		}
		if a.Token != "" {
			all = append(all, strings.ToUpper(a.Token))
		}
		all = append(all, words(a.Args, version)...)
	}
	return all
}
