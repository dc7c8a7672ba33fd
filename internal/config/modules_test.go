package config_test

// The tests of the table cover the settings of modules too.
import _ "github.com/resp-server/resp-server/internal/module/array"
