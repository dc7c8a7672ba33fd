package command

import (
	"fmt"
	"hash/fnv"
	"runtime"
	godebug "runtime/debug"
	"strings"
	"sync"
)

// osName returns the operating system and the machine, as uname does.
var osName = sync.OnceValue(func() string {
	names := map[string]string{
		"darwin": "Darwin", "dragonfly": "DragonFly", "freebsd": "FreeBSD", "linux": "Linux",
		"netbsd": "NetBSD", "openbsd": "OpenBSD", "windows": "Windows",
	}
	name, machine := names[runtime.GOOS], runtime.GOARCH
	if name == "" {
		name = runtime.GOOS
	}
	switch runtime.GOOS + "/" + machine {
	case "linux/amd64", "darwin/amd64", "windows/amd64":
		machine = "x86_64"
	case "linux/arm64":
		machine = "aarch64"
	case "linux/386":
		machine = "i686"
	}
	return strings.Join(strings.Fields(name+" "+systemRelease()+" "+machine), " ")
})

// multiplexing returns how the Go runtime waits for sockets.
func multiplexing() string {
	switch runtime.GOOS {
	case "linux", "android":
		return "epoll"
	case "darwin", "ios", "freebsd", "netbsd", "openbsd", "dragonfly":
		return "kqueue"
	case "solaris", "illumos":
		return "evport"
	case "windows":
		return "iocp"
	}
	return "select"
}

// buildID returns a number that identifies the build.
var buildID = sync.OnceValue(func() string {
	h := fnv.New64a()
	if b, ok := godebug.ReadBuildInfo(); ok {
		fmt.Fprint(h, b)
	}
	return fmt.Sprintf("%016x", h.Sum64())
})
