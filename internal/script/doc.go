// Package script runs Lua scripts as Redis does. It has the library redis and
// the ones that come with it (cjson, cmsgpack, struct, bit), the conversion
// between replies and Lua values, and the sandbox for scripts.
//
// It knows no server: a script calls commands through a Host. The language is
// package lua. An Interp is not safe for concurrent use; a Script is
// immutable.
package script
