package command

// RedisVersion is the version of Redis that the commands behave as.
const RedisVersion = "7.4.1"
