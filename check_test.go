package respserver

// StartTest checks each server of the tests in this package when the test ends.
func init() { alwaysCheck = true }
