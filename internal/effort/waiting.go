package effort

import (
	"flag"
	"runtime"
	"strconv"
	"testing"
)

// Waiting lets twice as many tests of a package run at once as there are processors,
// for packages whose tests mostly wait: for processes, disks and timeouts. TestMain
// calls it before Run. The flag -parallel goes before it. Under the race detector
// nothing changes, since tests need the processors then.
func Waiting() {
	testing.Init()
	if !Race {
		flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0)))
	}
}
