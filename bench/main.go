// Command bench compares resp-server with other servers on one machine. It builds
// resp-server, starts every server, and prints Markdown. The measurements of all
// servers are interleaved, so that a busy minute affects all of them.
//
// It needs redis-server and redis-benchmark on PATH, and ps(1). It writes
// docs/benchmarks.md, which describes it.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	quick  bool
	rounds int
	rows   *regexp.Regexp
	length float64 // seconds per measurement
	before string  // a commit or binary to compare with, or ""
}

// span returns the length of a measurement.
func (o *options) span() time.Duration { return time.Duration(o.length * float64(time.Second)) }

// wants reports whether the flags select a row.
func (o *options) wants(row string) bool { return o.rows.MatchString(row) }

// sections are the parts of the report in order. Each measures and prints.
var sections = []struct {
	name string
	run  func(*bench) error
}{
	{"throughput", throughput},
	{"append-only", appending},
	{"latency", latency},
	{"in-process", inProcess},
	{"controls", controls},
	{"forks", forks},
	{"start", startUp},
	{"memory", memory},
	{"growth", growth},
	{"large", large},
}

// bench is one run of the benchmarks.
type bench struct {
	options
	specs          []spec
	out            io.Writer
	summary        summary
	slower, faster []string // rows that differ from those of before
}

func (b *bench) printf(format string, args ...any) { fmt.Fprintf(b.out, format, args...) }

func main() {
	var b bench
	var rows, servers, only, file, serve string
	var extra, charts string
	flag.BoolVar(&b.quick, "quick", false, "fewer rows and smaller data: about ten minutes")
	flag.Float64Var(&b.length, "seconds", 0, "seconds that a measurement takes: 1, or 0.2 with -quick")
	flag.IntVar(&b.rounds, "rounds", 3, "rounds of each measurement, of which the median counts")
	flag.StringVar(&rows, "rows", "", "measure only rows that match this regular expression, as in 'GET.*P16'")
	flag.StringVar(&only, "sections", "", "measure only these, of throughput,append-only,latency,in-process,controls,forks,start,memory,growth,large")
	flag.StringVar(&servers, "servers", "redis-server,valkey-server,miniredis", "programs to compare with, names or paths; what is not there is left out")
	flag.StringVar(&extra, "args", "", "more arguments for resp-server, separated by spaces")
	flag.StringVar(&file, "o", "", "write the report to this file as well")
	flag.StringVar(&charts, "charts", "", "measure nothing: draw the tables of this report into the directory charts beside it")
	flag.StringVar(&b.before, "before", "", "compare with this commit, or this binary, of resp-server instead of other servers; measures throughput unless -sections asks for more")
	flag.StringVar(&serve, "serve-miniredis", "", "")
	flag.Parse()
	if serve != "" {
		serveMiniredis(serve)
		return
	}
	if charts != "" {
		if err := draw(charts); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if err := b.run(rows, servers, only, file, strings.Fields(extra)); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) run(rows, servers, only, file string, extra []string) (err error) {
	if b.rows, err = regexp.Compile("(?i)" + rows); err != nil {
		return err
	}
	switch {
	case b.length > 0:
	case b.quick:
		b.length = 0.2
	default:
		b.length = 1
	}
	b.out = os.Stdout
	if b.before != "" && only == "" {
		only = "throughput"
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// An interrupt reaches the servers too: they are in our process group.
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		os.RemoveAll(dir)
		os.Exit(1)
	}()
	if b.before != "" {
		b.specs, err = findBuilds(dir, b.before, extra)
	} else {
		b.specs, err = findServers(dir, servers, extra)
	}
	if err != nil {
		return err
	}
	begin := time.Now()
	var head, body strings.Builder
	b.out = io.MultiWriter(os.Stdout, &head)
	if err := b.intro(); err != nil {
		return err
	}
	b.out = io.MultiWriter(os.Stdout, &body)
	for _, s := range sections {
		if only != "" && !strings.Contains(","+only+",", ","+s.name+",") {
			continue
		}
		if err := s.run(b); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	b.printf("\nThe run took %v.\n", time.Since(begin).Round(time.Second))
	conclusion := b.summary.String() + b.changes()
	fmt.Print(conclusion)
	if file != "" {
		if err := os.WriteFile(file, []byte(head.String()+conclusion+body.String()), 0o644); err != nil {
			return err
		}
		return draw(file)
	}
	return nil
}
