package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"time"
)

// measureEnv names the file that a test binary's times go to. With it this program
// runs another one instead of doing its own work: go test -exec starts it so.
const measureEnv = "DROPIN_MEASURE"

// times are what a process took: by the clock, and of processors.
type times struct{ Wall, CPU time.Duration }

func (t *times) add(o times) {
	t.Wall += o.Wall
	t.CPU += o.CPU
}

// String returns "4.1 s, 0.9 s CPU".
func (t times) String() string {
	return fmt.Sprintf("%.1f s, %.1f s CPU", t.Wall.Seconds(), t.CPU.Seconds())
}

// ended returns the times of a process that has ended.
func ended(cmd *exec.Cmd, began time.Time) times {
	return times{Wall: time.Since(began), CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
}

// measure runs a command, appends its times to a file and exits as it did.
func measure(file string, command []string) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	began := time.Now()
	if err := cmd.Run(); cmd.ProcessState == nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	line, _ := json.Marshal(ended(cmd, began))
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = f.Write(append(line, '\n'))
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if code := cmd.ProcessState.ExitCode(); code >= 0 {
		os.Exit(code)
	}
	os.Exit(1) // a signal has ended it
}

// measured returns the sum of what is in a file that measure wrote.
func measured(file string) (sum times, err error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return sum, nil // no test was built
	}
	for line := range strings.Lines(string(data)) {
		var t times
		err = errors.Join(err, json.Unmarshal([]byte(line), &t))
		sum.add(t)
	}
	return sum, err
}
