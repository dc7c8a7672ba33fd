// Package lua is the language Lua 5.1: compiler, interpreter, and the
// libraries base, string, table, math and coroutine, without access to
// anything outside the program. It knows no server.
//
// It is meant to be indistinguishable from the interpreter in C: the texts of
// errors with the names of variables, the format of numbers, the order of
// pairs. Sources are the reference manual of Lua 5.1 and, for the layout of
// tables, "The Implementation of Lua 5.0" (sections 4 and 5).
//
// The parser makes a tree, which the interpreter runs directly: variables are
// slots, constants are values. Local variables and arguments are in an arena
// of the thread, so that calls allocate nothing. Errors are panics within the
// package, caught by Protect. The functions of a coroutine are first flattened
// to instructions, since a tree can't be left in the middle. A suspended
// coroutine is a few hundred bytes that the garbage collector frees.
//
// No program ends the process. Calls count their use of Go's stack
// (State.MaxStack), and everything that can take long counts its steps, so
// that State.Hook can end it. The memory of a program is not limited, except
// for the length of a string (State.MaxString).
//
// A State and everything in it are not safe for concurrent use. Compiled
// functions are immutable and may be shared.
package lua
