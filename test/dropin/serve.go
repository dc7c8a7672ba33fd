package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// address is where the tests of programs look that want a server, not miniredis.
const address = "127.0.0.1:6379"

// source is a program that serves until its input ends.
const source = `package main

import (
	"fmt"
	"io"
	"os"

	"github.com/alicebob/miniredis/v2"
)

func main() {
	m := miniredis.NewMiniRedis()
	m.ClockTTL(true)
	if err := m.StartAddr(os.Args[1]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	m.Close()
}
`

// serve starts a Miniredis of one side at address, with time that passes.
func (r *runner) serve(side string) (stop func(), err error) {
	dir := filepath.Join(r.dir, "serve-"+side)
	program := filepath.Join(dir, "serve")
	if _, err := os.Stat(program); err != nil {
		if err := r.build(dir, side); err != nil {
			return nil, err
		}
	}
	cmd := exec.Command(program, address)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		in.Close()
		cmd.Wait()
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
