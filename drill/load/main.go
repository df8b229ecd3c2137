package load

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	// usualMeasure is long enough that CPU times in steps of 10 ms are good to a percent.
	usualMeasure = 10 * time.Second

	// usualSettle is how long a server is left alone before its memory is looked at: joins are told, garbage is collected.
	usualSettle = 3 * time.Second

	// usualWarmUp lets heaps and buffers grow to their size.
	usualWarmUp = 2 * time.Second
)

// options are what the command line says.
type options struct {
	compare  bool
	scenario string
	only     string
	json     string
	pace     pace
	env      words

	addr  string // of a server that runs already
	pid   int
	redis int
	own   scenario
}

// words is a flag that may be given several times.
type words []string

func (w *words) String() string { return strings.Join(*w, " ") }

func (w *words) Set(word string) error {
	*w = append(*w, word)
	return nil
}

// Main runs what args ask for:
//
//	drill load -compare                          every scenario on every server it is for, and whether the bars are held
//	drill load -scenario NAME [-only SERVER]     one of them
//	drill load -clients N -rate R …              a work of one's own, on fresh servers
//	drill load -addr HOST:PORT [-pid PID] …      on a server that runs already
func Main(ctx context.Context, args []string, stdout io.Writer) error {
	o, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	works, err := o.works()
	if err != nil {
		return err
	}
	r := newReport(args)
	failed := o.run(ctx, works, r, stdout)
	r.judge()
	if o.json != "" {
		failed = errors.Join(failed, r.save(o.json))
	}
	return errors.Join(failed, r.print(stdout))
}

func parse(args []string, stdout io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("drill load", flag.ContinueOnError)
	flags.SetOutput(stdout)
	flags.BoolVar(&o.compare, "compare", false, "run every scenario on every server it is for")
	flags.StringVar(&o.scenario, "scenario", "", "run this one: "+strings.Join(names(), ", "))
	flags.StringVar(&o.only, "only", "", "only on this server: parley, centrifuge (both settings), centrifuge-delay or bare")
	flags.StringVar(&o.json, "json", "", "write the results to this file, too")
	flags.DurationVar(&o.pace.measure, "duration", usualMeasure, "how long to measure")
	flags.DurationVar(&o.pace.warmUp, "warmup", usualWarmUp, "how long to publish before measuring")
	flags.DurationVar(&o.pace.settle, "settle", usualSettle, "how long to leave the server alone before its memory is read")
	flags.Var(&o.env, "env", "NAME=VALUE for Parley's nodes (several times)")
	flags.StringVar(&o.addr, "addr", "", "the address of a server that runs already (of the kind -only says, or a Parley)")
	flags.IntVar(&o.pid, "pid", 0, "with -addr: the server's process, for CPU and memory")
	flags.IntVar(&o.redis, "redis-pid", 0, "with -addr: the process of Redis")
	flags.IntVar(&o.own.clients, "clients", defaultClients, "without -scenario: connections")
	flags.Float64Var(&o.own.rate, "rate", defaultRate, "without -scenario: messages per second of all publishers")
	flags.IntVar(&o.own.size, "size", textSize, "without -scenario: bytes of a text")
	flags.IntVar(&o.own.publishers, "publishers", 0, "without -scenario: how many publish (0: 50, or all)")
	flags.Float64Var(&o.own.direct, "direct", 0, "without -scenario: the share of direct messages, 0 to 1")
	flags.Float64Var(&o.own.churn, "churn", 0, "without -scenario: clients per second that come while as many leave")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("unknown arguments: %q", flags.Args())
	}
	return o, nil
}

// works is what is to be run.
func (o options) works() ([]scenario, error) {
	if o.compare && o.scenario == "" {
		works := make([]scenario, 0, len(scenarios))
		for _, s := range scenarios {
			works = append(works, s.complete())
		}
		return works, nil
	}
	if o.scenario != "" {
		s, err := find(o.scenario)
		return []scenario{s}, err
	}
	s := o.own
	s.name = "own"
	s.targets = []string{onParley}
	if o.only != "" {
		s.targets = targetNames()
	}
	if s.publishers == 0 && s.rate > 0 {
		s.publishers = min(s.clients, usualTalkers)
	}
	s = s.complete()
	return []scenario{s}, s.validate()
}

// wants says whether a server is among those asked for.
func (o options) wants(target string) bool {
	return o.only == "" || target == o.only || o.only == onCentrifuge && target == onDelayed
}

func names() []string {
	var all []string
	for _, s := range scenarios {
		all = append(all, s.name)
	}
	return all
}

func targetNames() []string {
	var all []string
	for _, t := range targets {
		all = append(all, t.name)
	}
	return all
}
