package respserver

// Each server that StartTest makes for a test of this package is looked at when the
// test ends.
func init() { alwaysCheck = true }
