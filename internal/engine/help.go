package engine

import "strings"

// ContainerHelp is the handler of CONFIG HELP and the like: it replies what the
// command table says of the subcommands.
func ContainerHelp(c *Ctx) error {
	container := c.Cmd.Container
	var lines []string
	if container.Runs() {
		lines = append(lines, "(no subcommand)", "    "+container.Summary)
	}
	for _, sub := range container.Subs() {
		if sub != c.Cmd {
			syntax := strings.ToUpper(sub.Name) + " " + sub.Syntax()
			lines = append(lines, strings.TrimSpace(syntax), "    "+sub.Summary)
		}
	}
	return c.Help(lines...)
}

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
