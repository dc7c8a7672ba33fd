package command

import (
	"os"
	"strings"
	"sync"
	"syscall"
)

// systemRelease returns the version of the kernel.
func systemRelease() string {
	s, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return strings.TrimSpace(string(s))
}

// systemMemory returns how many bytes the machine has.
var systemMemory = sync.OnceValue(func() int64 {
	var i syscall.Sysinfo_t
	if syscall.Sysinfo(&i) != nil {
		return 0
	}
	return int64(i.Totalram) * int64(i.Unit)
})
