package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// source is a program that serves at addresses, with a password, until its standard
// input ends.
const source = `package main

import (
	"fmt"
	"io"
	"os"

	"github.com/alicebob/miniredis/v2"
)

func main() {
	for _, addr := range os.Args[2:] {
		m := miniredis.NewMiniRedis()
		m.ClockTTL(true)
		m.RequireAuth(os.Args[1])
		if err := m.StartAddr(addr); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		defer m.Close()
	}
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
}
`

// serve starts a Miniredis of one side at each address of a program. stop returns
// their times.
func (r *runner) serve(side string, p program) (stop func() times, err error) {
	dir := filepath.Join(r.dir, "serve-"+side)
	binary := filepath.Join(dir, "serve")
	if _, err := os.Stat(binary); err != nil {
		if err := r.build(dir, side); err != nil {
			return nil, err
		}
	}
	cmd := exec.Command(binary, append([]string{p.Password}, p.Servers...)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() times {
		in.Close()
		cmd.Wait()
		return ended(cmd, began)
	}
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		stop()
		return nil, fmt.Errorf("no server: %s", line)
	}
	return stop, nil
}

func (r *runner) build(dir, side string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	mod := "module serve\n\ngo 1.25\n\nrequire " + miniredis + " v2.40.0\n"
	for name, text := range map[string]string{"go.mod": mod, "main.go": source} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	if err := r.modfile(dir, side); err != nil {
		return err
	}
	if out, err := r.command(dir, "go", "build", "-mod=mod", "-modfile="+side+".mod", "-o", "serve", "."); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}
