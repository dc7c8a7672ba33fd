//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package main

import "syscall"

// duplicate makes the file descriptor to a copy of from.
func duplicate(from, to int) error { return syscall.Dup2(from, to) }
