package command

// RedisVersion is the version of Redis whose behaviour the commands follow.
const RedisVersion = "7.4.1"
