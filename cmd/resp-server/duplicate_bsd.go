//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package main

import "syscall"

// duplicate makes one file descriptor another name of what an other one names.
func duplicate(from, to int) error { return syscall.Dup2(from, to) }
