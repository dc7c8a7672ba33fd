// Package tools pins the versions of the tools that check this repository. They are
// in a module of their own because the root module has no dependencies. `go -C
// tools tool` lists them.
package tools
