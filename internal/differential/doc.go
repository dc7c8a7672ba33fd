// Package differential compares the server with a real one: random commands,
// well-formed and malformed, are made from the command table's argument trees
// and sent to both, and every reply must be the same, error texts included.
//
//	go test ./internal/differential                        a short run
//	go test ./internal/differential -v -replies 1000000    a long one
//	go test ./internal/differential -seed 17 -redis-server=/path/to/redis-server
//
// The work is cut into episodes of some hundred commands that start on empty
// servers; an episode follows from its seed and the version of the real
// server. What is compared is the replies, and at the end of an episode the
// keyspace events of all commands, what INFO counted, and all data: read
// through commands, as DEBUG DIGEST-VALUE, and restored from the dumps of
// either server by both, so that what was done wrongly without a word is found
// too. Another kind of episode has several clients that block, watch and
// subscribe. Every command of the groups of the data types and every word of
// its options is generated, which a test guards.
//
// A difference is shrunk, first the commands, then their arguments, and
// printed as a transcript (docs/transcripts.md) with the real server's
// replies, ready to become a file of testdata/transcripts.
//
// Replies that need not be the same (the order of a hash table, the choice of
// SPOP, the time that is left) are compared loosely, what newer versions
// changed is known, and calls that the real server has faults with are not
// made; each exception is a row of a table with its reason (exceptions_test.go).
//
// All of it is tests, so all files but this one are.
package differential
