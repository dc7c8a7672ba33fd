// Package transcript replays and records what a person would see in redis-cli.
//
// A transcript is a text file of commands and replies, with several named clients,
// matchers for replies that differ between runs, and directives for time,
// configuration and versions; docs/transcripts.md is its grammar. [File.Run]
// replays it as a test against any server that speaks RESP. [File.Record] writes
// the replies of a real server into it and changes nothing else.
//
// The package handles bytes only: of the module it imports only the notation, so
// that it can test all other packages. It reaches servers through [Target];
// [Server] is the one for a real server, given by its address or started from its
// binary.
//
// The package never waits for a fixed time. Each command gets its reply before the
// next one is sent. A command without a reply is blocked if the server's own count
// of blocked clients says so. Wall clock is used only for time limits, for polling,
// and for @advance on real servers.
package transcript
