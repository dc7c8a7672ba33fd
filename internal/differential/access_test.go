package differential

import (
	"slices"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
	"github.com/resp-server/resp-server/internal/notation"
	"github.com/resp-server/resp-server/internal/spec"
)

// TestAccess gives users random rules and compares what both servers allow them.
func TestAccess(t *testing.T) {
	m := start(t)
	list := m.commands(t)
	g := newGenerator(list, m.version)
	differ := 0
	for n := *seed; n < *seed+uint64(effort.Of(*replies)/300); n++ {
		g.seed(n)
		steps := [][]string{{"ACL", "DELUSER", "u"}, slices.Concat([]string{"ACL", "SETUSER", "u"}, g.rules(list, true))}
		for range 100 {
			steps = append(steps, slices.Concat([]string{"ACL", "DRYRUN", "u"}, g.command(pick(g, list), true)))
		}
		err := m.exchange(steps, func(i int, a, b *reply, _, _ []byte) bool {
			// Since 8.8 the destination of PFMERGE is counted even if it is alone.
			if x, y := denial(a), denial(b); x != y && !newerCategory(steps[1], m.version) && !strings.EqualFold(steps[i][min(3, len(steps[i])-1)], "pfmerge") {
				t.Errorf("seed %d: %s\n%s\nreal %s\nours %s", n, notation.Join(steps[1]), notation.Join(steps[i]), a.text, b.text)
				differ++
			}
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		if differ >= *maxShown {
			t.FailNow()
		}
	}
}

// denial returns a reply without the words that differ between versions.
func denial(r *reply) string {
	_, after, found := strings.Cut(r.text, " has no permissions")
	if !found {
		return r.text
	}
	return after
}

// newerCategory reports whether rules name a category whose commands differ in a
// version before ours.
func newerCategory(rules []string, version []int) bool {
	return newer("7.4", version) && strings.Contains(strings.Join(rules, " "), "@")
}

// rules returns rules for a user, with selectors if they are allowed.
func (g *generator) rules(list []command, selectors bool) (rules []string) {
	categories := spec.Category(1<<21 - 1).AppendNames(nil) // all categories of Redis 7.4
	for range 1 + g.IntN(6) {
		sign := pick(g, []string{"+", "+", "-"})
		switch g.IntN(12) {
		case 0:
			rules = append(rules, sign+"@all")
		case 1, 2:
			rules = append(rules, sign+"@"+pick(g, categories))
		case 3, 4:
			rules = append(rules, sign+pick(g, list).name)
		case 5:
			rules = append(rules, "+"+strings.ToLower(pick(g, list).words[0]))
		case 6:
			rules = append(rules, pick(g, []string{"allkeys", "resetkeys", "allchannels", "resetchannels"}))
		case 7:
			rules = append(rules, "&"+pick(g, []string{"c", "c*", "*"}))
		case 8:
			rules = append(rules, "+get|"+pick(g, anyKey))
		default:
			key := pick(g, anyKey)
			if key != "" && g.chance(50) {
				key = key[:1] + "*"
			}
			rules = append(rules, pick(g, []string{"~", "%R~", "%W~", "%RW~"})+key)
		}
	}
	if selectors && g.chance(30) {
		rules = append(rules, "("+strings.Join(g.rules(list, false), " ")+")")
	}
	return rules
}
