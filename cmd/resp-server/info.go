package main

import (
	"fmt"
	"io"
	"math/bits"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	respserver "github.com/resp-server/resp-server"
)

// buildInfo identifies the source of the binary.
type buildInfo struct {
	commit   string // 8 digits; "00000000" if unknown
	modified int    // 1 if the source had local changes
	id       string // 16 digits
}

func build() buildInfo {
	b := buildInfo{id: strings.Repeat("0", 16)}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision" && len(s.Value) >= len(b.id):
				b.id = s.Value[:len(b.id)]
			case s.Key == "vcs.modified" && s.Value == "true":
				b.modified = 1
			}
		}
	}
	b.commit = b.id[:8]
	return b
}

// redisVersion returns the version line in the format of redis-server. Programs
// that need a version of Redis take the first number in it.
func redisVersion() string {
	b := build()
	return fmt.Sprintf("Redis server v=%s sha=%s:%d malloc=%s bits=%d build=%s (resp-server %s)\n",
		respserver.RedisVersion, b.commit, b.modified, runtime.Version(), bits.UintSize, b.id, respserver.Version)
}

// ownVersion returns the version line of this program.
func ownVersion() string {
	b := build()
	return fmt.Sprintf("resp-server %s (behaves as Redis %s; commit %s, %s, %s/%s)\n",
		respserver.Version, respserver.RedisVersion, b.commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// checkSystem looks for what makes a server slow on this machine. The checks have
// the names of redis-server, which has two more about fork, which this server does
// not use. It returns the exit code.
func checkSystem(w io.Writer) int {
	const path = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
	text, err := os.ReadFile(path)
	clock := strings.TrimSpace(string(text))
	code := 0
	for _, check := range []struct {
		name string
		slow []string // clocks
	}{
		{"slow-clocksource", []string{"acpi_pm", "hpet", "jiffies", "pit"}},
		{"xen-clocksource", []string{"xen"}},
	} {
		result := "OK"
		switch {
		case err != nil:
			result = "skipped"
		case slices.Contains(check.slow, clock):
			code = 1
			result = "WARNING:\nThe kernel takes the time from '" + clock + "', which is slow. 'tsc' or 'kvm-clock' may be available:\n" +
				"see available_clocksource beside " + path
		}
		fmt.Fprintf(w, "[%s]...%s\n", check.name, result)
	}
	io.WriteString(w, "[overcommit]...skipped\n[THP]...skipped\n")
	return code
}

// testMemory writes patterns to the given number of megabytes and reads them again.
// It returns the exit code.
func testMemory(args []string, stdout, stderr io.Writer) int {
	const rounds = 5
	var megabytes uint64
	var err error
	if len(args) == 1 {
		megabytes, err = strconv.ParseUint(args[0], 10, 31)
	}
	if err != nil || megabytes == 0 {
		io.WriteString(stderr, "Please specify the amount of memory to test in megabytes.\nExample: resp-server --test-memory 4096\n\n")
		return 1
	}
	words := make([]uint64, megabytes<<20/8)
	for round := range uint64(rounds) {
		fmt.Fprintf(stdout, "Round %d of %d\n", round+1, rounds)
		for _, pattern := range []func(i uint64) uint64{
			func(i uint64) uint64 { return i },
			func(i uint64) uint64 { return ^i },
			func(i uint64) uint64 { return (i + round) * 0x9e3779b97f4a7c15 }, // looks random
			func(i uint64) uint64 { return 0x5555555555555555 << ((i + round) & 1) },
		} {
			for i := range words {
				words[i] = pattern(uint64(i))
			}
			for i, got := range words {
				if want := pattern(uint64(i)); got != want {
					fmt.Fprintf(stdout, "\n*** MEMORY ERROR DETECTED: %016x instead of %016x at %p\n", got, want, &words[i])
					return 1
				}
			}
		}
	}
	io.WriteString(stdout, "\nYour memory passed this test.\n")
	return 0
}
