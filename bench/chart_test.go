package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCharts: the charts in docs match the report.
func TestCharts(t *testing.T) {
	report, err := os.ReadFile("../docs/benchmarks.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range charts {
		want, err := c.draw(string(report))
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		got, err := os.ReadFile(filepath.Join("../docs/charts", c.file))
		if err != nil || string(got) != want {
			t.Errorf("%s is not up to date; go run -C bench . -charts ../docs/benchmarks.md draws it (%v)", c.file, err)
		}
	}
}

func TestAmount(t *testing.T) {
	for text, want := range map[string]float64{"1.16 M (**1.32**, 1.38)": 1.16e6, "88 k": 88e3, "417": 417, "4.88ms": 4.88e6, "56 (**0.57**)": 56} {
		if got, _, ok := amount(text); !ok || got != want {
			t.Errorf("%q: %v %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"-", "", "-9223372036854775808"} {
		if got, _, ok := amount(text); ok {
			t.Errorf("%q: %v", text, got)
		}
	}
}
