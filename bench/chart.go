package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// A chart draws rows of one table of the report. It is made from the report, so
// that the two always agree.
type chart struct {
	file, title string
	heading     string         // heading of the section with the table
	rows        *regexp.Regexp // matches rows; its first group is the label
	unit        string
}

var charts = []chart{
	{"pipelined.svg", "Requests per second, 50 clients, pipelines of 16", "Throughput", regexp.MustCompile(`^(SET|GET|INCR|LPUSH|SADD|HSET|ZADD|XADD|EVAL), 50 clients, P16$`), "/s"},
	{"single.svg", "Requests per second, 50 clients, no pipelines", "Throughput", regexp.MustCompile(`^(SET|GET|INCR|LPUSH|SADD|HSET|ZADD|XADD|EVAL), 50 clients, P1$`), "/s"},
	{"memory.svg", "Bytes for each element of a million", "Memory", regexp.MustCompile(`^(.*)$`), " B"},
	{"start.svg", "From exec to the first PONG", "Start", regexp.MustCompile(`^exec (.*)$`), ""},
}

var errNoRows = errors.New("the report has no such rows")

// draw writes the charts of a report, as far as the report has rows for them, into
// the directory charts beside it.
func draw(report string) error {
	text, err := os.ReadFile(report)
	if err != nil {
		return err
	}
	dir := filepath.Join(filepath.Dir(report), "charts")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, c := range charts {
		svg, err := c.draw(string(text))
		if err == errNoRows {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.file, err)
		}
		if err := os.WriteFile(filepath.Join(dir, c.file), []byte(svg), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// cells returns the rows of the tables in a section, with their heads.
func cells(report, heading string) (rows [][]string) {
	_, section, _ := strings.Cut(report, "\n## "+heading+"\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for line := range strings.Lines(section) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "| ") {
			row := strings.Split(strings.Trim(line, "|"), "|")
			for i := range row {
				row[i] = strings.TrimSpace(row[i])
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// amount parses a number of the report: "1.16 M", "88 k", "4.88ms".
func amount(s string) (float64, string, bool) {
	s, _, _ = strings.Cut(s, " (")
	s, _, _ = strings.Cut(s, " · ")
	end := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	number, unit := s, ""
	if end >= 0 {
		number, unit = s[:end], strings.TrimSpace(s[end:])
	}
	f, err := strconv.ParseFloat(number, 64)
	scale := map[string]float64{"": 1, "k": 1e3, "M": 1e6, "ns": 1, "µs": 1e3, "ms": 1e6, "s": 1e9, "KB": 1 << 10}[unit]
	return f * scale, s, err == nil && scale > 0
}

// colours of the servers, ours first.
var colours = []string{"#d82c20", "#7a8699", "#5b9bd5", "#c9b037"}

func (c *chart) draw(report string) (string, error) {
	const width, left, bar, gap = 760, 190, 15, 10
	type mark struct {
		value float64
		text  string
		name  string
		at    int // index of the server
	}
	type group struct {
		label string
		marks []mark
	}
	var groups []group
	var heads []string
	most := 0.
	for _, row := range cells(report, c.heading) {
		if heads == nil {
			heads = row[1:]
			continue
		}
		m := c.rows.FindStringSubmatch(row[0])
		if m == nil {
			continue
		}
		g := group{label: m[1]}
		for i, cell := range row[1:] {
			if v, text, ok := amount(cell); ok && i < len(heads) {
				g.marks = append(g.marks, mark{v, text, heads[i], i})
				most = math.Max(most, v)
			}
		}
		if len(g.marks) > 0 {
			groups = append(groups, g)
		}
	}
	if len(groups) == 0 {
		return "", errNoRows
	}
	var b strings.Builder
	y := 64
	if len(heads) == 1 {
		y = 40
	}
	for _, g := range groups {
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", left-10, y+len(g.marks)*bar/2+5, g.label)
		for _, m := range g.marks {
			colour := colours[m.at]
			if len(heads) == 1 && g.label != "resp-server" {
				colour = colours[1]
			}
			length := m.value / most * (width - left - 110)
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`, left, y, length, bar-2, colour)
			fmt.Fprintf(&b, `<text class="v" x="%.1f" y="%d">%s</text>`+"\n", left+length+6, y+bar-4, m.text+c.unit)
			y += bar
		}
		y += gap
	}
	var head strings.Builder
	fmt.Fprintf(&head, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" font-family="sans-serif" font-size="13" fill="#444">`+"\n", width, y+6, width)
	fmt.Fprintf(&head, "<style>.v{font-size:11px}</style>\n"+`<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, y+6)
	fmt.Fprintf(&head, `<text x="16" y="24" font-size="16" font-weight="bold">%s</text>`+"\n", c.title)
	if len(heads) > 1 {
		for i, name := range heads {
			fmt.Fprintf(&head, `<rect x="%d" y="38" width="11" height="11" fill="%s"/><text x="%d" y="48">%s</text>`+"\n", left+i*130, colours[i], left+16+i*130, name)
		}
	}
	return head.String() + b.String() + "</svg>\n", nil
}
