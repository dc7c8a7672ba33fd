//go:build !unix

package command

import "time"

// cpuTime is not known here without a library of the system.
func cpuTime() (user, sys time.Duration, ok bool) { return 0, 0, false }
