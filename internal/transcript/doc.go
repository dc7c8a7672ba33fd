// Package transcript replays and records what a person would see in redis-cli.
//
// A transcript is a text file of commands and replies, with several named
// clients, matchers for what differs between runs, and directives for time,
// configuration and versions; docs/transcripts.md is its grammar. [File.Run]
// replays it as a test against any server that speaks RESP, [File.Record]
// writes the replies of a real server into it and changes nothing else.
//
// The package knows bytes only: of the module it imports the notation alone, so
// that it can judge all other packages. Servers are reached through [Target];
// [Server] is the one for a real server, addressed or started from its binary.
//
// Nothing here waits for a fixed time. Each command is answered before the
// next is sent, and a command that is not answered is known to be blocked from
// the server's own count of blocked clients. Wall clock is used for time
// limits, for polling and for @advance on real servers.
package transcript
