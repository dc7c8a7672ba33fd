// Package differential compares the server with a real one. It makes random
// commands, well-formed and malformed, from the argument trees of the command
// table, and sends them to both servers. Every reply must be the same, error texts
// included.
//
//	go test ./internal/differential                        a short run
//	go test ./internal/differential -v -replies 1000000    a long one
//	go test ./internal/differential -seed 17 -redis-server=/path/to/redis-server
//
// The work is cut into episodes of some hundred commands that start on empty
// servers. An episode follows from its seed and the version of the real server. The
// comparison covers the replies, and at the end of an episode the keyspace events
// of all commands, the counters of INFO, and all data: read through commands, as
// DEBUG DIGEST-VALUE, and restored by both servers from the dumps of either. So it
// also finds what a command does wrongly without a wrong reply. Another kind of
// episode has several clients that block, watch and subscribe. A test makes sure
// that every command of the groups of the data types, and every word of its
// options, is generated.
//
// A difference is shrunk, first the commands, then their arguments, and printed as
// a transcript (docs/transcripts.md) with the real server's replies, ready to
// become a file of testdata/transcripts.
//
// Replies that may differ (the order of a hash table, the choice of SPOP, the
// remaining time) are compared loosely. Changes in newer versions are known, and
// calls that trigger bugs of the real server are not made. Each exception is a row
// of a table with its reason (exceptions_test.go).
//
// All of this is tests, so all files but this one are test files.
package differential
