//go:build race

package block

// poison has Free overwrite what it gets, so that tests which the race detector watches see it when somebody reads a
// block that he gave back.
const poison = true
