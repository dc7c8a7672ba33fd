package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// intro describes the machine and the servers.
func (b *bench) intro() error {
	how := "The command was `go run -C bench . " + strings.Join(os.Args[1:], " ") + "`."
	b.printf(`# Benchmarks

The command in bench/ writes this file. It builds resp-server, starts it beside the other servers that
it finds, and measures them by turns, in one run on one machine. Absolute numbers depend on the machine,
ratios much less.

    go run -C bench . -quick -o ../docs/benchmarks.md       everything, about ten minutes
    go run -C bench . -sections throughput -rows 'GET.*P16' some of it
    go run -C bench . -servers /path/to/valkey-server       another server
    go run -C bench . -before HEAD~1 -rows P16              this tree beside another commit

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
type table struct {
	b       *bench
	servers []string
}

func (b *bench) table(first string, servers []*server) table {
	t := table{b: b}
	b.printf("| %s |", first)
	for _, s := range servers {
		b.printf(" %s |", s.name)
		t.servers = append(t.servers, s.name)
	}
	b.printf("\n|---|%s\n", strings.Repeat("---:|", len(servers)))
	return t
}

// Kinds of rows, which the summary puts together.
const (
	single    = "no pipelines"
	pipelined = "pipelines"
	appended  = "append-only file"
)

// rates prints the requests per second of a command and the processor time of each,
// with the ratios to ours, and notes them for the summary: how is the kind of row.
func (t table) rates(name, how string, v []figure) {
	t.row(name, v, func(f figure) string { return count(int(f.rate())) }, func(f figure) string {
		if f.both == 0 {
			return ""
		}
		return fmt.Sprintf(" · %.0f+%.0f", f.user, f.system)
	})
	t.note("requests per second, "+how, name, v, func(f figure) float64 { return f.time })
	if how == appended {
		return // what counts is the disk
	}
	t.note("processor time, "+how, name, v, func(f figure) float64 { return f.both })
	if how == pipelined {
		t.note("processor time in the program, "+how, name, v, func(f figure) float64 { return f.user })
	}
}

// times prints the time of a command, by the clock and of the processor, with the
// ratios to ours.
func (t table) times(name string, v []figure) {
	t.row(name, v, func(f figure) string { return duration(f.time) }, func(figure) string { return "" })
	t.note("large keys and growth, processor time", name, v, func(f figure) float64 { return f.both })
}

func (t table) row(name string, v []figure, value, rest func(figure) string) {
	t.b.printf("| %s |", name)
	for i, f := range v {
		switch {
		case f.time == 0:
			t.b.printf(" - |")
		case i == 0 || v[0].time == 0:
			t.b.printf(" %s%s |", value(f), rest(f))
		case v[0].both == 0 || f.both == 0:
			t.b.printf(" %s (**%.2f**)%s |", value(f), f.time/v[0].time, rest(f))
		default:
			t.b.printf(" %s (**%.2f**, %.2f)%s |", value(f), f.time/v[0].time, f.both/v[0].both, rest(f))
		}
	}
	t.b.printf("\n")
	t.b.compare(name, v)
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
	if v[0] != 0 {
		for i, x := range v {
			t.b.summary.note("memory", name, t.servers[i], x/v[0])
		}
	}
}

func (t table) end() { t.b.printf("\n") }

// note gives the summary how many times as much of something each server needs as ours.
func (t table) note(of, row string, v []figure, what func(figure) float64) {
	for i, f := range v {
		t.b.summary.note(of, row, t.servers[i], what(f)/what(v[0]))
	}
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
