//go:build race

package block

// Poisons reports whether Poison does anything.
const Poisons = true
