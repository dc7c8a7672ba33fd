package controls

import (
	"strings"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/strict"
)

// TESTING STRICT <SET rule|all <OFF | WARN | ERROR> [limit [limit ...]] | LIST | REPORT | RESET>
func strictMode(c *engine.Ctx) error {
	action, rest := strings.ToUpper(string(c.Args[2])), c.Args[3:]
	switch action {
	case "SET":
		if len(rest) < 2 {
			return c.WrongArity()
		}
	case "LIST", "REPORT", "RESET":
		if len(rest) > 0 {
			return c.WrongArity()
		}
	default:
		return resp.ErrSyntax
	}
	switch action {
	case "SET":
		words := make([]string, len(rest))
		for i, a := range rest {
			words[i] = string(a)
		}
		err := c.Strict().Set(words)
		c.StrictChanged()
		if err != nil {
			return resp.Errorf("ERR %v", err)
		}
	case "LIST":
		return listStrict(c)
	case "REPORT":
		return reportStrict(c)
	case "RESET":
		c.Strict().Forget()
	}
	return c.OK()
}

// listStrict replies each rule as a map: its name, level, limit, number of
// findings, and description.
func listStrict(c *engine.Ctx) error {
	s := c.Strict()
	c.Array(int(strict.Count))
	for r := range strict.Count {
		c.Map(5)
		bulks(c, "rule", r.String(), "level", s.Level(r).String(), "limit", s.Limit(r), "count")
		c.Integer(s.Broken(r))
		bulks(c, "about", r.Summary())
	}
	return nil
}

// reportStrict replies each finding as a map.
func reportStrict(c *engine.Ctx) error {
	s := c.Strict()
	n := 0
	for range s.Found {
		n++
	}
	c.Array(n)
	for f := range s.Found {
		c.Map(9)
		bulks(c, "rule", f.Rule.String(), "level", f.Level.String(), "command", f.Command, "message", f.Message,
			"line", f.Line, "client", f.Client, "caller", f.Origin, "count")
		c.Integer(f.Count)
		bulks(c, "first")
		c.Integer64(f.At)
	}
	return nil
}

func bulks(c *engine.Ctx, texts ...string) {
	for _, text := range texts {
		c.BulkString(text)
	}
}
