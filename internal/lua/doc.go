// Package lua is the language Lua 5.1: compiler, interpreter, and the
// libraries base, string, table, math and coroutine, without anything that
// reaches out of the program. It knows no server.
//
// It is made to be indistinguishable from the interpreter in C: the words of
// errors with the names of variables in them, the form of numbers, the order
// in which pairs visits a table. Sources: the reference manual of Lua 5.1, and
// for the layout of tables "The Implementation of Lua 5.0" (sections 4 and 5).
//
// A source is parsed into a tree that is run as it is: variables are resolved
// to slots, constants are values. Local variables and arguments live in an
// arena of the thread, so that calls allocate nothing. Errors are panics
// within the package, caught by Protect. What a coroutine runs is flattened to
// instructions first, since a tree can't be left in the middle; suspended, it
// is a few hundred bytes that the garbage collector frees.
//
// No program ends the process: calls count what they may take of Go's stack
// (State.MaxStack), and everything that can take long counts its steps, so that
// State.Hook can end it. What a program may allocate is not bounded, but for
// the length of one string (State.MaxString).
// A State and everything that belongs to
// it are not safe for concurrent use; compiled functions are immutable and can
// be shared.
package lua
