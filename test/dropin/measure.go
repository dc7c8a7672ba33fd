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

// measureEnv names the file for the times of a test binary. If it is set, this
// program only runs and measures another one: go test -exec starts it like that.
const measureEnv = "DROPIN_MEASURE"

// times are the times of a process: by the clock, and of the processor.
type times struct{ Wall, CPU time.Duration }

func (t *times) add(o times) {
	t.Wall += o.Wall
	t.CPU += o.CPU
}

// String returns "4.1 s, 0.9 s CPU", or "4.1 s" if the CPU is not known.
func (t times) String() string {
	if t.CPU == 0 {
		return fmt.Sprintf("%.1f s", t.Wall.Seconds())
	}
	return fmt.Sprintf("%.1f s, %.1f s CPU", t.Wall.Seconds(), t.CPU.Seconds())
}

// ended returns the times of a finished process.
func ended(cmd *exec.Cmd, began time.Time) times {
	return times{Wall: time.Since(began), CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
}

// measure runs a command, appends its times to a file, and exits with its code.
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
	os.Exit(1) // a signal has ended the command
}

// measured returns the sum of the times in a file of measure.
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
