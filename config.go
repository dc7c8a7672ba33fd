package respserver

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
)

// ConfigError reports a line of redis.conf that keeps a server from starting.
type ConfigError struct {
	// File is the source of the line: "Options.Config", the name given to
	// ReadConfig, or the path of an included file.
	File string
	// Number is the line number in File, starting at 1.
	Number int
	// Text is the line, with (redacted) in place of passwords.
	Text string
	// Err describes the problem.
	Err error
}

// Error returns the place, the line and the problem.
func (e *ConfigError) Error() string {
	line := config.Line{File: e.File, Number: e.Number, Text: e.Text}
	return (&config.LineError{Line: line, Err: e.Err}).Error()
}

// Unwrap returns Err.
func (e *ConfigError) Unwrap() error { return e.Err }

// configError turns the error of a line into a *ConfigError.
func configError(err error) error {
	var at *config.LineError
	if !errors.As(err, &at) {
		return err
	}
	return &ConfigError{File: at.File, Number: at.Number, Text: at.Text, Err: at.Err}
}

// ConfigSource is a text in the format of redis.conf. A *ConfigError refers to it
// by Name.
type ConfigSource struct {
	Name   string
	Reader io.Reader
}

// ReadConfig is ReadConfigs for one source.
func ReadConfig(r io.Reader, name string) ([]string, error) {
	return ReadConfigs(ConfigSource{name, r})
}

// ReadConfigs reads settings in the format of redis.conf and returns them as lines
// for Options.Config, without comments and with include directives replaced by the
// lines of the included files. Later lines and sources override earlier ones. Every
// line is checked; the error is a *ConfigError. An unsupported value is an error
// only if no later line replaces it.
func ReadConfigs(sources ...ConfigSource) ([]string, error) {
	return readConfigs(config.New(), sources)
}

// ReadSentinelConfigs is ReadConfigs for a sentinel: lines may begin with
// "sentinel". Whether scripts can be started is checked by Start.
func ReadSentinelConfigs(sources ...ConfigSource) ([]string, error) {
	c := config.New()
	c.Sentinel = true
	return readConfigs(c, sources)
}

func readConfigs(c *config.Config, sources []ConfigSource) ([]string, error) {
	var lines []config.Line
	for _, s := range sources {
		more, err := config.Read(s.Reader, s.Name)
		if err != nil {
			return nil, configError(err)
		}
		lines = append(lines, more...)
	}
	err := c.SetLines(lines)
	if err == nil {
		_, err = renamed(c)
	}
	if err == nil {
		err = checkSentinelLines(c)
	}
	if err != nil {
		return nil, configError(err)
	}
	text := make([]string, len(lines))
	for i, l := range lines {
		text[i] = l.Text
	}
	return text, nil
}

// config returns the settings that the options result in.
func (o *Options) config() (*config.Config, error) {
	c := config.New()
	if c.Sentinel = o.Sentinel; o.Sentinel {
		c.SetLine("protected-mode no") // as a real one has it: others must reach it
	}
	if o.ClusterEmulated {
		c.SetLine("cluster-enabled yes")
	}
	lines, err := config.Read(strings.NewReader(strings.Join(o.Config, "\n")), "Options.Config")
	if o.Compat != "" {
		lines = append(lines, config.Line{File: "Options.Compat", Number: 1, Text: "compat " + o.Compat})
	}
	for i := range o.Users {
		directive, err := o.Users[i].directive()
		if err != nil {
			return nil, err
		}
		users, err := config.Read(strings.NewReader(directive), "Options.Users")
		if err != nil {
			return nil, configError(err)
		}
		lines = append(lines, users...)
	}
	if err == nil {
		err = c.SetLines(lines)
	}
	if err != nil {
		return nil, configError(err)
	}
	if !c.Given("port") {
		c.Port = 0
	}
	if !c.Given("bind") {
		c.Bind = []string{"127.0.0.1"}
	}
	if o.IOThreads != 0 {
		if o.IOThreads < 0 || o.IOThreads > config.MaxIOThreads {
			return nil, fmt.Errorf("IOThreads %d: from 1 to %d are possible", o.IOThreads, config.MaxIOThreads)
		}
		c.IOThreads = o.IOThreads
	}
	if o.UnixSocket != "" {
		c.UnixSocket = o.UnixSocket
	}
	if o.Inspector != "" {
		p, _ := config.Find("inspector")
		if err := c.Set(p, o.Inspector); err != nil {
			return nil, fmt.Errorf("Inspector %s: %w", o.Inspector, err)
		}
	}
	if o.Dir != "" {
		p, _ := config.Find("dir")
		if err := c.Set(p, o.Dir); err != nil {
			return nil, fmt.Errorf("Dir %s: %w", o.Dir, err)
		}
	}
	return c, nil
}

// Setting returns the value of a setting as CONFIG GET would show it on a server
// that starts with these lines of redis.conf. It returns "" if a line is invalid or
// the setting does not exist.
func Setting(lines []string, name string) string {
	o := Options{Config: lines, Sentinel: true} // it takes all lines
	c, err := o.config()
	p, ok := config.Find(name)
	if err != nil || !ok {
		return ""
	}
	return c.Get(p)
}

// renamed returns the command table after the rename-command settings.
func renamed(c *config.Config) (*engine.Table, error) {
	table := commands(c.Edition)
	if c.Sentinel {
		table = sentinelCommands()
	}
	for _, r := range c.Renames {
		var err error
		if table, err = table.Rename(r.From, r.To); err != nil {
			return nil, &config.LineError{Line: r.Line, Err: err}
		}
	}
	return table, nil
}
