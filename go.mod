module github.com/resp-server/resp-server

go 1.25
