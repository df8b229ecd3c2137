package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

const (
	defaultClients  = 200
	defaultRate     = 50 // messages a second in total: each goes to every client
	defaultDuration = time.Minute
	ownNodes        = 3
)

// options are the flags.
type options struct {
	clients  int
	rate     float64
	duration time.Duration
	seed     uint64
	faults   []string
	urls     []string
	token    string
	redis    string
	history  string
	binary   string
	dir      string
	race     bool
}

func parseOptions(args []string, stdout io.Writer) (options, error) {
	o := options{}
	var faults, urls string
	f := flag.NewFlagSet("drill", flag.ContinueOnError)
	f.SetOutput(stdout)
	f.IntVar(&o.clients, "clients", defaultClients, "how many clients talk")
	f.Float64Var(&o.rate, "rate", defaultRate, "messages a second, of all clients together")
	f.DurationVar(&o.duration, "duration", defaultDuration, "how long faults are injected")
	f.Uint64Var(&o.seed, "seed", 0, "plans the faults; 0 draws one and prints it")
	f.StringVar(&faults, "faults", "all", "all, none, or a list of: "+strings.Join(allFaults, ","))
	f.StringVar(&urls, "url", "", "drill these servers (http://host:port, separated by commas) instead of own ones")
	f.StringVar(&o.token, "chaos-token", "", "the CHAOS_TOKEN of the servers of -url, which need CHAOS_PUBLIC=true")
	f.StringVar(&o.redis, "redis", "", "host:port of the Redis behind -url, to compare with its logs at the end")
	f.StringVar(&o.history, "history", "", "write all that was said and heard to this file, as JSON lines")
	f.StringVar(&o.binary, "binary", "", "the server to start; empty: built from -dir")
	f.StringVar(&o.dir, "dir", ".", "the folder of the server's main package")
	f.BoolVar(&o.race, "race", false, "build the server with the race detector")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unknown argument %q", f.Arg(0))
	}
	if o.clients < 1 || o.rate <= 0 {
		return o, errors.New("-clients and -rate must be positive")
	}
	if urls != "" {
		for u := range strings.SplitSeq(urls, ",") {
			o.urls = append(o.urls, strings.TrimSuffix(u, "/"))
		}
	}
	if o.seed == 0 {
		o.seed = rand.Uint64N(1_000_000) // short enough to be typed again
	}
	return o, o.chooseFaults(faults)
}

func (o *options) chooseFaults(list string) error {
	switch {
	case list == "none":
	case list == "all" && len(o.urls) > 0:
		o.faults = []string{killActor} // all that can be done to a server from outside
	case list == "all":
		o.faults = allFaults
	default:
		o.faults = strings.Split(list, ",")
		for _, name := range o.faults {
			if !slices.Contains(allFaults, name) {
				return fmt.Errorf("unknown fault %q; there are: %s", name, strings.Join(allFaults, ", "))
			}
			if len(o.urls) > 0 && name != killActor {
				return fmt.Errorf("%s needs servers of drill's own: leave out -url", name)
			}
		}
	}
	if len(o.urls) > 0 && len(o.faults) > 0 && o.token == "" {
		return errors.New("killing actors of -url needs -chaos-token")
	}
	return nil
}
