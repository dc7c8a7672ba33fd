//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package command

import (
	"encoding/binary"
	"runtime"
	"sync"
	"syscall"
)

// systemRelease returns the version of the kernel.
func systemRelease() string {
	s, _ := syscall.Sysctl("kern.osrelease")
	return s
}

// systemMemory returns how many bytes the machine has.
var systemMemory = sync.OnceValue(func() int64 {
	name := "hw.physmem"
	switch runtime.GOOS {
	case "darwin":
		name = "hw.memsize"
	case "netbsd":
		name = "hw.physmem64"
	}
	s, err := syscall.Sysctl(name)
	if err != nil {
		return 0
	}
	// Sysctl treats the number as a string and drops a last byte of 0.
	var b [8]byte
	copy(b[:], s)
	return int64(binary.NativeEndian.Uint64(b[:]))
})
