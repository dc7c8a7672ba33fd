// Package notation is how transcripts are written: command lines split and
// quoted as in redis-cli, and replies as it prints them, with what it hides made
// visible. docs/transcripts.md is its grammar.
//
// It knows bytes only and is used on both sides: the server writes records of
// what its clients did with it, and the tests judge the server by it.
package notation
