//go:build !linux && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd

package command

// systemRelease needs a library of the operating system on this platform.
func systemRelease() string { return "" }

// systemMemory needs a library of the operating system on this platform.
func systemMemory() int64 { return 0 }
