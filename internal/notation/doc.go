// Package notation is the notation of transcripts: command lines split and quoted
// as in redis-cli, and replies as it prints them, with the differences that it
// hides made visible. docs/transcripts.md is its grammar.
//
// It handles bytes only and serves both sides: the server writes records of its
// clients with it, and the tests compare the server with real ones.
package notation
