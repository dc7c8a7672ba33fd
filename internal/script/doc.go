// Package script runs Lua scripts as Redis does: the library redis, the ones
// that come with it (cjson, cmsgpack, struct, bit), the conversion of replies
// to Lua values and back, and what keeps scripts in their sandbox.
//
// It knows no server: a script calls commands through a Host. The language is
// package lua. An Interp is not safe for concurrent use; a Script is
// immutable.
package script
