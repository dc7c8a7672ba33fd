package main

import "syscall"

// duplicate makes the file descriptor to a copy of from. It uses dup3 because not
// every architecture of Linux has dup2.
func duplicate(from, to int) error { return syscall.Dup3(from, to, 0) }
