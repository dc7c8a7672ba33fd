package miniredis

import (
	"regexp"
	"strings"
)

// match reports whether a name matches a glob of Redis: * ? [a-z] [^a-z] \x.
func match(glob, name string) bool {
	var re strings.Builder
	re.WriteString(`(?s)\A`)
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; c {
		case '*':
			re.WriteString(".*")
		case '?':
			re.WriteByte('.')
		case '[':
			end := strings.IndexByte(glob[i:], ']')
			if end < 0 {
				end = len(glob) - i // an open class ends with the pattern
			}
			re.WriteString(class(glob[i+1 : i+end]))
			i += end
		case '\\':
			if i+1 < len(glob) {
				i++
			}
			re.WriteString(regexp.QuoteMeta(glob[i : i+1]))
		default:
			re.WriteString(regexp.QuoteMeta(glob[i : i+1]))
		}
	}
	re.WriteString(`\z`)
	r, err := regexp.Compile(re.String())
	return err == nil && r.MatchString(name)
}

func class(chars string) string {
	chars, not := strings.CutPrefix(chars, "^")
	if chars == "" {
		if not {
			return "."
		}
		return `[^\x00-\x{10FFFF}]` // nothing
	}
	chars = strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`, `^`, `\^`).Replace(chars)
	if not {
		return "[^" + chars + "]"
	}
	return "[" + chars + "]"
}
