// Package tools pins the versions of what checks this repository, apart from the
// root module, which requires nothing. `go -C tools tool` lists them.
package tools
