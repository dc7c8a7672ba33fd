package respserver

import "github.com/resp-server/resp-server/internal/command"

// Version is the version of this module.
const Version = "0.1.0"

// RedisVersion is the version of Redis that a server implements and reports to
// clients.
const RedisVersion = command.RedisVersion
