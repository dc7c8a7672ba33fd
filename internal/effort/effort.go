// Package effort sets the length of tests that could go on forever: those that
// compare with a model, damage data, or stop at random moments. Only tests import
// it.
package effort

import (
	"os"
	"strconv"
	"testing"
)

// Variable is the environment variable with the factor for longer runs.
const Variable = "RESPSERVER_EFFORT"

// Of returns n, a number of rounds or steps that takes a fraction of a second; a
// quarter of it with -short; or the multiple that Variable asks for. The result is
// at least 1.
func Of[T ~int | ~int64 | ~uint64](n T) T {
	if testing.Short() {
		return max(n/4, 1)
	}
	return n * T(factor())
}

// Long reports whether Variable asks for more than the usual run.
func Long() bool { return !testing.Short() && factor() > 1 }

func factor() int {
	if n, err := strconv.Atoi(os.Getenv(Variable)); err == nil && n > 1 {
		return n
	}
	return 1
}
