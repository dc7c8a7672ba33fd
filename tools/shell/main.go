// Command shell is /bin/sh of the container image. Health checks and commands in
// compose files and CI services run in a shell even if nobody asked for one:
// "redis-cli ping || exit 1" becomes sh -c "redis-cli ping || exit 1". It is the
// shell of mvdan.cc/sh, plus the few programs that such lines use.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"syscall"
	"time"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

func main() {
	err := run(os.Args[1:])
	var status interp.ExitStatus
	switch {
	case errors.As(err, &status):
		os.Exit(int(status))
	case err != nil:
		fmt.Fprintln(os.Stderr, "sh:", err)
		os.Exit(2)
	}
}

// run takes the arguments of sh: options, then -c and a command or the name of a
// script, then parameters.
func run(args []string) error {
	var options []string
	command := false
	for len(args) > 0 && len(args[0]) > 1 && (args[0][0] == '-' || args[0][0] == '+') {
		letters := strings.TrimPrefix(args[0], "--")
		args = args[1:]
		if letters == "" {
			break
		}
		command = command || strings.Contains(letters, "c")
		for _, letter := range letters[1:] {
			if strings.ContainsRune("eufnx", letter) {
				options = append(options, letters[:1]+string(letter))
			}
		}
	}
	var program io.Reader = os.Stdin
	name := "sh"
	switch {
	case command && len(args) == 0:
		return errors.New("-c requires an argument")
	case command:
		program, args = strings.NewReader(args[0]), args[1:]
		if len(args) > 0 {
			name, args = args[0], args[1:]
		}
	case len(args) > 0:
		f, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer f.Close()
		name, program, args = args[0], f, args[1:]
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(program, name)
	if err != nil {
		return err
	}
	markAll(file.Stmts, true)
	runner, err := interp.New(
		interp.StdIO(os.Stdin, os.Stdout, os.Stderr),
		interp.Params(append(append(options, "--"), args...)...),
		interp.ExecHandlers(handler),
	)
	if err != nil {
		return err
	}
	return runner.Run(context.Background(), file)
}

// replace marks a command that replaces the shell.
const replace = "exec in place"

// markAll marks the commands of a list that may replace the shell: those after
// "exec", and the last one. So a server that a shell starts is the first process of
// the container and gets its signals.
func markAll(list []*syntax.Stmt, last bool) {
	for i, s := range list {
		mark(s, last && i == len(list)-1)
	}
}

func mark(s *syntax.Stmt, last bool) {
	if s.Background || s.Negated || len(s.Redirs) > 0 {
		return
	}
	switch c := s.Cmd.(type) {
	case *syntax.BinaryCmd:
		if c.Op == syntax.AndStmt || c.Op == syntax.OrStmt {
			mark(c.X, false)
			mark(c.Y, last)
		}
	case *syntax.Block:
		markAll(c.Stmts, last)
	case *syntax.IfClause:
		for branch := c; branch != nil; branch = branch.Else {
			markAll(branch.Then, last)
		}
	case *syntax.CallExpr:
		if len(c.Args) == 0 {
			return
		}
		first := c.Args[0].Lit()
		word := &syntax.Word{Parts: []syntax.WordPart{&syntax.SglQuoted{Value: replace}}}
		switch {
		case first == "exec" && len(c.Args) > 1:
			c.Args[0] = word
		case last && first != "" && !interp.IsBuiltin(first):
			c.Args = append([]*syntax.Word{word}, c.Args...)
		}
	}
}

// handler runs commands that are not builtins.
func handler(next interp.ExecHandlerFunc) interp.ExecHandlerFunc {
	return func(ctx context.Context, args []string) error {
		inPlace := args[0] == replace
		if inPlace {
			args = args[1:]
		}
		hc := interp.HandlerCtx(ctx)
		if own := programs[args[0]]; own != nil {
			return own(hc, args[1:])
		}
		if !inPlace {
			return next(ctx, args)
		}
		path, err := interp.LookPathDir(hc.Dir, hc.Env, args[0])
		if err != nil {
			fmt.Fprintf(hc.Stderr, "sh: %s: not found\n", args[0])
			return interp.ExitStatus(127)
		}
		if err := os.Chdir(hc.Dir); err != nil {
			return err
		}
		var env []string
		for name, v := range hc.Env.Each {
			if v.Exported && v.Kind == expand.String {
				env = append(env, name+"="+v.Str)
			}
		}
		return fmt.Errorf("%s: %w", path, syscall.Exec(path, args, env))
	}
}

// programs are programs that other images have and health checks use.
var programs = map[string]func(hc interp.HandlerContext, args []string) error{
	"cat":   cat,
	"grep":  grep,
	"sleep": sleep,
}

func cat(hc interp.HandlerContext, args []string) error {
	if len(args) == 0 {
		_, err := io.Copy(hc.Stdout, hc.Stdin)
		return err
	}
	for _, name := range args {
		f, err := os.Open(name)
		if err != nil {
			return fail(hc, 1, err)
		}
		_, err = io.Copy(hc.Stdout, f)
		f.Close()
		if err != nil {
			return fail(hc, 1, err)
		}
	}
	return nil
}

// grep searches its input for one pattern.
func grep(hc interp.HandlerContext, args []string) error {
	const usage = "this grep has the options -E, -F, -i, -q, -v, -x and one pattern, and reads its input"
	flags := ""
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		flags += args[0][1:]
		args = args[1:]
	}
	if len(args) != 1 || strings.Trim(flags, "EFiqvx") != "" {
		return fail(hc, 2, errors.New(usage))
	}
	pattern := args[0]
	has := func(letter string) bool { return strings.Contains(flags, letter) }
	if has("F") {
		pattern = regexp.QuoteMeta(pattern)
	}
	if has("x") {
		pattern = "^(?:" + pattern + ")$"
	}
	if has("i") {
		pattern = "(?i)" + pattern
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return fail(hc, 2, err)
	}
	found := false
	for in := bufio.NewScanner(hc.Stdin); in.Scan(); {
		if re.Match(in.Bytes()) != has("v") {
			found = true
			if !has("q") {
				fmt.Fprintln(hc.Stdout, in.Text())
			}
		}
	}
	if !found {
		return interp.ExitStatus(1)
	}
	return nil
}

func sleep(hc interp.HandlerContext, args []string) error {
	for _, arg := range args {
		d, err := time.ParseDuration(arg + "s")
		if err != nil {
			return fail(hc, 1, err)
		}
		time.Sleep(d)
	}
	return nil
}

func fail(hc interp.HandlerContext, status uint8, err error) error {
	fmt.Fprintln(hc.Stderr, "sh:", err)
	return interp.ExitStatus(status)
}
