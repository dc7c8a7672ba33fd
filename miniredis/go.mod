// Package miniredis for programs that test with miniredis: see docs/miniredis.md.
// The path is that of the module whose place it takes.
module github.com/alicebob/miniredis/v2

go 1.25

require github.com/resp-server/resp-server v0.1.0

replace github.com/resp-server/resp-server => ../
