package engine

import "strings"

// Help replies what the HELP subcommand of a container does: the given lines
// with a head and, at the end, HELP itself.
func (c *Ctx) Help(lines ...string) error {
	name := c.Cmd.Name
	if c.Cmd.Container != nil {
		name = c.Cmd.Container.Name
	}
	c.Array(len(lines) + 3)
	c.Simple(strings.ToUpper(name) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	for _, line := range lines {
		c.Simple(line)
	}
	c.Simple("HELP")
	return c.Simple("    Print this help.")
}
