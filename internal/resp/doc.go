// Package resp reads and writes the Redis serialization protocol, versions 2 and 3. It handles bytes and knows no
// server.
//
// Reader parses requests as a server does, Writer builds replies, Error is an error reply. ReadReply, ParseReply and
// AppendCommand are the client's half.
//
// Nothing here is safe for concurrent use, except Pool: a Reader and a Writer belong to one session.
//
// The format is described at https://redis.io/docs/latest/develop/reference/protocol-spec/. The limits, and the
// handling of malformed requests, are those of Redis 7.4 (testdata/requests.txt is recorded from it).
package resp
