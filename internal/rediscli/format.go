package rediscli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/resp-server/resp-server/internal/resp"
)

// isText reports whether the reply to a command is a text for people, which is printed unchanged in every mode.
func isText(command []string) bool {
	words := make([]string, 0, 2)
	for _, word := range command[:min(len(command), 2)] {
		words = append(words, strings.ToLower(word))
	}
	switch strings.Join(words, " ") {
	case "debug htstats", "debug htstats-key", "debug client-eviction", "memory malloc-stats", "memory doctor",
		"client list", "client info", "proxy info":
		return true
	case "cluster nodes", "cluster info", "latency doctor":
		return len(command) == 2
	case "latency graph":
		return len(command) == 3
	}
	return words[0] == "info" || words[0] == "lolwut"
}

// raw returns a reply without types. Each error ends its line.
func raw(r resp.Reply) string {
	switch r.Kind {
	case resp.ErrorReply, resp.BulkError:
		return r.Str + "\n"
	case resp.Integer:
		return strconv.FormatInt(r.Integer, 10)
	case resp.Bool:
		return fmt.Sprintf("(%t)", r.Integer != 0)
	case resp.Array, resp.Set, resp.Push:
		lines := make([]string, len(r.Elems))
		for i, e := range r.Elems {
			lines[i] = raw(e)
		}
		return strings.Join(lines, "\n")
	case resp.Map:
		lines := make([]string, len(r.Elems)/2)
		for i := range lines {
			lines[i] = raw(r.Elems[2*i]) + " " + raw(r.Elems[2*i+1])
		}
		return strings.Join(lines, "\n")
	}
	return r.Str
}

// formatted returns a reply with types on one or more lines. The prefix precedes all lines but the first.
func formatted(r resp.Reply, prefix string) string {
	switch r.Kind {
	case resp.ErrorReply, resp.BulkError:
		return "(error) " + r.Str + "\n"
	case resp.Integer:
		return fmt.Sprintf("(integer) %d\n", r.Integer)
	case resp.Double:
		return "(double) " + r.Str + "\n"
	case resp.Bulk:
		return quote(r.Str) + "\n"
	case resp.Null, resp.NullArray:
		return "(nil)\n"
	case resp.Bool:
		return fmt.Sprintf("(%t)\n", r.Integer != 0)
	case resp.Array, resp.Set, resp.Push, resp.Map:
		return aggregate(r, prefix)
	}
	return r.Str + "\n"
}

func aggregate(r resp.Reply, prefix string) string {
	name, mark, step := "array", ')', 1
	switch r.Kind {
	case resp.Set:
		name, mark = "set", '~'
	case resp.Push:
		name = "push"
	case resp.Map:
		name, mark, step = "hash", '#', 2
	}
	if len(r.Elems) == 0 {
		return "(empty " + name + ")\n"
	}
	digits := len(strconv.Itoa(len(r.Elems) / step))
	deeper := prefix + strings.Repeat(" ", digits+2)
	var b strings.Builder
	for i := 0; i < len(r.Elems); i += step {
		if i > 0 {
			b.WriteString(prefix)
		}
		fmt.Fprintf(&b, "%*d%c ", digits, i/step+1, mark)
		first := formatted(r.Elems[i], deeper)
		if step == 2 {
			value := r.Elems[i+1]
			b.WriteString(strings.TrimSuffix(first, "\n") + " => ")
			if needsLines(value) {
				b.WriteString("\n" + deeper)
			}
			first = formatted(value, deeper)
		}
		b.WriteString(first)
	}
	return b.String()
}

// needsLines reports whether a reply takes more than one line.
func needsLines(r resp.Reply) bool {
	step := 1
	if r.Kind == resp.Map {
		step = 2
	}
	return len(r.Elems) > step || len(r.Elems) == step && needsLines(r.Elems[step-1])
}

// quote returns any bytes on one line.
func quote(s string) string {
	escapes := map[byte]string{'\\': `\\`, '"': `\"`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\a': `\a`, '\b': `\b`}
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch escape := escapes[s[i]]; {
		case escape != "":
			b.WriteString(escape)
		case s[i] < ' ' || s[i] > '~':
			fmt.Fprintf(&b, `\x%02x`, s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	b.WriteByte('"')
	return b.String()
}
