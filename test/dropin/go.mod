module github.com/resp-server/resp-server/test/dropin

go 1.25
