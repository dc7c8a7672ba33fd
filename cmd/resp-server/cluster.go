package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	respserver "github.com/resp-server/resp-server"
)

// clusterArgs are the arguments of "resp-server cluster". Other arguments go to
// each node.
type clusterArgs struct {
	masters, replicas, port int
	rest                    []string // for each node
}

func parseClusterArgs(args []string) (c clusterArgs, err error) {
	c.masters = 3
	numbers := map[string]*int{"--masters": &c.masters, "--replicas": &c.replicas, "--port": &c.port, "-p": &c.port}
	for i := 0; i < len(args); i++ {
		name, value, joined := strings.Cut(args[i], "=")
		n, ok := numbers[name]
		if !ok {
			c.rest = append(c.rest, args[i])
			continue
		}
		if !joined {
			if i++; i == len(args) {
				return c, fmt.Errorf("%s needs a number", name)
			}
			value = args[i]
		}
		if *n, err = strconv.Atoi(value); err != nil || *n < 0 {
			return c, fmt.Errorf("%s needs a number, not %q", name, value)
		}
	}
	if c.masters == 0 {
		return c, errors.New("--masters: a cluster needs at least one")
	}
	return c, nil
}

// runCluster runs a whole cluster in this process until a signal arrives, and
// returns the exit code.
func (p *program) runCluster(args []string) int {
	c, err := parseClusterArgs(args)
	if err != nil {
		return p.fail(err)
	}
	if p.arguments, err = parseArgs(append([]string{"--dir", ""}, c.rest...)); err != nil {
		return p.fail(err)
	}
	if p.help {
		p.stdout.WriteString(usage)
		return 0
	}
	if p.lines, err = p.settings(p.stdin); err != nil {
		return p.fail(err)
	}
	if err := p.openLog(); err != nil {
		return p.fail(err)
	}
	signal.Ignore(syscall.SIGPIPE, syscall.SIGHUP)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	p.announceStart()
	var orphaned <-chan struct{}
	if p.exitWithParent {
		if orphaned, err = watchParent(); err != nil {
			return p.fail(fmt.Errorf("--exit-with-parent: %w", err))
		}
	}
	if err := p.ready.prepare(); err != nil {
		return p.fail(fmt.Errorf("--ready-file: %w", err))
	}
	p.logSink.setRole(roleMaster)
	p.log.Info(fmt.Sprintf("Running mode=cluster, masters=%d, replicas=%d.", c.masters, c.replicas))
	nodes, err := respserver.StartCluster(respserver.ClusterOptions{
		Masters: c.masters, Replicas: c.replicas, Port: c.port,
		Options: respserver.Options{Config: p.lines, Logger: p.log, LogLevel: &p.level, Load: p.load, EventLoop: !p.noEventLoop},
	})
	if err != nil {
		return p.fail(err)
	}
	defer nodes.Close()
	p.announceReady(nodes.Addrs(), "")
	if err := p.ready.announceCluster(nodes.Addrs()); err != nil {
		return p.fail(fmt.Errorf("--ready-file: %w", err))
	}
	select {
	case s := <-signals:
		p.log.Warn("Received " + signalName(s) + " scheduling shutdown...")
	case <-orphaned:
		p.log.Warn("The parent process is gone.")
	}
	nodes.Close()
	p.bye()
	return 0
}
