package respserver

import (
	"fmt"
	"io"
	"strings"

	"github.com/resp-server/resp-server/internal/config"
)

// ConfigError tells which line of a configuration is wrong: File, Number and
// Text are of the line, Err is what is wrong.
type ConfigError = config.LineError

// ReadConfig reads settings in the form of redis.conf and returns them as
// lines for Options.Config: without comments, and with the files that they
// include in their place. All are checked; what is wrong is told as a
// *ConfigError, which calls the source by the given name.
func ReadConfig(r io.Reader, name string) ([]string, error) {
	lines, err := config.Read(r, name)
	if err == nil {
		err = config.New().SetLines(lines)
	}
	if err != nil {
		return nil, err
	}
	text := make([]string, len(lines))
	for i, l := range lines {
		text[i] = l.Text
	}
	return text, nil
}

// config returns the settings that the options ask for.
func (o *Options) config() (*config.Config, error) {
	c := config.New()
	lines, err := config.Read(strings.NewReader(strings.Join(o.Config, "\n")), "Options.Config")
	if err == nil {
		err = c.SetLines(lines)
	}
	if err != nil {
		return nil, err
	}
	if !c.Given("port") {
		c.Port = 0
	}
	if !c.Given("bind") {
		c.Bind = []string{"127.0.0.1"}
	}
	if o.UnixSocket != "" {
		c.UnixSocket = o.UnixSocket
	}
	if o.Dir != "" {
		p, _ := config.Find("dir")
		if err := c.Set(p, []string{o.Dir}); err != nil {
			return nil, fmt.Errorf("Dir %s: %w", o.Dir, err)
		}
	}
	return c, nil
}

// Setting returns the value that a server with these lines of redis.conf has
// for a setting, as CONFIG GET shows it; "" if a line is wrong or there is no
// such setting.
func Setting(lines []string, name string) string {
	o := Options{Config: lines}
	c, err := o.config()
	p, ok := config.Find(name)
	if err != nil || !ok {
		return ""
	}
	return c.Get(p)
}
