module github.com/resp-server/resp-server/bench

go 1.25

require (
	github.com/alicebob/miniredis/v2 v2.35.0
	github.com/resp-server/resp-server v0.0.0
)

require github.com/yuin/gopher-lua v1.1.1 // indirect

replace github.com/resp-server/resp-server => ../
