package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// intro describes the machine and the servers.
func (b *bench) intro() error {
	how := "A quick run: `go run -C bench . -quick`."
	if !b.quick {
		how = "A full run: `go run -C bench .`."
	}
	b.printf(`# Benchmarks

This file is written by the command in bench/, which builds resp-server, starts it beside the servers
it finds, and measures all of them interleaved in one run on one machine: absolute numbers depend on
the machine, ratios much less.

    go run -C bench . -quick -o ../docs/benchmarks.md       everything, about six minutes
    go run -C bench . -sections throughput -rows 'GET.*P16' some of it
    go run -C bench . -servers /path/to/valkey-server       another server

%s %d rounds, %s.

- Machine: %s, %d cores, %s/%s, %s
`, how, b.rounds, time.Now().Format("2006-01-02"), cpuModel(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	for _, s := range b.specs {
		if s.name == "miniredis" {
			b.printf("- miniredis: v2, in a process of its own\n")
			continue
		}
		out, err := exec.Command(s.path, "--version").Output()
		if err != nil {
			return fmt.Errorf("%s --version: %w", s.name, err)
		}
		version, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		b.printf("- %s: %s\n", s.name, version)
	}
	return nil
}

// cpuModel returns the name of the processor, if the system has it.
func cpuModel() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, model, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(model)
		}
	}
	return "unknown processor"
}

func (b *bench) heading(title, text string, args ...any) {
	b.printf("\n## %s\n\n%s\n\n", title, fmt.Sprintf(text, args...))
	for _, c := range charts {
		if c.heading == title {
			b.printf("![%s](charts/%s)\n\n", c.title, c.file)
		}
	}
}

// table is a Markdown table with a column for each server, ours first.
type table struct{ b *bench }

func (b *bench) table(first string, servers []*server) table {
	b.printf("| %s |", first)
	for _, s := range servers {
		b.printf(" %s |", s.name)
	}
	b.printf("\n|---|%s\n", strings.Repeat("---:|", len(servers)))
	return table{b}
}

// rates prints requests per second, and the ratio of ours to each server's; then
// the same per processor time.
func (t table) rates(name string, v, costs []float64) {
	t.b.printf("| %s |", name)
	for i, x := range v {
		switch {
		case x == 0:
			t.b.printf(" - |")
		case i == 0 || v[0] == 0:
			t.b.printf(" %s |", count(int(x)))
		case costs[0] == 0:
			t.b.printf(" %s (**%.2f**) |", count(int(x)), v[0]/x)
		default:
			t.b.printf(" %s (**%.2f**, %.2f) |", count(int(x)), v[0]/x, costs[i]/costs[0])
		}
	}
	t.b.printf("\n")
}

// costs prints numbers of which less is better, and the ratio of ours to each
// server's.
func (t table) costs(name string, v []float64, format func(float64) string) {
	t.b.printf("| %s |", name)
	for i, x := range v {
		switch {
		case x == 0:
			t.b.printf(" - |")
		case i == 0 || v[0] == 0:
			t.b.printf(" %s |", format(x))
		default:
			t.b.printf(" %s (**%.2f**) |", format(x), v[0]/x)
		}
	}
	t.b.printf("\n")
}

// times prints the time of a command, and the ratio of each server's to ours, by
// the clock and of the processor.
func (t table) times(name string, v []cost) {
	t.b.printf("| %s |", name)
	for i, x := range v {
		switch {
		case x.time == 0:
			t.b.printf(" - |")
		case i == 0 || v[0].time == 0:
			t.b.printf(" %s |", duration(x.time))
		case v[0].cpu == 0:
			t.b.printf(" %s (**%.2f**) |", duration(x.time), x.time/v[0].time)
		default:
			t.b.printf(" %s (**%.2f**, %.2f) |", duration(x.time), x.time/v[0].time, x.cpu/v[0].cpu)
		}
	}
	t.b.printf("\n")
}

func (t table) end() { t.b.printf("\n") }

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	if len(v) == 0 {
		return 0
	}
	return v[len(v)/2]
}

// count formats 1234567 as "1.23 M".
func count(n int) string {
	switch {
	case n >= 1_000_000 && n%1_000_000 == 0:
		return fmt.Sprintf("%d M", n/1_000_000)
	case n >= 1_000_000:
		return fmt.Sprintf("%.2f M", float64(n)/1e6)
	case n >= 1000:
		return fmt.Sprintf("%d k", n/1000)
	}
	return fmt.Sprint(n)
}

func size(n int) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.2f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}

func duration(ns float64) string {
	d := time.Duration(ns)
	switch {
	case d >= 10*time.Millisecond:
		return d.Round(time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	case d >= 10*time.Microsecond:
		return d.Round(time.Microsecond).String()
	}
	return d.Round(10 * time.Nanosecond).String()
}
