package strict

import (
	"slices"
	"strings"

	"github.com/resp-server/resp-server/internal/spec"
)

// missing returns the first thing in a command line that a version does not have: the
// command itself, or one of its arguments, with the version of Redis that introduced it.
// args are the words after the name.
func (v Version) missing(cmd *spec.Command, args [][]byte) (what, since string) {
	if !v.has(cmd.Since, cmd.ValkeySince) {
		return "the command", cmd.Since
	}
	var words []word
	options := false
	for i := range cmd.Args {
		collect(&words, cmd.Args[i:i+1], "", options && !cmd.Args[i].Optional)
		options = options || cmd.Args[i].Optional
	}
	optional := optionalValues(cmd.Args)
	if !slices.ContainsFunc(words, func(w word) bool { return w.since != "" }) &&
		!slices.ContainsFunc(optional, func(a *spec.Arg) bool { return a.Since != "" }) {
		return "", ""
	}
	first, ends := leading(cmd.Args)
next:
	for i := first; i < len(args); i++ {
		for _, w := range words {
			if !strings.EqualFold(string(args[i]), w.text) {
				continue
			}
			if !v.has(w.since, "") {
				return w.text, w.since
			}
			if w.last {
				return "", "" // what follows are values
			}
			if i += w.values; i < len(args) && (string(args[i]) == "~" || string(args[i]) == "=") {
				i++ // MAXLEN ~ 1000
			}
			continue next
		}
		switch {
		case len(optional) > 0:
			if a := optional[0]; !v.has(a.Since, "") {
				return a.Name, a.Since
			}
			optional = optional[1:]
		case ends:
			return "", ""
		}
	}
	return "", ""
}

// word is the first or only word of an argument.
type word struct {
	text, since string
	values      int  // number of values after it
	last        bool // it begins a required argument after the options
}

func collect(words *[]word, tree []spec.Arg, since string, last bool) {
	for i := range tree {
		a, since := &tree[i], since
		if a.Since != "" {
			since = a.Since
		}
		if a.Token != "" {
			w := word{text: a.Token, since: since, last: last}
			if a.Type != spec.PureToken && a.Type != spec.OneOf && a.Type != spec.Block {
				w.values = 1
			}
			*words = append(*words, w)
		}
		collect(words, a.Args, since, last)
	}
}

// leading returns the number of words before the first option. ends is set if a required
// argument follows the options: then they end with the first other word.
func leading(tree []spec.Arg) (n int, ends bool) {
	i := 0
	for ; i < len(tree); i++ {
		a := &tree[i]
		if a.Optional || a.Multiple || a.Token != "" || a.Type == spec.OneOf || a.Type == spec.Block {
			break
		}
		n++
	}
	optional := false
	for ; i < len(tree); i++ {
		if tree[i].Optional {
			optional = true
		} else if optional {
			return n, true
		}
	}
	return n, false
}

// optionalValues returns the optional arguments without a word of their own before them.
func optionalValues(tree []spec.Arg) (list []*spec.Arg) {
	for i := range tree {
		if a := &tree[i]; a.Optional && a.Token == "" && len(a.Args) == 0 {
			list = append(list, a)
		}
	}
	return list
}
