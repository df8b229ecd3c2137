// Mutants plants faults in the server, one at a time, and sees whether the simulation or the tests of the packages that
// they are in find them: what a good engineer may well write, and what breaks a promise under a failure or in a race
// alone.
//
//	go run ./drill/mutants                  all of them; the table is Markdown
//	go run ./drill/mutants -only 'fence|ring'
//	go run ./drill/mutants -list
//
//	fault.go   what a fault is, and how the files in faults are read
//	tree.go    a copy of the module, and what is built of it with one fault planted
//	hunt.go    running what is to find it
//	table.go   what became of them
//
// It fails if a fault can't be planted any more, does not build, or if too few are found.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	only := flags.String("only", "", "expression for the names of those to plant")
	list := flags.Bool("list", false, "say which faults there are, and plant none")
	parallel := flags.Int("parallel", runtime.NumCPU(), "how many are hunted at once")
	if err := flags.Parse(args); err != nil {
		return err
	}
	named, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	faults, err := readFaults()
	if err != nil {
		return err
	}
	faults = slices.DeleteFunc(faults, func(f fault) bool { return !named.MatchString(f.name) })
	if *list {
		listFaults(out, faults)
		return nil
	}
	t, err := newTree(".")
	if err != nil {
		return err
	}
	defer t.remove()
	if err := holds(ctx, t, faults); err != nil {
		return err
	}
	results := huntAll(ctx, t, faults, *parallel)
	if err := ctx.Err(); err != nil {
		return err
	}
	return report(out, results)
}

// holds says what is found in the tree as it is: then everything would be.
func holds(ctx context.Context, t *tree, faults []fault) error {
	packages := t.packages(faults...)
	if r := hunt(ctx, t, fault{name: "none"}, packages); r.err != nil || r.found() {
		return fmt.Errorf("without any fault there is found: %s", r.by())
	}
	fmt.Fprintln(os.Stderr, "no fault is found by the simulation, nor in", packages)
	return ctx.Err()
}

// huntAll hunts so many at once, and says of each what became of it as soon as that is known.
func huntAll(ctx context.Context, t *tree, faults []fault, parallel int) []result {
	results := make([]result, len(faults))
	places := make(chan struct{}, max(1, parallel))
	var all sync.WaitGroup
	for i, f := range faults {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			results[i] = hunt(ctx, t, f, t.packages(f))
			fmt.Fprintln(os.Stderr, time.Now().Format(time.TimeOnly), f.name, results[i].by(), results[i].took.Round(time.Second))
		})
	}
	all.Wait()
	return results
}
