//go:build race

package block

// Poisons tells whether Poison does anything.
const Poisons = true
