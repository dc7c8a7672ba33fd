//go:build !linux && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd

package command

// systemRelease is not known here without a library of the system.
func systemRelease() string { return "" }

// systemMemory is not known here without a library of the system.
func systemMemory() int64 { return 0 }
