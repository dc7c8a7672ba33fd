package command

import (
	"strings"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/spec"
)

// withHelp adds HELP to each container with at least one subcommand.
func withHelp(groups ...engine.Handlers) []engine.Handlers {
	help := engine.Handlers{}
	for _, g := range groups {
		for name := range g {
			container, _, ok := strings.Cut(name, "|")
			if ok && g[container+"|help"] == nil && spec.Find(container).Subcommand("help") != nil {
				help[container+"|help"] = engine.ContainerHelp
			}
		}
	}
	return append(groups, help)
}
