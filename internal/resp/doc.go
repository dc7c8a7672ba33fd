// Package resp reads and writes the Redis serialization protocol, versions 2 and 3. It knows bytes, not a server.
//
// Reader takes requests apart as a server does, Writer builds replies, Error is an error reply; ReadReply,
// ParseReply and AppendCommand are the client's half.
//
// Nothing here is safe for concurrent use, except Pool: a Reader and a Writer belong to one session.
//
// The format is described at https://redis.io/docs/latest/develop/reference/protocol-spec/. Limits, and what happens
// to requests that are not well formed, are those of Redis 7.4 (testdata/requests.txt is recorded from it).
package resp
