// Package effort says how much tests are to do that could go on for ever: those that
// compare with a model, damage data, or stop at random moments. Only tests import it.
package effort

import (
	"os"
	"strconv"
	"testing"
)

// Variable is the environment variable that has the factor for longer runs.
const Variable = "RESPSERVER_EFFORT"

// Of returns n, so many rounds or steps as take a fraction of a second, a quarter of
// it with -short, or a multiple of it where Variable says so. It is at least 1.
func Of[T ~int | ~int64 | ~uint64](n T) T {
	if testing.Short() {
		return max(n/4, 1)
	}
	if factor, err := strconv.Atoi(os.Getenv(Variable)); err == nil && factor > 1 {
		return n * T(factor)
	}
	return n
}
