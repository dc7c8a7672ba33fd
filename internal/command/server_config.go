package command

import (
	"bytes"
	"slices"
	"strings"

	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/glob"
	"github.com/resp-server/resp-server/internal/resp"
)

var configCommands = engine.Handlers{
	"config|get":       configGet,
	"config|resetstat": configResetStat,
	"config|rewrite":   configRewrite,
	"config|set":       configSet,
}

// CONFIG GET parameter [parameter ...]
func configGet(c *engine.Ctx) error {
	var found []string // names as the reply shows them
	add := func(name string) {
		if !slices.ContainsFunc(found, func(f string) bool { return strings.EqualFold(f, name) }) {
			found = append(found, name)
		}
	}
	for _, pattern := range c.Args[2:] {
		if !bytes.ContainsAny(pattern, "[*?") {
			if _, ok := c.Config.Find(string(pattern)); ok {
				add(string(pattern))
			}
			continue
		}
		for p := range c.Config.All {
			if p.Hidden {
				continue
			}
			for _, name := range c.Config.Names(p) {
				if glob.Match(pattern, []byte(name), true) {
					add(name)
				}
			}
		}
	}
	c.Map(len(found))
	for _, name := range found {
		p, _ := config.Find(name)
		c.BulkString(name)
		c.BulkString(c.Config.Get(p))
	}
	return nil
}

// CONFIG SET parameter value [parameter value ...]
func configSet(c *engine.Ctx) error {
	if len(c.Args)%2 != 0 {
		return resp.ErrSyntax
	}
	pairs := c.Args[2:]
	names := make([]string, 0, len(pairs)/2) // the parameter's name or alias, as given
	params := make([]*config.Param, 0, len(pairs)/2)
	var wrong error
	_, loading := c.Loading()
	for i := 0; i < len(pairs); i += 2 {
		p, ok := c.Config.Find(string(pairs[i]))
		name := strings.ToLower(string(pairs[i]))
		if ok && p.Secret {
			c.Redact(2 + i + 1) // even if the command fails
		}
		switch {
		case wrong != nil:
		case !ok:
			wrong = resp.Errorf("ERR Unknown option or number of arguments for CONFIG SET - '%s'", pairs[i])
		case p.Immutable:
			wrong = configError(string(pairs[i]), "can't set immutable config")
		case p.Protected && !c.Session.Allows(c.Config.ProtectedConfigs):
			wrong = configError(string(pairs[i]), "can't set protected config")
		case loading && p.NotLoading:
			wrong = resp.ErrLoading
		case slices.Contains(names, name):
			wrong = configError(string(pairs[i]), "duplicate parameter")
		}
		names, params = append(names, name), append(params, p)
	}
	if wrong != nil {
		return wrong
	}
	next := c.Config.Clone()
	for i, p := range params {
		if err := next.Set(p, string(pairs[2*i+1])); err != nil {
			return configError(names[i], err.Error())
		}
	}
	if i, err := c.Reconfigure(next, params); err != nil {
		return configError(names[i], err.Error())
	}
	return c.OK()
}

func configError(name, why string) error {
	return resp.Errorf("ERR CONFIG SET failed (possibly related to argument '%s') - %s", name, why)
}

// CONFIG RESETSTAT
func configResetStat(c *engine.Ctx) error {
	c.Stats.Reset()
	c.ForgetSlotUse()
	return c.OK()
}

// CONFIG REWRITE
func configRewrite(c *engine.Ctx) error {
	if err := c.RewriteConfig(false); err != nil {
		return err
	}
	return c.OK()
}
