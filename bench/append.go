package main

import (
	"fmt"
	"slices"
)

// appending measures writes with the append-only file on.
func appending(b *bench) error {
	b.heading("Append-only file", `Writes with appendonly yes, as in the first table. The servers write to the directory for temporary
files: the price of "always" is the time of a sync on its disk.`)
	var names []string
	for _, s := range b.specs {
		if s.name != "miniredis" {
			names = append(names, s.name)
		}
	}
	var t table
	for _, policy := range []string{"no", "everysec", "always"} {
		files := *b
		files.specs = nil
		for _, s := range b.specs {
			if slices.Contains(names, s.name) {
				s.args = append([]string{"--appendonly", "yes", "--appendfsync", policy}, s.args...)
				files.specs = append(files.specs, s)
			}
		}
		servers, stop, err := files.start()
		if err != nil {
			return err
		}
		if t.b == nil {
			t = b.table("command", servers)
		}
		for _, w := range works[:1] {
			for _, r := range []row{{w, 1, 1, defaultKeys, defaultValue}, {w, 50, 1, defaultKeys, defaultValue}, {w, 500, 1, defaultKeys, defaultValue}, {w, 50, 16, defaultKeys, defaultValue}} {
				name := fmt.Sprintf("%v, %s", r, policy)
				if !b.wants(name) {
					continue
				}
				f, err := files.measure(r, servers)
				if err != nil {
					stop()
					return fmt.Errorf("%s: %w", name, err)
				}
				t.rates(name, appended, f)
			}
		}
		stop()
	}
	t.end()
	return nil
}
