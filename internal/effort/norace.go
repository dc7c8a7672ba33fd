//go:build !race

package effort

// Race reports whether the race detector is at work, which makes programs slower and larger.
const Race = false
