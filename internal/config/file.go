package config

import (
	"errors"
	"fmt"

	"github.com/resp-server/resp-server/internal/resp"
)

// SetLine sets a directive from a line of redis.conf. Empty lines and comments
// are nothing.
func (c *Config) SetLine(line string) error {
	words, ok := resp.SplitWords(line)
	if !ok {
		return errors.New("unbalanced quotes in configuration line")
	}
	if len(words) == 0 || words[0] == "" || words[0][0] == '#' {
		return nil
	}
	p, ok := Find(words[0])
	if !ok || len(words) == 1 {
		return errors.New("Bad directive or wrong number of arguments")
	}
	if err := c.Set(p, words[1:]); err != nil {
		return fmt.Errorf("%w", err)
	}
	return nil
}
