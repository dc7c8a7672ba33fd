package spec

import "strings"

// Syntax formats the arguments as in the documentation, for SET as
//
//	key value [NX | XX] [GET] [EX seconds | PX milliseconds | ...]
//
// Words in capitals are literal, [a] is optional, <a | b> is a choice, and [a
// ...] repeats. It is for comments, documents and HELP.
func (c *Command) Syntax() string { return joinArgs(c.Args, " ") }

func joinArgs(args []Arg, sep string) string {
	var parts []string
	for i := range args {
		parts = append(parts, args[i].syntax())
	}
	return strings.Join(parts, sep)
}

func (a *Arg) syntax() string {
	value, token := a.Display, a.Token
	if value == "" {
		value = a.Name
	}
	if a.EmptyToken {
		token = `""`
	}
	switch a.Type {
	case PureToken:
		if token != "" || a.EmptyToken {
			value = token
		}
	case Block:
		value = joinArgs(a.Args, " ")
	case OneOf:
		value = joinArgs(a.Args, " | ")
		if token != "" {
			value = "<" + value + ">"
		}
	}
	hasToken := token != "" && a.Type != PureToken
	if hasToken && (!a.Multiple || a.MultipleToken) {
		value = token + " " + value
	}
	if a.Multiple {
		value += " [" + value + " ...]"
	}
	if hasToken && a.Multiple && !a.MultipleToken {
		value = token + " " + value
	}
	switch {
	case a.Optional:
		value = "[" + value + "]"
	case a.Type == OneOf && token == "":
		value = "<" + value + ">"
	}
	return value
}
