package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	sim = "drill/sim"
	// simRuns is how many runs the simulation makes: on a core of its own some 20 s. They are the
	// same each time, however busy the machine is; the plans that once failed come after them.
	simRuns = 8
	// simLimit is how long it may take where the machine is busy; testLimit is how long the tests
	// of a package may, which mostly wait.
	simLimit  = 3 * time.Minute
	testLimit = 35 * time.Second
)

// result is what became of a fault.
type result struct {
	fault
	test      string        // that found it; "" if none did
	simulated bool          // it is the simulation's
	failure   string        // what it said
	took      time.Duration // processor time of the simulation, and time of the tests
	err       error         // it could not be planted, or built
}

func (r result) found() bool { return r.test != "" }

// by says what found it.
func (r result) by() string {
	switch {
	case r.err != nil:
		return r.err.Error()
	case r.simulated:
		return "simulation: " + cmp.Or(r.failure, r.test)
	case r.found():
		return "`" + r.test + "`"
	default:
		return "nothing"
	}
}

// hunt plants a fault and runs what is to find it: the simulation, then the tests of packages.
func hunt(ctx context.Context, t *tree, f fault, packages []string) (r result) {
	r.fault = f
	p, err := t.plant(f)
	if err != nil {
		return result{fault: f, err: err}
	}
	defer p.remove()
	r.seek(ctx, p, simLimit, sim, "-test.run="+t.simulations(), "-test.v",
		"-sim.runs="+strconv.Itoa(simRuns), "-sim.chaos=60s", "-sim.kills=800")
	if r.simulated = r.found(); r.simulated || r.err != nil {
		return r
	}
	for _, pkg := range packages {
		if r.seek(ctx, p, testLimit, pkg, "-test.parallel=16"); r.found() || r.err != nil { // most of them wait
			break
		}
	}
	return r
}

// seek builds a package's tests and runs them until the first fails.
func (r *result) seek(ctx context.Context, p *planted, limit time.Duration, pkg string, args ...string) {
	program, err := p.build(ctx, pkg)
	if err != nil {
		r.err = err
		return
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append(args, "-test.failfast")...)
	cmd.Dir = filepath.Join(p.tree.copy, pkg)
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	cmd.WaitDelay = time.Second // for what it started
	if pkg == sim {
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1") // one thing happens after the other there
	}
	ended := make(chan error, 1)
	if r.err = cmd.Start(); r.err != nil {
		return
	}
	go func() {
		err := cmd.Wait()
		_ = in.Close()
		ended <- err
	}()
	r.read(out, cancel)
	err = <-ended
	if took := time.Since(began); pkg == sim {
		r.took += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	} else {
		r.took += took
	}
	if exit := (*exec.ExitError)(nil); !r.found() && errors.As(err, &exit) && ctx.Err() == nil {
		r.test = pkg + " ended"
	}
}

var (
	// failing is what a run of the simulation says of a failure, and not what it says of each.
	failing = regexp.MustCompile(`^\s+sim_test\.go:\d+: seed \d+: (\D.*|\d+ [^n].*)$`)
	failed  = regexp.MustCompile(`^\s*--- FAIL: (\w+)`)
	// particular are numbers and the like, in which one failure differs from the next.
	particular = regexp.MustCompile(`\s*\(?\b[a-z]?\d[\w.~]*\b\)?`)
)

// read goes through what a test says until it says that it failed, and ends it then.
func (r *result) read(out io.Reader, end func()) {
	lines := bufio.NewScanner(out)
	const longest = 1 << 20 // a log line with a stack
	lines.Buffer(nil, longest)
	for lines.Scan() {
		if m := failing.FindStringSubmatch(lines.Text()); m != nil && !r.found() {
			what, _, _ := strings.Cut(m[1], " · ") // to whom, and when
			r.test, r.failure = "TestPromisesHold", particular.ReplaceAllString(what, "")
			end()
		}
		if m := failed.FindStringSubmatch(lines.Text()); m != nil && !r.found() {
			r.test = m[1]
			end()
		}
	}
	_, _ = io.Copy(io.Discard, out) // a line that is too long
}
