//go:build !race

package block

const poison = false
