// Package attack tries to break whole servers: with damaged data, with damaged
// protocol, and from many sides at once. It contains only tests. Each takes a
// moment, or as long as the flag says: go test ./internal/attack -attack 10m.
package attack
