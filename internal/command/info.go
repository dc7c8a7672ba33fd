package command

import (
	"fmt"

	"github.com/resp-server/resp-server/internal/engine"
)

// INFO [section [section ...]]
func info(c *engine.Ctx) error {
	var b []byte
	b = fmt.Appendf(b, "# Server\r\nredis_version:%s\r\nredis_mode:standalone\r\n", RedisVersion)
	b = fmt.Appendf(b, "\r\n# Clients\r\nblocked_clients:%d\r\n", c.Blocked())
	c.Out().Verbatim("txt", string(b))
	return nil
}
