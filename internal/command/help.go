package command

import (
	"strings"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/spec"
)

// withHelp adds HELP to the containers of subcommands of which there is any.
func withHelp(groups ...engine.Handlers) []engine.Handlers {
	help := engine.Handlers{}
	for _, g := range groups {
		for name := range g {
			container, _, ok := strings.Cut(name, "|")
			if ok && g[container+"|help"] == nil && spec.Find(container).Subcommand("help") != nil {
				help[container+"|help"] = containerHelp
			}
		}
	}
	return append(groups, help)
}

// containerHelp answers CONFIG HELP and the like, from the command table.
func containerHelp(c *engine.Ctx) error {
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
