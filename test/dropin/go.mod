module github.com/resp-server/resp-server/test/dropin

go 1.25

require github.com/resp-server/resp-server v0.1.0

replace github.com/resp-server/resp-server => ../..
