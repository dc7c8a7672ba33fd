package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// row is the result of a program.
type row struct {
	Program, Version string
	Packages         []string // if not all that use miniredis
	Server           bool
	Theirs, Ours     outcome
	Why              string
	// Redis is the version from which the replies in Why were recorded, if any.
	Redis string `json:",omitempty"`
}

// outcome counts the tests of a program with one implementation.
type outcome struct {
	Passed, Tests int
	Took          times
}

// String returns "12 of 13".
func (o outcome) String() string {
	if o.Passed < o.Tests {
		return fmt.Sprintf("%d of %d", o.Passed, o.Tests)
	}
	return fmt.Sprint(o.Passed)
}

func (o *outcome) add(other outcome) {
	o.Passed += other.Passed
	o.Tests += other.Tests
	o.Took.add(other.Took)
}

// load reads the rows that save has written. A missing file has none.
func load(file string) (rows []row, err error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &rows)
	}
	return rows, err
}

// save writes rows, in the order of the list of programs.
func save(file string, rows []row) error {
	place := func(r row) int {
		return slices.IndexFunc(programs, func(p program) bool { return p.Module == r.Program })
	}
	slices.SortStableFunc(rows, func(a, b row) int { return place(a) - place(b) })
	data, err := json.MarshalIndent(rows, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}

// replace replaces the row of the same program, or adds r.
func replace(rows []row, r row) []row {
	for i := range rows {
		if rows[i].Program == r.Program {
			rows[i] = r
			return rows
		}
	}
	return append(rows, r)
}

const head = "| program | version | miniredis passes | ours passes | miniredis took | ours took | why they differ |\n|---|---|---|---|---|---|---|\n"

func (r row) String() string {
	name := r.Program
	if len(r.Packages) > 0 && r.Packages[0] != "./..." && r.Packages[0] != "." {
		name += " (" + strings.ReplaceAll(strings.Join(r.Packages, ", "), "./", "") + ")"
	}
	return fmt.Sprintf("| %s | %s | %v | %v | %v | %v | %s |\n", name, r.Version, r.Theirs, r.Ours, r.Theirs.Took, r.Ours.Took, r.Why)
}

// table returns the rows of programs that start a Miniredis themselves, or of those
// that get a server, and their sum.
func table(rows []row, server bool) string {
	var b strings.Builder
	b.WriteString(head)
	sum := row{Program: "all"}
	for _, r := range rows {
		if r.Server == server {
			b.WriteString(r.String())
			sum.Theirs.add(r.Theirs)
			sum.Ours.add(r.Ours)
		}
	}
	b.WriteString(sum.String())
	return b.String()
}
